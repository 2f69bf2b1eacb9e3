"""The demo's election night: officers who play their part of the script, and what must come of it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from rich.progress import Progress, TaskID

from models.batch import Receipt
from models.fictional import Event, FictionalElection
from models.results import ContestResults
from models.submissions import TallySubmission
from quart_app.cli.officer import Answer, Officer
from quart_app.cli.running import Failure, in_brackets, progress_bar, together


class Totals(msgspec.Struct):
    """What a contest adds up to; what waits for review is not counted."""

    votes: dict[str, int] = msgspec.field(default_factory=lambda: defaultdict(int))
    units_reported: int = 0
    ballots_cast: int = 0
    overvotes: int = 0
    undervotes: int = 0
    write_ins: int = 0
    rejected_ballots: int = 0
    quarantined_units: int = 0


_SUMS = ("ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots")


def totals_of(tallies: Iterable[TallySubmission]) -> dict[str, Totals]:
    """By contest, one tally for each precinct."""
    totals: dict[str, Totals] = defaultdict(Totals)
    for tally in tallies:
        total = totals[tally.contest]
        total.units_reported += 1
        for name in _SUMS:
            setattr(total, name, getattr(total, name) + getattr(tally, name))
        for selection, votes in tally.votes.items():
            total.votes[selection] += votes
    return dict(totals)


def totals_shown(contests: Iterable[ContestResults]) -> dict[str, Totals]:
    """The same of results; what is withheld counts as 0."""
    names = ("units_reported", *_SUMS, "quarantined_units")
    return {
        contest.contest: Totals(
            {selection.code: selection.votes or 0 for selection in contest.selections},
            *(getattr(contest, name) or 0 for name in names),
        )
        for contest in contests
    }


class Night:
    """Counts what happens while a script is played, within so many seconds if the server keeps up."""

    def __init__(self, script: FictionalElection, seconds: float) -> None:
        self._events = script.events
        self._seconds = seconds
        self._sent_wrong = {mistake.sent.ref for mistake in script.mistakes if mistake.is_refused}
        self._corrections = {mistake.corrected.ref for mistake in script.mistakes}
        self._started_at = 0.0
        self.receipts = 0
        self.quarantined = 0
        self.refused = 0
        self.corrected = 0
        self.seconds = 0.0
        """How long it took, once it is over."""
        self.head = 0
        """The newest log entry that a receipt has named."""

    async def play(self, officers: Mapping[str, Officer]) -> None:
        """Officers by username. Raises Failure where a tally is refused that should not be."""
        parts: dict[str, list[Event]] = defaultdict(list)
        for event in self._events:
            parts[event.officer].append(event)
        loop = asyncio.get_running_loop()
        with progress_bar() as progress:
            task = progress.add_task("election night", total=len(self._events))
            self._started_at = loop.time()
            await together(self._part(officers[name], part, progress, task) for name, part in parts.items())
        self.seconds = loop.time() - self._started_at

    async def _part(
        self, officer: Officer, events: Sequence[Event], progress: Progress, task: TaskID
    ) -> None:
        loop = asyncio.get_running_loop()
        for event in events:
            await asyncio.sleep(self._started_at + event.at * self._seconds - loop.time())
            self._hear(event.tally, await officer.send(event.tally))
            progress.update(task, advance=1, description=self._so_far())

    def _so_far(self) -> str:
        return f"{self.receipts:,} receipts, {self.quarantined:,} quarantined, {self.corrected:,} corrected"

    def _hear(self, tally: TallySubmission, answer: Answer) -> None:
        if isinstance(answer, Receipt):
            self.receipts += 1
            self.head = max(self.head, answer.seq)
            self.quarantined += answer.status == "quarantined"
            self.corrected += answer.status == "accepted" and tally.ref in self._corrections
        elif tally.ref in self._sent_wrong:
            self.refused += 1
        else:
            raise Failure(f"A tally was refused: {answer.title}{in_brackets(answer.errors)}")
