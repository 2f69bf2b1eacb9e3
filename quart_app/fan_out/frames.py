"""What is put into Nchan's channels so that its newest messages alone are the whole state.

Nchan keeps the last message of each channel and begins with it when a viewer comes; it cannot put
several messages into one write, and does not know what a contest is. A channel for each contest would
cost a write for each contest and viewer in a busy second, and Nchan joins at most 255; one message with
all contests would send all of them whenever one has changed. So the stream of all contests is two
channels: the `base` holds every contest, and `changes` all that changed since, in one message that
replaces the one before. Whoever comes gets both; whoever missed a message gets what it said with the next.
"""

from collections.abc import Iterable

from quart_app.live import event
from services.results import View

Message = tuple[str, bytes]
"""A channel of an election, and what is put into it."""

BASE = "base"
CHANGES = "changes"
# A message must not be empty, and a comment is nothing to whoever reads events.
NOTHING = b":\n\n"


def contest_channel(code: str) -> str:
    return f"contest/{code}"


def events(view: View, codes: Iterable[str]) -> bytes:
    """The same bytes as our own streams send: what the public may see of these contests."""
    contests = (view.contest(code) for code in codes)
    return b"".join(event("results", contest.results.version, contest.json) for contest in contests)


class Frames:
    """The stream of all contests of one election, as messages to `base` and `changes`.

    What changed since the base is sent again with every change, which costs the more the older the base
    is. Once the bytes that were sent again outweigh a base, a new one takes its place; and whenever the
    election itself was changed, so that a base never holds figures that are withheld meanwhile.
    """

    def __init__(self) -> None:
        self._version = self._changed_seq = -1
        self._size = 0
        self._again = 0

    def anew(self, view: View) -> list[Message]:
        """A new base, which takes the place of whatever the channels hold.

        The changes since the old one go first: who comes in between must not get them after the new base.
        """
        base = events(view, view.contests) or NOTHING
        self._version, self._changed_seq = view.version, view.election.changed_seq
        self._size, self._again = len(base), 0
        return [(CHANGES, NOTHING), (BASE, base)]

    def after(self, view: View, seen: int) -> list[Message]:
        """What tells of the changes since log position `seen`, the last that was told of."""
        changes = self.changes(view)
        self._again += len(changes) - len(events(view, view.changed_since(seen)))
        if self._again > self._size or view.election.changed_seq != self._changed_seq:
            return self.anew(view)
        return [(CHANGES, changes)]

    def changes(self, view: View) -> bytes:
        """Everything since the base, as the view has it."""
        return events(view, view.changed_since(self._version)) or NOTHING
