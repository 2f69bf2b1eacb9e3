"""Who may give a command: each says so, as every route does, and its help repeats it in one line.

The operator is whoever is on the server's own machine: may read its data folder and reach its database.
That is checked by nothing but the machine itself, so a command that does not ask for the operator
cannot open the database at all.
"""

from collections.abc import Callable
from typing import TypeVar

import click
import msgspec

from models.rights import Role
from quart_app.access import UndeclaredAccess

_RULE = "_tallystream_access"

C = TypeVar("C", bound=click.Command)


class Giving(msgspec.Struct, frozen=True):
    """Who may give a command, as its help says it; `operator` is whether it may reach the database."""

    operator: bool
    line: str


def operator(command: C) -> C:
    """Whoever is on the server's own machine."""
    return _declare(command, Giving(True, "It needs the server's own machine."))


def anyone(command: C) -> C:
    """Everybody, from anywhere."""
    return _declare(command, Giving(False, "Anyone may give it; it needs no rights."))


def holders(*roles: Role) -> Callable[[C], C]:
    """Whoever has a token of one of these roles, from anywhere; or the operator, who needs none."""
    line = f"It needs a token as {' or '.join(roles)}, or the server's own machine."
    return lambda command: _declare(command, Giving(True, line))


def _declare(command: C, giving: Giving) -> C:
    setattr(command, _RULE, giving)
    command.epilog = giving.line
    return command


def giving_of(command: click.Command) -> Giving:
    """Raises UndeclaredAccess."""
    found: Giving | None = getattr(command, _RULE, None)
    if found is None:
        raise UndeclaredAccess(f"The command {command.name!r} does not declare who may give it")
    return found


def enforce_access(group: click.Group) -> None:
    """Looks at every command below. Raises UndeclaredAccess, so that the program does not start."""
    for command in group.commands.values():
        giving_of(command)
        if isinstance(command, click.Group):
            enforce_access(command)


def require_operator() -> None:
    """Before the database is reached. Raises UndeclaredAccess in a command that is not the operator's."""
    context = click.get_current_context(silent=True)
    if context is not None and not giving_of(context.command).operator:
        raise UndeclaredAccess(f"The command {context.command.name!r} reaches the database for anyone")
