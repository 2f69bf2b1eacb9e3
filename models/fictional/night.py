"""The demo's election night as a script: who sends what, and when; the mistakes and their corrections."""

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, get_args

import msgspec

from models.codes import tally_ref
from models.fictional.officials import Official
from models.submissions import TallySubmission

_MISTAKEN = 0.02

MistakeKind = Literal["swapped-digits", "missing-selection", "too-many-ballots"]
_KINDS: tuple[MistakeKind, ...] = get_args(MistakeKind)


class Mistake(msgspec.Struct, frozen=True):
    """A tally that is sent wrong first and right later.

    `missing-selection` is refused as it comes, so the right one is a first revision under a new ref. The
    others do not balance and are quarantined, so the right one is revision 2, with a reason.
    """

    kind: MistakeKind
    sent: TallySubmission
    corrected: TallySubmission

    @property
    def is_refused(self) -> bool:
        return self.kind == "missing-selection"


class Event(msgspec.Struct, frozen=True):
    """Something an officer sends. `at` is the moment as a part of the night: 0 its beginning, 1 its end."""

    at: float
    officer: str
    tally: TallySubmission


def make_mistakes(
    rng: random.Random, tallies: Sequence[TallySubmission], registered: Mapping[str, int]
) -> tuple[Mistake, ...]:
    """Mistakes in about one of fifty tallies, of each kind in turn, and one at the least."""
    number = max(1, round(len(tallies) * _MISTAKEN))
    places = sorted(rng.sample(range(len(tallies)), number))
    return tuple(
        _mistake(_KINDS[turn % len(_KINDS)], tallies[place], registered[tallies[place].precinct])
        for turn, place in enumerate(places)
    )


def _mistake(kind: MistakeKind, right: TallySubmission, registered: int) -> Mistake:
    retry = tally_ref(right.contest, right.precinct, attempt=2)
    if kind == "missing-selection":
        votes = dict(list(right.votes.items())[:-1])
        sent = msgspec.structs.replace(right, votes=votes)
        return Mistake(kind, sent, msgspec.structs.replace(right, ref=retry))
    swapped = _swapped(right) if kind == "swapped-digits" else None
    if swapped is not None:
        reason = "Two digits of one selection's votes were swapped in the first report."
        return Mistake(kind, swapped, msgspec.structs.replace(right, ref=retry, revision=2, reason=reason))
    sent = msgspec.structs.replace(right, ballots_cast=registered + 10)
    reason = "The first report gave the ballots delivered in place of the ballots cast."
    corrected = msgspec.structs.replace(right, ref=retry, revision=2, reason=reason)
    return Mistake("too-many-ballots", sent, corrected)


def _swapped(right: TallySubmission) -> TallySubmission | None:
    """The tally with two neighbouring digits of its largest figure exchanged; None where all are alike."""
    selection = max(right.votes, key=lambda code: right.votes[code])
    digits = list(str(right.votes[selection]))
    for place, (first, second) in enumerate(itertools.pairwise(digits)):
        if first != second:
            digits[place : place + 2] = [second, first]
            return msgspec.structs.replace(right, votes={**right.votes, selection: int("".join(digits))})
    return None


def play(
    rng: random.Random,
    returns: Sequence[Sequence[TallySubmission]],
    mistakes: Sequence[Mistake],
    officers: Sequence[Official],
) -> tuple[Event, ...]:
    """Everything that is sent in the night, in order of time.

    `returns` are the tallies of each precinct, in the order in which precincts finish. Few finish early or
    late and most in the middle; what was sent wrong is sent right a little later.
    """
    wrong = {(mistake.sent.contest, mistake.sent.precinct): mistake for mistake in mistakes}
    sender = {precinct: officer.username for officer in officers for precinct in officer.precincts}
    moments = sorted(rng.betavariate(2.2, 2.4) for _ in returns)
    sent: list[tuple[float, str, TallySubmission]] = []
    for moment, tallies in zip(moments, returns, strict=True):
        officer = sender[tallies[0].precinct]
        for turn, right in enumerate(tallies):
            mistake = wrong.get((right.contest, right.precinct))
            sendings = _sendings(rng, moment + turn * 0.0005, right, mistake)
            sent += [(at, officer, tally) for at, tally in sendings]
    sent.sort(key=lambda sending: sending[0])
    end = sent[-1][0]
    return tuple(Event(at / end, officer, tally) for at, officer, tally in sent)


def _sendings(
    rng: random.Random, at: float, tally: TallySubmission, mistake: Mistake | None
) -> Iterator[tuple[float, TallySubmission]]:
    if mistake is None:
        yield at, tally
        return
    yield at, mistake.sent
    # A refusal is seen at once; a quarantined tally is looked up in the papers first.
    pause = rng.uniform(0.002, 0.006) if mistake.is_refused else rng.uniform(0.02, 0.08)
    yield at + pause, mistake.corrected
