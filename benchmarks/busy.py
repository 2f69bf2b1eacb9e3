"""An election in which all contests change at once, and what everybody who watches must end with."""

import time
from collections import Counter
from collections.abc import Sequence

import msgspec

from benchmarks.load.viewers import Event, Viewers
from benchmarks.load.wire import WrongAnswer
from models.batch import Receipt
from models.definitions import ElectionDefinition
from models.fictional import fictional_election
from models.results import ContestResults
from models.submissions import TallySubmission

PATTERN = "president"
"""Every contest is like this one of the fictional election, on the ballot everywhere."""

Tallies = Sequence[TallySubmission]


class Newest(msgspec.Struct):
    """What a contest has come to: the log position of its last tally, and its votes by selection."""

    version: int
    votes: Counter[str]


def busy_election(contests: int, precincts: int) -> tuple[ElectionDefinition, list[Tallies]]:
    """The election, under a code of its own, and what each precinct reports: its tallies of all contests."""
    fictional = fictional_election(precincts=precincts)
    [pattern] = [contest for contest in fictional.definition.contests if contest.code == PATTERN]
    codes = [f"{PATTERN}-{number:02d}" for number in range(1, contests + 1)]
    alike = tuple(
        msgspec.structs.replace(pattern, code=code, name=f"{pattern.name}, {code}") for code in codes
    )
    reports: list[Tallies] = [
        [msgspec.structs.replace(tally, contest=code, ref=f"{tally.ref}-{code}") for code in codes]
        for tally in fictional.tallies
        if tally.contest == PATTERN
    ]
    code = f"busy-{time.time_ns()}"
    return msgspec.structs.replace(fictional.definition, code=code, contests=alike), reports


def newest(tallies: Tallies, receipts: Sequence[Receipt]) -> dict[str, Newest]:
    """What each contest has come to with these tallies and their receipts. Raises WrongAnswer.

    Every tally has a receipt, and each receipt is of a tally that was counted.
    """
    of_ref = {tally.ref: tally for tally in tallies}
    found: dict[str, Newest] = {}
    for receipt in receipts:
        tally = of_ref.pop(receipt.ref, None)
        if tally is None or receipt.status != "accepted":
            raise WrongAnswer(f"a receipt is of no tally, or of one that was not counted: {receipt}")
        contest = found.setdefault(tally.contest, Newest(0, Counter()))
        contest.version = max(contest.version, receipt.seq)
        contest.votes.update(tally.votes)
    if of_ref:
        raise WrongAnswer(f"{len(of_ref)} tallies have no receipt")
    return found


def deliveries(events: Sequence[Event], receipts: Sequence[Receipt]) -> int:
    """Events that viewers got because of these tallies, without what they found when they came."""
    first = min(receipt.seq for receipt in receipts)
    return sum(event.deliveries for event in events if event.version >= first)


def await_newest(viewers: Viewers, expected: dict[str, Newest]) -> float:
    """When the last viewer had the newest version of every contest, by the viewers' clock."""
    return max(viewers.await_version(contest, newest.version) for contest, newest in expected.items())


def check_newest(events: Sequence[Event], expected: dict[str, Newest]) -> None:
    """The last event of each contest has exactly its newest figures, and nobody got older after newer ones.

    That every viewer has the last event is `await_newest`'s to say. Raises WrongAnswer.
    """
    for event in events:
        if event.late or event.different:
            raise WrongAnswer(f"viewers got other bytes, or older figures after newer ones: {event}")
    last = {event.contest: event for event in events}
    for contest, newest in expected.items():
        results = msgspec.json.decode(last[contest].data, type=ContestResults)
        votes = {selection.code: selection.votes for selection in results.selections}
        # The tallies of one transaction bring one version of all that they change.
        if results.version < newest.version or votes != newest.votes:
            raise WrongAnswer(f"viewers end with {results.version} {votes}, not with {newest}")
