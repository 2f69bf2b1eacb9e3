"""Tallies spoiled as people and machines spoil them, by a fixed seed."""

import random
from collections.abc import Sequence

import msgspec

from models.submissions import TallySubmission

Key = tuple[str, str]
"""Precinct and contest."""

_PLAN = ("swapped",) * 9 + ("doubled",) * 6 + ("zeroed",) * 3 + ("copied",) * 2


def spoiled(tallies: Sequence[TallySubmission], seed: int) -> tuple[list[TallySubmission], frozenset[Key]]:
    """The same tallies with twenty of them spoiled, and which these are.

    Of nine two neighbouring digits of one count are swapped, of six one count is doubled, three are all
    zero, and two have all the figures that another precinct sent before for the same contest.
    """
    chance = random.Random(seed)
    found = list(tallies)
    places = {key_of(tally): place for place, tally in enumerate(tallies)}
    wrong: set[Key] = set()
    plan = list(_PLAN)
    for tally in chance.sample(found, len(found)):
        if not plan:
            break
        before = [t for t in tallies[: places[key_of(tally)]] if t.contest == tally.contest]
        candidates = [t for t in before if key_of(t) not in wrong]
        if spoilt := _spoilt(plan[0], tally, candidates, chance):
            found[places[key_of(tally)]] = spoilt
            wrong.add(key_of(tally))
            plan.pop(0)
    return found, frozenset(wrong)


def key_of(tally: TallySubmission) -> Key:
    return tally.precinct, tally.contest


def _spoilt(
    how: str, tally: TallySubmission, before: list[TallySubmission], chance: random.Random
) -> TallySubmission | None:
    """None where the tally cannot be spoiled so."""
    code = chance.choice(list(tally.votes))
    count = tally.votes[code]
    if how == "copied":
        return _copied(tally, chance.choice(before)) if before else None
    if how == "zeroed":
        nothing = dict.fromkeys(
            ("ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots"), 0
        )
        return msgspec.structs.replace(tally, votes=dict.fromkeys(tally.votes, 0), **nothing)
    wrong = _swapped(count, chance) if how == "swapped" else 2 * count
    return msgspec.structs.replace(tally, votes={**tally.votes, code: wrong}) if wrong != count else None


def _copied(tally: TallySubmission, other: TallySubmission) -> TallySubmission:
    return msgspec.structs.replace(other, ref=tally.ref, precinct=tally.precinct)


def _swapped(count: int, chance: random.Random) -> int:
    """The count with two neighbouring digits swapped; itself where none differ."""
    digits = list(str(count))
    places = [place for place in range(len(digits) - 1) if digits[place] != digits[place + 1]]
    if not places:
        return count
    place = chance.choice(places)
    digits[place : place + 2] = digits[place + 1], digits[place]
    return int("".join(digits))
