"""Commands of the election authority: the schema, and an election's lifecycle."""

import getpass
import sys
from typing import get_args

import click

from models.results import ElectionState
from models.rights import OPERATOR, Role
from quart_app.cli.access import operator
from quart_app.cli.running import Failure, run, running_engines, with_services
from quart_app.wiring import Services
from repositories import migrations
from services.elections import Change, check_move

_CERTIFIERS = ("asks", "confirms")


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
    """Move the election CODE along, or switch the release of its results.

    To certify, two administrators give their usernames and passwords, in the terminal or as four lines of
    standard input; a test election is certified without. The reason is for what still waits.
    """
    state = _certified(code, reason) if change == "certify" else _moved(code, change, reason)
    published = "released" if state.results_released else "withheld"
    click.echo(f"{state.code} is {state.status}; its results are {published}.")


def _moved(code: str, change: Change, reason: str) -> ElectionState:
    return with_services(lambda house: house.elections.move(code, change, reason))


def _certified(code: str, reason: str) -> ElectionState:
    async def look(house: Services) -> ElectionState:
        state = await house.elections.get(code)
        check_move(state, "certify")
        return await house.certification.certify_test(code, reason) if state.is_test else state

    state = with_services(look)
    if state.is_test:
        return state
    people = [_person(part) for part in _CERTIFIERS]

    async def certify(house: Services) -> ElectionState:
        asker, confirmer = [
            await house.sign_in.prove(*person, Role.ADMINISTRATOR, OPERATOR) for person in people
        ]
        return await house.certification.certify_together(code, asker, confirmer, reason)

    return with_services(certify)


def _person(part: str) -> tuple[str, str]:
    """A username and a password: typed, or the next two lines of standard input. Raises Failure."""
    if sys.stdin is not None and sys.stdin.isatty():
        username = click.prompt(f"Username of the administrator who {part}", err=True)
        return username, getpass.getpass(f"Password of {username}: ")
    username, password = (sys.stdin.readline().rstrip("\r\n") if sys.stdin else "" for _ in range(2))
    if not username or not password:
        raise Failure(
            f"Certifying takes two people, and nobody {part}: standard input must hold the username and the "
            "password of two administrators, a line each."
        )
    return username, password
