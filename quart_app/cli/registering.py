"""`tallystream register`: a file of voters, candidates or units, sent to a server row by row."""

import contextlib
import datetime
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
from rich.progress import DownloadColumn

from models.errors import FieldError
from models.rights import Role
from quart_app.answers import NDJSON
from quart_app.cli.access import holders
from quart_app.cli.addresses import SERVER, Server
from quart_app.cli.running import Failure, counted, in_brackets, progress_bar, with_services
from quart_app.settings import load_settings
from services.bulk import ADDED, REFUSED, UNCHANGED, RowResult

TOKEN_VALID_FOR = datetime.timedelta(hours=6)
REFUSED_SHOWN = 20
# The server reads no faster than it stores, and answers when it has stored the last row.
TIMEOUT = httpx.Timeout(10, read=600, write=600)

_BLOCK = 65_536
_ROLES = {"voters": Role.REGISTRAR, "candidates": Role.REGISTRAR, "units": Role.ADMINISTRATOR}

_read_result = msgspec.json.Decoder(RowResult).decode


class Report(msgspec.Struct):
    """What became of the rows; `items` are refused ones, only the first if not all were asked for."""

    added: int
    unchanged: int
    refused: int
    items: list[RowResult]


class _Problem(msgspec.Struct):
    title: str
    errors: tuple[FieldError, ...] = ()


@holders(Role.REGISTRAR, Role.ADMINISTRATOR)
@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--what", type=click.Choice(list(_ROLES)), required=True, help="What the rows are.")
@click.option("--election", "code", required=True, help="Code of the election.")
@click.option("--url", "server", required=True, type=SERVER, help="The server, as https://localhost:8443.")
@click.option(
    "--token", help="A registrar's, or an administrator's; without it one is made for this command."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object with all refused rows.")
def register(file: Path, what: str, code: str, server: Server, token: str | None, as_json: bool) -> None:
    """Send the rows of FILE, CSV with a header line or a JSON array, to a server.

    Rows that are there already are left as they are, so a file can be sent again.
    """
    server.check()
    with _token(token, code, _ROLES[what]) as bearer:
        address = f"{server.http}/api/v1/elections/{code}/{what}"
        report = _send(file, server, address, bearer, most=None if as_json else REFUSED_SHOWN)
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        _show(report)
    if report.refused:
        raise Failure(f"{counted(report.refused, 'row')} refused; correct them and send the file again.")


@contextlib.contextmanager
def _token(given: str | None, code: str, role: Role) -> Iterator[str]:
    """The token that was given, or one that is good while the block runs."""
    if given:
        yield given
        return
    username = f"register-{code}"[:64]
    made = with_services(lambda house: house.passes.give(username, role, TOKEN_VALID_FOR))
    try:
        yield made.token
    finally:
        with_services(lambda house: house.passes.take_back(made))


def _send(file: Path, server: Server, address: str, token: str, *, most: int | None) -> Report:
    """Streams the file, then reads what became of each row. Raises Failure where the server takes none."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": NDJSON,
        "Content-Length": str(file.stat().st_size),
    }
    trust = server.trust(load_settings())
    try:
        with (
            httpx.Client(verify=trust, timeout=TIMEOUT, trust_env=not server.is_loopback) as client,
            client.stream("POST", address, headers=headers, content=_blocks(file)) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise Failure(_explained(response.status_code, response.read()))
            return _report(response.iter_lines(), most)
    except httpx.HTTPError as error:
        again = "send the file again: rows that are in are left as they are"
        raise Failure(
            f"The connection to {server.http} broke ({error or type(error).__name__}); {again}."
        ) from error


def _blocks(file: Path) -> Iterator[bytes]:
    """The file's content, with a progress bar over what has been sent."""
    with file.open("rb") as content, progress_bar(DownloadColumn()) as progress:
        task = progress.add_task(file.name, total=file.stat().st_size)
        while block := content.read(_BLOCK):
            yield block
            progress.advance(task, len(block))


def _report(lines: Iterator[str], most: int | None) -> Report:
    counts = Counter[str]()
    items: list[RowResult] = []
    for line in lines:
        result = _read_result(line)
        counts[result.status] += 1
        if result.status == REFUSED and (most is None or len(items) < most):
            items.append(result)
    return Report(counts[ADDED], counts[UNCHANGED], counts[REFUSED], items)


def _explained(status: int, body: bytes) -> str:
    try:
        problem: Any = msgspec.json.decode(body, type=_Problem)
    except msgspec.DecodeError:
        return f"The server answered {status}; is --url its base address?"
    return str(problem.title) + in_brackets(problem.errors)


def _show(report: Report) -> None:
    for result in report.items:
        click.echo(f"row {result.row}{in_brackets(result.errors)}", err=True)
    rows = report.added + report.unchanged + report.refused
    figures = f"{report.added:,} added, {report.unchanged:,} unchanged, {report.refused:,} refused"
    click.echo(f"{counted(rows, 'row')}: {figures}.")
