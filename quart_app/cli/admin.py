"""Commands of the election authority: the schema, and an election's lifecycle."""

from typing import get_args

import click

from quart_app.cli.access import operator
from quart_app.cli.running import run, running_engines, with_services
from repositories import migrations
from services.elections import Change


@operator
@click.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    with running_engines() as settings:
        before, after = run(migrations.migrate(settings.database_url or ""))
    if before == after:
        click.echo(f"The database is at {after}, the newest schema, already.")
    else:
        click.echo(f"The database is at {after} now; it was {f'at {before}' if before else 'empty'}.")


@operator
@click.command()
@click.argument("code")
@click.argument("change", type=click.Choice(get_args(Change)))
@click.option("--reason", default="", help="Why; it stands in the public log.")
def election(code: str, change: Change, reason: str) -> None:
    """Move the election CODE along, or switch the release of its results."""
    state = with_services(lambda house: house.elections.move(code, change, reason))
    published = "released" if state.results_released else "withheld"
    click.echo(f"{state.code} is {state.status}; its results are {published}.")
