"""Every signal of the program: who sends it, with what, and what it means.

All are sent with `send_async`, after the transaction's block and so after the commit; only `shed` and
`results_sent`, which tell of no commit, are sent with `send`. A receiver logs its own failures and never
fails the sender. Receivers are connected in `quart_app/wiring.py`, those that only measure in
`quart_app/metrics/sampling.py`; blinker holds a bound method weakly, so whoever connects one keeps its
object alive.
"""

import contextlib
from collections.abc import AsyncIterator

from blinker import NamedSignal, Namespace

from services.announcements import Announcement

_signals = Namespace()

tally_recorded = _signals.signal(
    "tally-recorded",
    doc="Sender: Intake. receipts: list[Receipt], election: str. Tallies became durable, in log order.",
)

results_changed = _signals.signal(
    "results-changed",
    doc="Sender: Intake or Canvass. announcement: Announcement. A commit moved totals or the log.",
)

election_changed = _signals.signal(
    "election-changed",
    doc="Sender: ElectionService, CanvassSettingsService, CertificationService or RecountService. "
    "announcement: Announcement. An election was defined, set or moved along.",
)

complaint_changed = _signals.signal(
    "complaint-changed",
    doc="Sender: ComplaintFilings or ComplaintDesk. election: str, its code. A complaint of it was filed "
    "or changed.",
)

rights_changed = _signals.signal(
    "rights-changed",
    doc="Sender: a service. members: frozenset[int], their ids. Roles, units, sessions or tokens of theirs "
    "changed or ended: whoever is connected with them is looked at again.",
)

batch_committed = _signals.signal(
    "batch-committed",
    doc="Sender: Intake. size: int, tallies in it; seconds: float, from the lock of the log's head to the "
    "commit. A batch became durable.",
)

tallies_answered = _signals.signal(
    "tallies-answered",
    doc="Sender: Intake. channels: Sequence[str], by which each came; answers: Sequence[Receipt | "
    "DomainError]. Tallies got their receipt or were refused; sent once for a batch, and for a message that "
    "was refused.",
)

results_sent = _signals.signal(
    "results-sent",
    doc="Sender: Broadcasters. seconds: float, since this process knew of the oldest commit among what was "
    "sent. An event was handed to the last viewer's connection.",
)

shed = _signals.signal(
    "shed",
    doc="Sender: Overload. kind: str, one of services.pressure.Kind. A request was turned away because there "
    "are too many.",
)


@contextlib.asynccontextmanager
async def telling(signal: NamedSignal, sender: object) -> AsyncIterator[list[Announcement]]:
    """Around a transaction: at the end the signal is sent with each announcement that was added.

    However it ends, as with `telling_rights`.
    """
    announcements: list[Announcement] = []
    try:
        yield announcements
    finally:
        for announcement in announcements:
            await signal.send_async(sender, announcement=announcement)


@contextlib.asynccontextmanager
async def telling_rights(sender: object) -> AsyncIterator[set[int]]:
    """Around a transaction: at the end `rights_changed` is sent for the members whose ids were added.

    However it ends: a client that leaves cancels its request, even between the commit and the signal.
    A hint too many does no harm.
    """
    members: set[int] = set()
    try:
        yield members
    finally:
        if members:
            await rights_changed.send_async(sender, members=frozenset(members))
