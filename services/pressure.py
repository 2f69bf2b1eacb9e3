"""How much of what comes is refused when more comes than a process can carry (pure).

The signal is how long the process takes to get round to anything: one turn of its event loop, in which
everything that is ready gets one step. That is the sojourn time of CoDel (RFC 8289), and like there only a
queue that stands counts, never a single long step. What is steered is how many requests may be under way
at once: by Little's law they are what whoever comes next waits behind, and they are memory. The steering is
PIE's (RFC 8033): it goes on until the delay is what it should be, and so finds by itself the share that can
be carried, however much comes.

Each kind of request has a delay of its own that is bearable for its sake, and a share of the room.
"""

import enum
import math
from collections import deque

LOOKS = 3
"""Of so many looks at the delay the middle one counts: a single late one is only a long step."""

RISE, FALL = 0.3, 0.15
"""Of a level, in a second at twice the bearable delay, and at half of it. With these it settles whatever a
request costs, see the simulations in tests/unit/test_pressure.py."""
STEEPEST = 2.0
"""A delay of four times the bearable counts no more than that."""
LONGEST = 1.0
"""Seconds that one look speaks for at most: a process that stood still has seen nothing meanwhile."""


class Kind(enum.StrEnum):
    """What a request is for; what comes later matters more."""

    STREAM = "stream"
    """A new stream or socket of the public's. Those that are open are kept."""
    READ = "read"
    """Pages, lists, files, exports: whatever has to be made for one reader of the public."""
    FILE = "file"
    """Style sheets, modules and icons: without them a page that was let in is none."""
    STAFF = "staff"
    """Whoever comes with a session or a token, and everything that changes something."""
    SIGN_IN = "sign-in"
    RESULTS = "results"
    """The current results, whose bytes are ready. Refusing them costs what giving them costs."""
    TALLY = "tally"


BEARABLE = {
    Kind.STREAM: 1.0,
    Kind.READ: 1.0,
    Kind.FILE: 2.0,
    Kind.STAFF: 3.0,
    Kind.SIGN_IN: 6.0,
    Kind.RESULTS: 10.0,
    Kind.TALLY: 30.0,
}
"""How many times the delay that is set is borne for the sake of each kind."""

SHARE = {
    Kind.STREAM: 0.25,
    Kind.READ: 0.25,
    Kind.FILE: 0.25,
    Kind.STAFF: 0.5,
    Kind.SIGN_IN: 0.75,
    Kind.RESULTS: 1.0,
    Kind.TALLY: 1.0,
}
"""Up to which part of the room each kind finds a place, with all others that are under way."""

LINE = {Kind.READ: 1.0, Kind.FILE: 2.0}
"""What takes turns: how many may wait for theirs, in parts of the room.

A line is no load: it keeps nobody else waiting, and whoever stands in it takes little memory. So it is
long enough for all who come in the same moment, as when results are released, and are served in a second.
"""

CROWDED = 0.75
"""From this part of its room, or of its line, a kind is refused now and then, at the end of it always."""


class Pressure:
    """For each kind a level, from 0 to 1, and what follows from it."""

    def __init__(self, late: float, requests: int) -> None:
        """`late` is the bearable delay in seconds, `requests` how many may be under way at once."""
        self._room = {kind: max(1.0, requests * share) for kind, share in SHARE.items()}
        self._line = {kind: max(1.0, requests * share) for kind, share in LINE.items()}
        self._bearable = {kind: late * times for kind, times in BEARABLE.items()}
        self._levels = dict.fromkeys(Kind, 0.0)
        self._looks: deque[float] = deque([0.0] * LOOKS, LOOKS)

    def level(self, kind: Kind = Kind.READ) -> float:
        """From 0, at ease, to 1: one at a time."""
        return self._levels[kind]

    @property
    def delay(self) -> float:
        """Seconds that a turn has taken lately, without what was only a moment."""
        return sorted(self._looks)[LOOKS // 2]

    def calm(self) -> float:
        """With fewer under way than this, and as few in the line, nobody is refused, whatever it is for."""
        return self.room(Kind.READ) * CROWDED if self._levels[Kind.STREAM] == 0 else 0.0

    def look(self, turn: float, elapsed: float) -> None:
        """A turn took so many seconds; the last look was so many seconds ago."""
        self._looks.append(turn)
        delay, seconds = max(self.delay, 1e-6), min(elapsed, LONGEST)
        for kind, bearable in self._bearable.items():
            times = min(max(math.log2(delay / bearable), -STEEPEST), STEEPEST)
            step = times * seconds * (RISE if times > 0 else FALL)
            self._levels[kind] = min(max(self._levels[kind] + step, 0.0), 1.0)

    def room(self, kind: Kind) -> float:
        """How many requests may be under way so that one more of this kind is taken; never less than 1.

        In even steps of the level it shrinks by even factors: it is as fine for dear requests, of which
        few can be carried, as for cheap ones.
        """
        return self._left(self._room[kind], kind)

    def line(self, kind: Kind) -> float:
        """How many may wait for their turn so that one more of this kind, which takes turns, is let in."""
        return self._left(self._line[kind], kind)

    def _left(self, whole: float, kind: Kind) -> float:
        return float(whole ** (1.0 - self._levels[kind]))

    def refused(self, kind: Kind, under_way: int, waiting: int = 0) -> float:
        """Which part of the requests of this kind is refused now: from 0 to 1.

        Streams are not under way for long, and are told by the level alone too. `waiting` are those who
        were let in and have not had their turn; they count only for those who would wait behind them.
        """
        part = crowding(under_way, self.room(kind))
        if kind is Kind.STREAM:
            return max(part, self._levels[kind])
        return max(part, crowding(waiting, self.line(kind))) if kind in LINE else part


def crowding(taken: int, room: float) -> float:
    """Which part of those who come is refused where so many places of the room are taken."""
    crowded = room * CROWDED
    return min(max((taken - crowded) / (room - crowded), 0.0), 1.0)
