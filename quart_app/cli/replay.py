"""`tallystream replay`: a results file's tallies, sent by many officers at once, and what comes of it."""

import asyncio
import datetime
import math
import ssl
import time
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from models.batch import Receipt
from models.lifecycles import TallyStatus
from models.rights import Role
from models.submissions import TallySubmission
from quart_app.cli.access import holders
from quart_app.cli.addresses import SERVER, Server
from quart_app.cli.importing import read
from quart_app.cli.officer import Officer, Patience, Problem
from quart_app.cli.running import Failure, counted, in_brackets, progress_bar, run, together, with_services
from quart_app.settings import load_settings

TOKEN_VALID_FOR = datetime.timedelta(hours=1)
REASONS_SHOWN = 5
# A replay has no use for the date, which a file does not say.
_ANY_DATE = datetime.date(2000, 1, 1)


class Figures(msgspec.Struct, frozen=True):
    """What came of a replay. `acked` counts receipts, those of quarantined and of first entries among them.

    The milliseconds are from sending a tally to its receipt, with all attempts; 0 without a receipt.
    """

    acked: int
    refused: int
    quarantined: int
    awaiting: int
    """First entries, which count once somebody else has entered the same."""
    seconds: float
    acked_per_second: float
    p50_ms: float
    p99_ms: float


@holders(Role.OFFICER)
@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--election", "code", required=True, help="Code of the election.")
@click.option("--url", "server", required=True, type=SERVER, help="The server, as https://localhost:8443.")
@click.option("--token", help="An officer's; without it one is made through the database.")
@click.option("--clients", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Officers.")
@click.option(
    "--rate", type=click.FloatRange(0, min_open=True), help="Tallies a second, all officers together."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object as the last line.")
def replay(
    file: Path, code: str, server: Server, token: str | None, clients: int, rate: float | None, as_json: bool
) -> None:
    """Play the tallies of the results FILE as so many officers, one tally each at a time."""
    content = read(file, code=code, name=None, date=_ANY_DATE)
    if content.bad_rows:
        click.echo(f"{counted(len(content.bad_rows), 'bad row')} of {file.name} left out.", err=True)
    if not content.tallies:
        raise Failure(f"{file.name} holds no tally.")
    server.check()
    token = token or with_services(lambda house: house.officials.root_officer_token(code, TOKEN_VALID_FOR))
    playing = Replay(content.tallies, rate)
    trust = server.trust(load_settings())
    run(playing.play(server, code, token, trust, min(clients, len(content.tallies))))
    for reason in playing.reasons[:REASONS_SHOWN]:
        click.echo(reason, err=True)
    if awaiting := playing.figures().awaiting:
        click.echo(_awaited(awaiting), err=True)
    if as_json:
        click.echo(msgspec.json.encode(playing.figures()))
    else:
        Console().print(_table(playing.figures()))


class Replay:
    """Tallies on their way, shared by officers."""

    def __init__(self, tallies: Sequence[TallySubmission], rate: float | None) -> None:
        self._waiting = iter(enumerate(tallies))
        self._number = len(tallies)
        self._rate = rate
        self._started_at = 0.0
        self._seconds = 0.0
        self._latencies: list[float] = []
        self._quarantined = 0
        self._awaiting = 0
        self.reasons: list[str] = []
        """Why tallies were refused, one line each."""

    async def play(
        self, server: Server, election: str, token: str, trust: ssl.SSLContext, clients: int
    ) -> None:
        """Raises Failure where the server turns officers away, or has been away for too long."""
        patience = Patience()
        officers = [Officer(server, election, token, trust, patience) for _ in range(clients)]
        with progress_bar() as progress:
            task = progress.add_task("tallies", total=self._number)
            try:
                await together(officer.start() for officer in officers)
                self._started_at = time.perf_counter()
                await together(self._officer(officer, progress, task) for officer in officers)
                self._seconds = time.perf_counter() - self._started_at
            finally:
                await asyncio.gather(*(officer.stop() for officer in officers))

    async def _officer(self, officer: Officer, progress: Progress, task: TaskID) -> None:
        for number, tally in self._waiting:
            if self._rate:
                await asyncio.sleep(self._started_at + number / self._rate - time.perf_counter())
            sent_at = time.perf_counter()
            answer = await officer.send(tally)
            if isinstance(answer, Receipt):
                self._latencies.append(time.perf_counter() - sent_at)
                self._quarantined += answer.status == TallyStatus.QUARANTINED
                self._awaiting += answer.status == TallyStatus.AWAITING
            else:
                self.reasons.append(_reason(tally, answer))
            progress.update(task, advance=1, description=f"tallies, {len(self.reasons):,} refused")

    def figures(self) -> Figures:
        latencies = sorted(self._latencies)
        acked = len(latencies)
        return Figures(
            acked=acked,
            refused=len(self.reasons),
            quarantined=self._quarantined,
            awaiting=self._awaiting,
            seconds=round(self._seconds, 3),
            acked_per_second=round(acked / self._seconds, 1) if self._seconds else 0.0,
            p50_ms=_milliseconds(latencies, 0.50),
            p99_ms=_milliseconds(latencies, 0.99),
        )


def _reason(tally: TallySubmission, problem: Problem) -> str:
    return f"{tally.precinct}, {tally.contest}: {problem.title}{in_brackets(problem.errors)}"


def _awaited(awaiting: int) -> str:
    return (
        f"Two people enter each tally of this election. Awaiting the second one's entry: {awaiting:,}. "
        "Replay the file again with the --token of another officer."
    )


def _milliseconds(ordered: Sequence[float], part: float) -> float:
    """The nearest-rank percentile of `ordered`, which are seconds."""
    return round(1000 * ordered[math.ceil(part * len(ordered)) - 1], 2) if ordered else 0.0


def _table(figures: Figures) -> Table:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, figure in msgspec.structs.asdict(figures).items():
        table.add_row(name.replace("_", " "), f"{figure:,}")
    return table
