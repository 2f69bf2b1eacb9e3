"""Commands of the election authority: the schema, an election's lifecycle, officials and their tokens."""

import datetime
from typing import get_args

import click

from models.rights import ROLES
from quart_app.cli.running import run, running_engines, with_services
from repositories import migrations
from services.elections import Change


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    with running_engines() as settings:
        before, after = run(migrations.migrate(settings.database_url or ""))
    if before == after:
        click.echo(f"The database is at {after}, the newest schema, already.")
    else:
        click.echo(f"The database is at {after} now; it was {f'at {before}' if before else 'empty'}.")


@click.command()
@click.argument("code")
@click.argument("change", type=click.Choice(get_args(Change)))
@click.option("--reason", default="", help="Why; it stands in the public log.")
def election(code: str, change: Change, reason: str) -> None:
    """Move the election CODE along, or switch the release of its results."""
    state = with_services(lambda house: house.elections.move(code, change, reason))
    published = "released" if state.results_released else "withheld"
    click.echo(f"{state.code} is {state.status}; its results are {published}.")


@click.group()
def official() -> None:
    """Accounts of officials."""


@official.command()
@click.argument("username")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES))
@click.option("--precinct", "precincts", multiple=True, help="A precinct, or a unit with all its precincts.")
@click.option("--election", "code", help="The election that the precincts are of.")
def add(username: str, roles: tuple[str, ...], precincts: tuple[str, ...], code: str | None) -> None:
    """Add the official USERNAME, or give an existing one further roles and precincts."""
    with_services(lambda house: house.officials.add(username, roles, precincts, code))
    places = f" for {', '.join(precincts)}" if precincts else ""
    click.echo(f"{username}: {', '.join(roles)}{places}")


@click.command()
@click.argument("username")
@click.option(
    "--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How long it is good."
)
def token(username: str, days: int) -> None:
    """Print a new API token of the official USERNAME. It is shown this once."""
    valid_for = datetime.timedelta(days=days)
    click.echo(with_services(lambda house: house.credentials.issue_token(username, valid_for)).token)
