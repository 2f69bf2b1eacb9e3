"""Who files to stand in the demo's contests: those behind its selections, and some who do not get there."""

from collections.abc import Iterator, Sequence

import msgspec

from models.candidates import CodedFiling
from models.definitions import ContestDefinition
from models.fictional.names import email_of

NOT_ENOUGH = "The list of supporters holds fewer valid signatures than the law asks for."

_TOGETHER = " and "


class Candidacy(msgspec.Struct, frozen=True):
    """A filing, and the selection that it stands behind; None where it is rejected."""

    filing: CodedFiling
    selection: str | None


def make_candidacies(contests: Sequence[ContestDefinition], others: Iterator[str]) -> tuple[Candidacy, ...]:
    """One or two people for each selection, and one of the `others` for each district's house seat."""
    found: list[Candidacy] = []
    for contest in contests:
        if contest.is_measure:
            continue
        for choice in contest.selections:
            for name in choice.name.split(_TOGETHER):
                found.append(_candidacy(len(found), contest, name, choice.party, choice.code))
        if contest.code.startswith("house-"):
            found.append(_candidacy(len(found), contest, next(others), None, None))
    return tuple(found)


def _candidacy(
    number: int, contest: ContestDefinition, name: str, party: str | None, selection: str | None
) -> Candidacy:
    first, _, last = name.partition(" ")
    filing = CodedFiling(
        code=f"VEL-{number + 101}",
        contest=contest.code,
        first_name=first,
        last_name=last,
        party=party,
        email=email_of(name),
    )
    return Candidacy(filing, selection)
