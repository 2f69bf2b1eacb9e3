"""The command `tallystream`. Failures are one line on standard error and status 1; wrong usage is 2."""

import sys
from typing import Any

import click

from models.errors import DomainError
from quart_app.cli.access import enforce_access
from quart_app.cli.admin import election, migrate
from quart_app.cli.demo import demo
from quart_app.cli.fan_out import fan_out
from quart_app.cli.importing import import_
from quart_app.cli.keys import keys, reseal
from quart_app.cli.official import official, token
from quart_app.cli.registering import register
from quart_app.cli.replay import replay
from quart_app.cli.results import results
from quart_app.cli.running import Failure, in_brackets
from quart_app.cli.serving import serve
from quart_app.cli.shapes import import_shapes
from quart_app.cli.texts import texts
from quart_app.cli.watch import watch
from quart_app.embedded import EngineUnavailable
from quart_app.settings import SettingsError
from services.vault import VaultError


class Commands(click.Group):
    """Refuses to start where a command does not say who may give it; explains every failure in a line."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        enforce_access(self)
        return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if sys.flags.dev_mode:
                raise
            raise Failure(explained(error)) from error


def explained(error: Exception) -> str:
    """One line for people about any error."""
    match error:
        case DomainError():
            line = error.title + in_brackets(error.errors)
        case EngineUnavailable() | SettingsError() | VaultError():
            line = str(error)
        case OSError(strerror=str(reason)):
            line = f"{error.filename}: {reason}" if error.filename else reason
        case _:
            line = f"Unforeseen, {type(error).__name__}: {error} (PYTHONDEVMODE=1 shows where it came from)"
    return " ".join(line.split())


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Tallystream: election night, tallies in over WebSocket and live results out."""


_COMMANDS: tuple[click.Command, ...] = (
    demo,
    serve,
    fan_out,
    migrate,
    import_,
    import_shapes,
    election,
    register,
    replay,
    results,
    watch,
    official,
    token,
    keys,
    reseal,
    texts,
)
for _command in _COMMANDS:
    commands.add_command(_command)


def main() -> None:
    commands(prog_name="tallystream")
