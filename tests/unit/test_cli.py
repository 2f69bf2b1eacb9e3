"""The command line's own parts, without engines."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from models.errors import FieldError, Invalid, UnknownElection
from models.fictional import fictional_election
from quart_app.access import UndeclaredAccess
from quart_app.cli import Commands, commands, explained
from quart_app.cli.access import anyone, giving_of, operator
from quart_app.cli.addresses import SERVER, Server
from quart_app.cli.demo_night import totals_of
from quart_app.cli.running import with_services
from quart_app.embedded import EngineUnavailable
from quart_app.settings import SettingsError


@pytest.mark.parametrize(
    ("typed", "server"),
    [
        ("https://localhost:8443", Server(True, "localhost", 8443, "localhost:8443")),
        ("http://localhost:8000/", Server(False, "localhost", 8000, "localhost:8000")),
        ("wss://votes.example", Server(True, "votes.example", 443, "votes.example")),
        ("ws://[::1]:8000", Server(False, "::1", 8000, "[::1]:8000")),
        ("https://example.org/night/", Server(True, "example.org", 443, "example.org/night")),
    ],
)
def test_a_server_is_named_by_its_web_or_websocket_address(typed: str, server: Server) -> None:
    assert SERVER.convert(typed, None, None) == server


def test_a_server_has_both_kinds_of_addresses() -> None:
    server = SERVER.convert("wss://localhost:8443/", None, None)
    assert (server.http, server.ws) == ("https://localhost:8443", "wss://localhost:8443")


@pytest.mark.parametrize(
    "typed", ["localhost:8443", "ftp://localhost", "https://", "http://localhost:port", ""]
)
def test_what_is_no_address_is_wrong_usage(typed: str) -> None:
    result = CliRunner().invoke(commands, ["watch", "adams-2024", "--url", typed])
    assert result.exit_code == 2
    assert "Invalid value for '--url'" in result.stderr


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (UnknownElection("x"), "There is no election 'x'."),
        (
            Invalid((FieldError("role", "is unknown"), FieldError("unit", "is missing")), "Not taken."),
            "Not taken. (role: is unknown; unit: is missing)",
        ),
        (
            Invalid(tuple(FieldError(f"f{n}", "is bad") for n in range(5)), "Not taken."),
            "Not taken. (f0: is bad; f1: is bad; f2: is bad; and 2 more)",
        ),
        (SettingsError("The setting [live] is not usable."), "The setting [live] is not usable."),
        (OSError(13, "Permission denied", "/data"), "/data: Permission denied"),
        (OSError(111, "Connection refused"), "Connection refused"),
    ],
)
def test_errors_are_explained_in_one_line(error: Exception, line: str) -> None:
    assert explained(error) == line


def test_an_engine_that_is_not_to_be_had_is_explained_with_what_to_do() -> None:
    assert "set DATABASE_URL and REDIS_URL" in explained(EngineUnavailable("no PostgreSQL is here"))


def test_an_unforeseen_error_is_one_line_too_and_says_where_to_find_more() -> None:
    line = explained(KeyError("first\nsecond"))
    assert "KeyError" in line and "PYTHONDEVMODE=1" in line and "\n" not in line


def test_the_totals_of_a_script_are_the_sums_of_its_right_tallies() -> None:
    script = fictional_election(precincts=5)
    totals = totals_of(script.tallies)
    assert totals.keys() == {contest.code for contest in script.definition.contests}
    president = [tally for tally in script.tallies if tally.contest == "president"]
    assert totals["president"].units_reported == len(president) == 5
    assert totals["president"].ballots_cast == sum(tally.ballots_cast for tally in president)
    for selection, votes in totals["president"].votes.items():
        assert votes == sum(tally.votes[selection] for tally in president)


def every_command(group: click.Group, *above: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in sorted(group.commands.items()):
        yield (*above, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, *above, name)


@pytest.mark.parametrize(("words", "command"), list(every_command(commands)))
def test_every_command_says_what_it_does_and_who_may_give_it(
    words: tuple[str, ...], command: click.Command
) -> None:
    result = CliRunner().invoke(commands, [*words, "--help"])
    assert result.exit_code == 0
    assert command.help
    assert f"\n\n  {giving_of(command).line}\n" in result.stdout


def test_the_group_does_not_start_with_a_command_that_does_not_say_who_may_give_it() -> None:
    group = Commands("tallystream", commands={"vote": click.Command("vote")})
    result = CliRunner().invoke(group, ["--help"])
    assert isinstance(result.exception, UndeclaredAccess)
    assert "'vote'" in str(result.exception)


def test_the_group_does_not_start_with_such_a_subcommand_either() -> None:
    below = operator(click.Group("official", commands={"promote": click.Command("promote")}))
    result = CliRunner().invoke(Commands("tallystream", commands={"official": below}), ["official"])
    assert isinstance(result.exception, UndeclaredAccess)
    assert "'promote'" in str(result.exception)


def test_a_command_for_anyone_cannot_reach_the_database() -> None:
    command = anyone(
        click.Command("peek", callback=lambda: with_services(lambda house: house.elections.all()))
    )
    result = CliRunner().invoke(Commands("tallystream", commands={"peek": command}), ["peek"])
    assert result.exit_code == 1
    assert "'peek' reaches the database for anyone" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["import"],
        ["election", "x", "explode"],
        ["official", "add", "ada", "--role", "king"],
        ["demo", "--precincts", "0"],
        ["demo", "--seconds", "0"],
        ["token", "ada", "--days", "0"],
        ["token", "ada", "--scope", "king"],
        ["official", "password"],
        ["official", "add", "ada", "--role", "auditor", "--password", "a long one on the command line"],
    ],
)
def test_wrong_usage_ends_with_status_2(words: list[str]) -> None:
    assert CliRunner().invoke(commands, words).exit_code == 2
