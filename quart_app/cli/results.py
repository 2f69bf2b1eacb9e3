"""`tallystream results`: current results as a table, JSON or CSV, straight from the database."""

import csv
import sys
from collections.abc import Sequence
from typing import Literal

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.outlook import Outlook
from models.results import ContestResults
from quart_app.api.exports import RESULTS, result_rows
from quart_app.cli.access import operator
from quart_app.cli.running import with_services
from quart_app.spreadsheets import written
from quart_app.wiring import Services
from services.results import View

Format = Literal["table", "json", "csv"]


@operator
@click.command()
@click.argument("code")
@click.option("--contest", help="Only this contest.")
@click.option(
    "--format", "wanted", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True
)
def results(code: str, contest: str | None, wanted: Format) -> None:
    """Show current results of the election CODE, also before their release."""

    async def work(house: Services) -> View:
        return await house.results.current(code)

    view = with_services(work)
    found = [view.contest(contest, staff=True)] if contest else list(view.staff_contests.values())
    if wanted == "json":
        click.echo(found[0].json if contest else view.json(staff=True))
    elif wanted == "csv":
        _write_csv([each.results for each in found])
    else:
        for each in found:
            Console().print(_table(each.results))


def _write_csv(contests: Sequence[ContestResults]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(RESULTS)
    writer.writerows(map(written, row) for contest in contests for row in result_rows(contest))


def _table(contest: ContestResults) -> Table:
    table = Table(title=Text(contest.name), caption=Text(state_line(contest)), min_width=60)
    table.add_column("Selection", ratio=1)
    table.add_column("Party")
    for heading in ("Votes", "Share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for selection in contest.selections:
        votes, share = number(selection.votes), percent(selection.share)
        table.add_row(Text(selection.name), Text(selection.party or ""), votes, share)
    return table


def state_line(contest: ContestResults) -> str:
    """How far the counting of a contest is, in words."""
    reported = f"{contest.units_reported:,} of {contest.units_expected:,} precincts"
    words = [reported, f"turnout {percent(contest.turnout)}", contest.status.replace("-", " ")]
    if contest.outlook:
        words.append(outlook(contest.outlook))
    if contest.recount_due:
        words.append("recount due")
    if contest.quarantined_units:
        words.append(f"{contest.quarantined_units:,} in quarantine")
    if contest.awaiting_units:
        words.append(f"{contest.awaiting_units:,} awaiting their second entry")
    if contest.lowered_by:
        words.append(f"a figure went down by log entry {contest.lowered_by:,}")
    if contest.is_test:
        words.append("TEST ELECTION")
    return " · ".join(words)


def outlook(found: Outlook) -> str:
    """`decided` or `tied`; of what is open, how much is outstanding and by how much somebody leads."""
    if found.call != "open":
        return found.call
    known = found.outstanding is not None and found.reopened is not None
    moving = f"{(found.outstanding or 0) + (found.reopened or 0):,}" if known else "unknown"
    return f"open: outstanding {moving}, margin {number(found.margin)}"


def number(figure: int | None) -> str:
    return "–" if figure is None else f"{figure:,}"


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
