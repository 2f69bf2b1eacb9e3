"""`tallystream import`: an election, and if wanted its tallies, out of a precinct results file."""

import datetime
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.batch import Receipt
from models.errors import DomainError
from models.results_file import BadRow, ResultsFile, ResultsFileError, read_results_file
from models.submissions import MAX_ITEMS
from quart_app.cli.access import operator
from quart_app.cli.running import Failure, counted, election_code, progress_bar, with_services
from quart_app.wiring import Services
from services.intake import Answer

BAD_ROWS_SHOWN = 100
TOKEN_VALID_FOR = datetime.timedelta(hours=1)


@operator
@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--election", "code", required=True, callback=election_code, help="Code of the new election.")
@click.option("--name", help="Its name; made of county and year if not given.")
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="Its day, as 2024-11-05.")
@click.option("--skip-bad-rows", is_flag=True, help="Leave bad rows out rather than import nothing.")
@click.option("--dry-run", is_flag=True, help="Show what would be made, and make nothing.")
@click.option("--with-tallies", is_flag=True, help="Record the file's tallies too; needs --open.")
@click.option("--open", "opened", is_flag=True, help="Open the election.")
@click.option("--release", "released", is_flag=True, help="Release its results.")
def import_(
    file: Path,
    code: str,
    name: str | None,
    date: datetime.datetime | None,
    skip_bad_rows: bool,
    dry_run: bool,
    with_tallies: bool,
    opened: bool,
    released: bool,
) -> None:
    """Make an election out of the precinct results FILE (CSV in OpenElections' shape)."""
    if with_tallies and not opened:
        raise click.UsageError("--with-tallies needs --open: only an open election takes tallies.")
    content = read(file, code=code, name=name, date=date.date() if date else None)
    list_bad_rows(content.bad_rows)
    if dry_run:
        Console().print(_preview(content))
    if content.bad_rows and not skip_bad_rows:
        raise Failure(
            f"Nothing was imported: {file.name} has {counted(len(content.bad_rows), 'bad row')}; "
            "correct the file, or leave them out with --skip-bad-rows."
        )
    if not content.election.contests:
        raise Failure(f"Nothing was imported: without its bad rows {file.name} holds no contest.")
    if not dry_run:
        _define(content, opened=opened, released=released, with_tallies=with_tallies)


def read(file: Path, *, code: str, name: str | None, date: datetime.date | None) -> ResultsFile:
    """Raises Failure where the file as a whole cannot be read."""
    try:
        return read_results_file(file.read_bytes(), code=code, name=name, date=date)
    except ResultsFileError as error:
        raise Failure(f"{file.name}: {error.message}") from error


def list_bad_rows(bad_rows: Sequence[BadRow]) -> None:
    for bad in bad_rows[:BAD_ROWS_SHOWN]:
        click.echo(f"line {bad.line}: {bad.reason}", err=True)
    if (more := len(bad_rows) - BAD_ROWS_SHOWN) > 0:
        click.echo(f"and {counted(more, 'more bad row')}", err=True)


def _preview(content: ResultsFile) -> Table:
    election = content.election
    table = Table(title=Text(f"{election.code}: {election.name}, {election.date}"))
    table.add_column("Contest")
    table.add_column("Name", overflow="fold")
    for heading in ("Selections", "Precincts", "Tallies"):
        table.add_column(heading, justify="right")
    tallies = [tally.contest for tally in content.tallies]
    for contest in election.contests:
        figures = (len(contest.selections), len(contest.precincts), tallies.count(contest.code))
        table.add_row(Text(contest.code), Text(contest.name), *(f"{figure:,}" for figure in figures))
    table.caption = f"{_summary(content)}; a dry run, nothing was imported"
    return table


def _summary(content: ResultsFile) -> str:
    precincts = sum(unit.kind == "precinct" for unit in content.election.units)
    return (
        f"{counted(len(content.election.contests), 'contest')}, {counted(precincts, 'precinct')}, "
        f"{len(content.tallies):,} tallies in the file"
    )


def _define(content: ResultsFile, *, opened: bool, released: bool, with_tallies: bool) -> None:
    async def work(house: Services) -> list[Answer]:
        await house.elections.define(content.election, opened=opened, released=released)
        return await _record(house, content) if with_tallies else []

    answers = with_services(work, migrating=True)
    code, status = content.election.code, "open" if opened else "a draft"
    click.echo(f"{code} is {status}: {_summary(content)}.")
    if with_tallies:
        _report(answers)


async def _record(house: Services, content: ResultsFile) -> list[Answer]:
    """Records the file's tallies as an officer who was made for it."""
    code = content.election.code
    token = await house.officials.root_officer_token(code, TOKEN_VALID_FOR)
    officer = await house.credentials.by_token(token)
    answers: list[Answer] = []
    with progress_bar() as progress:
        task = progress.add_task("tallies", total=len(content.tallies))
        for first in range(0, len(content.tallies), MAX_ITEMS):
            batch = content.tallies[first : first + MAX_ITEMS]
            answers += await house.intake.submit(code, officer, "file", batch)
            progress.advance(task, len(batch))
    return answers


def _report(answers: list[Answer]) -> None:
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    quarantined = sum(receipt.status == "quarantined" for receipt in receipts)
    click.echo(f"{len(receipts):,} tallies recorded, {quarantined:,} of them quarantined.")
    refused = [answer for answer in answers if isinstance(answer, DomainError)]
    if refused:
        raise Failure(f"{len(refused):,} tallies were refused; the first: {refused[0].title}")
