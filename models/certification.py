"""What is certified, what stands in its way, and what may be said of both (pure)."""

import datetime
import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from models.log import CertifiedContest
from models.results import ContestCount
from models.wording import Worded, say_many

_encode = msgspec.json.Encoder(order="sorted").encode


class InTheWay(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps an election from being certified.

    All but recounts can be overridden with a reason, which then stands in the public log.
    """

    quarantined: int
    """Tallies that wait for a reviewer."""
    awaiting: int
    """First entries that wait for their second one."""
    missing: int
    """Tallies that never came: a precinct counts once for each of its contests."""
    recalls: int
    """Counted tallies of which one person has asked to take them out, and nobody has answered."""
    recounts: tuple[str, ...]
    """Codes of the contests that are being recounted."""

    @property
    def is_clear(self) -> bool:
        return not (self.quarantined or self.awaiting or self.missing or self.recalls or self.recounts)

    def said(self) -> Iterator[Worded]:
        """How many there are of each kind of what waits, in words; recounts are told apart."""
        if self.quarantined:
            yield say_many(
                "%(number)s tally is quarantined", "%(number)s tallies are quarantined", self.quarantined
            )
        if self.awaiting:
            yield say_many(
                "%(number)s tally waits for its second entry",
                "%(number)s tallies wait for their second entry",
                self.awaiting,
            )
        if self.missing:
            yield say_many("%(number)s tally has not come", "%(number)s tallies have not come", self.missing)
        if self.recalls:
            yield say_many(
                "%(number)s recall is asked for and not answered",
                "%(number)s recalls are asked for and not answered",
                self.recalls,
            )


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The first of two people has asked; `moved` says that totals, or what waits, are others by now."""

    by: str
    at: datetime.datetime
    reason: str
    totals_hash: str
    moved: bool


class CertificateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What everybody may know of a certificate: entry `seq` certifies the totals at entry `position`.

    `totals_hash` is the SHA-256 of the entry's `contests`, as they stand in its canonical JSON.
    """

    seq: int
    position: int
    at: datetime.datetime
    totals_hash: str
    leaf_hash: str
    quarantined: int
    awaiting: int
    reason: str


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate with who asked for it and who confirmed it; nobody for a test by command."""

    certificate: CertificateFacts
    asked_by: str | None
    confirmed_by: str | None


class RecountFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a contest is to be recounted, and whether it is just now.

    It is due where `margin` is at most `most`, which is the election's threshold in votes. Both are null
    where the most votes do not win, or nobody is out.
    """

    contest: str
    name: str
    margin: int | None
    most: int | None
    due: bool | None
    """Null as long as not all precincts have reported."""
    recounting: bool


class Certification(msgspec.Struct, frozen=True, kw_only=True):
    """How far an election is on its way to being certified, for staff."""

    election: str
    status: str
    is_test: bool
    in_the_way: InTheWay
    totals_hash: str
    contests: tuple[CertifiedContest, ...]
    """The totals as they would be certified now."""
    asked: Asked | None
    certificates: tuple[Signed, ...]
    """Those that there are, the newest first."""
    recounts: tuple[RecountFacts, ...]


def certified_contests(counts: Iterable[ContestCount]) -> tuple[CertifiedContest, ...]:
    """The totals of all contests, in ballot order, as a certificate states them."""
    return tuple(
        CertifiedContest(
            contest=count.code,
            units_reported=count.units_reported,
            units_expected=count.units_expected,
            ballots_cast=count.ballots_cast,
            overvotes=count.overvotes,
            undervotes=count.undervotes,
            write_ins=count.write_ins,
            rejected_ballots=count.rejected_ballots,
            votes={selection.code: selection.votes for selection in count.selections},
        )
        for count in counts
    )


def totals_hash(contests: Sequence[CertifiedContest]) -> bytes:
    """SHA-256 over the contests' JSON in the form of RFC 8785, as in the log. 32 bytes."""
    return hashlib.sha256(_encode(contests)).digest()


def recount_most(all_votes: int, threshold: int) -> int:
    """The largest margin, in votes, at which a recount is due: `threshold` hundredths of a percent."""
    return all_votes * threshold // 10_000
