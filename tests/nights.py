"""A whole night in memory: its tallies one after the other, each held or counted."""

import datetime
from collections.abc import Sequence

from models.batch import Receipt, Recorded, Sender, Submission
from models.checks import FailedCheck
from models.definitions import ElectionDefinition
from models.moments import Moments
from models.recording import Recorder
from models.submissions import TallySubmission
from models.surroundings import Surrounding
from models.totals import Siblings
from tests.building import book_of
from tests.spoiling import Key, key_of

AT = datetime.datetime(2026, 11, 3, 20, 0, tzinfo=datetime.UTC)


def night(
    election: ElectionDefinition, tallies: Sequence[TallySubmission]
) -> dict[Key, tuple[FailedCheck, ...]]:
    """What is held of the tallies in the order in which they come, and why."""
    book = book_of(election)
    around = Surrounding(book.contest_codes())
    for contest in book.contests.values():
        for precinct in book.precincts.values():
            around.spread(contest.id, precinct.above[0], Siblings(Moments(), {}))
    recorder = Recorder(book, "open", {}, {}, around, Recorded.begin(book.changed_seq, AT))
    for tally in tallies:
        recorder.take(Submission.of(tally, Sender(1, "http"), book))
    receipts = [answer for answer in recorder.recorded.answers if isinstance(answer, Receipt)]
    assert len(receipts) == len(tallies)
    return {key_of(tally): r.checks for tally, r in zip(tallies, receipts, strict=True) if r.checks}
