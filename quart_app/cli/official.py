"""Accounts of officials: who they are, their passwords and their tokens. A password is never an argument."""

import contextlib
import datetime
import sys
from collections.abc import Sequence
from typing import TextIO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.editions import edition
from models.errors import UnknownMember
from models.members import MemberEdit, MemberInfo
from models.rights import OPERATOR, ROLES, Role
from quart_app.cli.access import operator
from quart_app.cli.running import Failure, counted, with_services
from quart_app.wiring import Services
from services.credentials import MAX_TOKEN_DAYS
from services.passwords import MIN_LENGTH, check_password

POLICY = (
    f"The password has {MIN_LENGTH} characters or more; several words that do not belong together are good."
)

_UNITS_SHOWN = 3
_PAGE = 500


@operator
@click.group()
def official() -> None:
    """Accounts of officials."""


@operator
@official.command()
@click.argument("username")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES))
@click.option("--precinct", "precincts", multiple=True, help="A precinct, or a unit with all its precincts.")
@click.option("--election", "code", help="The election that the precincts are of.")
@click.option(
    "--password/--no-password",
    default=None,
    help="Ask for a password, or do not; administrators are asked unless they have one.",
)
def add(
    username: str, roles: tuple[str, ...], precincts: tuple[str, ...], code: str | None, password: bool | None
) -> None:
    """Add the official USERNAME, or give an existing one further roles and precincts.

    The password is typed twice and not shown; where standard input is no terminal, its next line is taken.
    """
    asked = password if password is not None else Role.ADMINISTRATOR in roles and not _has_password(username)
    given = asked_password(username) if asked else None
    if password and given is None:
        raise Failure("No password was given on standard input.")
    with_services(lambda house: house.officials.add(username, roles, precincts, code, password=given))
    places = f" for {', '.join(precincts)}" if precincts else ""
    click.echo(f"{username}: {', '.join(roles)}{places}")
    if asked and given is None:
        click.echo(f"No password was given; set one with: tallystream official password {username}", err=True)


def _has_password(username: str) -> bool:
    async def work(house: Services) -> bool:
        with contextlib.suppress(UnknownMember):
            return (await house.officials.get(username)).has_password
        return False

    return with_services(work)


def asked_password(username: str) -> str | None:
    """Typed twice on the terminal and not shown; elsewhere the next line of standard input, None for none.

    Raises Invalid for one that will not do.
    """
    stdin: TextIO | None = sys.stdin
    if stdin is not None and stdin.isatty():
        click.echo(POLICY, err=True)
        again = "The same again"
        given = click.prompt(f"Password of {username}", hide_input=True, confirmation_prompt=again, err=True)
    else:
        given = stdin.readline().rstrip("\r\n") if stdin is not None else ""
    if not given:
        return None
    check_password(given, username)
    return str(given)


@operator
@official.command("list")
def list_() -> None:
    """List the officials by username."""
    Console().print(_table(with_services(_officials)))


async def _officials(house: Services) -> list[MemberInfo]:
    """Members who act for the election authority."""
    found: list[MemberInfo] = []
    after = ""
    while page := await house.officials.page(after=after, limit=_PAGE):
        found += (info for info in page if set(info.roles) - {Role.VOTER})
        after = page[-1].username
    return found


def _table(officials: Sequence[MemberInfo]) -> Table:
    table = Table()
    for heading in ("Username", "Name", "Roles", "Precincts", "Signs in"):
        table.add_column(heading, overflow="fold")
    for info in officials:
        name, roles = Text(info.name), ", ".join(info.roles)
        table.add_row(info.username, name, roles, _places(info.precincts), _signs_in(info))
    return table


def _places(units: Sequence[str]) -> str:
    return ", ".join(units) if len(units) <= _UNITS_SHOWN else counted(len(units), "unit")


def _signs_in(info: MemberInfo) -> str:
    if info.disabled:
        return "disabled"
    return "with a password" if info.has_password else "with tokens"


@operator
@official.command()
@click.argument("username")
def password(username: str) -> None:
    """Set the password of the official USERNAME, and end their sessions."""
    given = asked_password(username)
    if given is None:
        raise Failure("No password was given on standard input.")
    with_services(lambda house: house.sign_in.give_password(username, given, OPERATOR))
    click.echo(f"{username} has a new password.")


@operator
@official.command()
@click.argument("username")
def disable(username: str) -> None:
    """Disable the account of USERNAME: its sessions and tokens end at once, everywhere."""

    async def work(house: Services) -> None:
        info = await house.officials.get(username)
        edit = MemberEdit(
            name=info.name,
            roles=info.roles,
            precincts=info.precincts,
            email=info.email,
            mobile=info.mobile,
            disabled=True,
        )
        await house.officials.edit(username, edit, edition(info), OPERATOR)

    with_services(work)
    click.echo(f"{username} is disabled.")


@operator
@click.command()
@click.argument("username")
@click.option("--name", default="made by a command", show_default=True, help="What it is for.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(ROLES), help="A role that it acts in; else all."
)
@click.option(
    "--days",
    type=click.IntRange(1, MAX_TOKEN_DAYS),
    default=30,
    show_default=True,
    help="How long it is good.",
)
def token(username: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Print a new API token of the official USERNAME. It is shown this once."""
    valid_for = datetime.timedelta(days=days)
    click.echo(
        with_services(
            lambda house: house.credentials.issue_token(username, valid_for, name=name, scopes=scopes or None)
        ).token
    )
