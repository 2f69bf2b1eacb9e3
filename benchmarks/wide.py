"""Elections as wide as is wanted: every contest is like the fictional country's president.

Their tallies are made when they are asked for: a million of them would fill the memory of the load.
"""

import msgspec

from models.definitions import ElectionDefinition
from models.fictional import fictional_election
from models.submissions import TallySubmission

PATTERN = "president"
"""Five selections, and a tally of every precinct."""

# A prime beyond every number of precincts, so that its multiples meet each of them once.
_STEP = 15_485_863


class Wide(msgspec.Struct, frozen=True):
    """An election with a tally for each precinct and each contest that is on the ballot there."""

    definition: ElectionDefinition
    by_precinct: tuple[TallySubmission, ...]
    on_each_ballot: int
    tallies: int

    def tally(self, number: int) -> TallySubmission:
        """One for each number below `tallies`: a precinct's contests together, precincts from all over."""
        precinct = number // self.on_each_ballot * _STEP % len(self.by_precinct)
        contest = number % self.on_each_ballot
        ballots = len(self.definition.contests) // self.on_each_ballot
        code = code_of(precinct * ballots // len(self.by_precinct) * self.on_each_ballot + contest)
        tally = self.by_precinct[precinct]
        return msgspec.structs.replace(tally, contest=code, ref=f"{tally.ref}-{code}")


def wide_election(code: str, precincts: int, contests: int, on_each_ballot: int) -> Wide:
    """Contests for all where each ballot has all of them; else local ones, for a part of the precincts each.

    `contests` is a multiple of `on_each_ballot`, and `precincts` of the number of different ballots.
    """
    fictional = fictional_election(precincts=precincts)
    [pattern] = [contest for contest in fictional.definition.contests if contest.code == PATTERN]
    tallies = {tally.precinct: tally for tally in fictional.tallies if tally.contest == PATTERN}
    # Neighbours in the definition are neighbours in the country.
    places = [unit.code for unit in fictional.definition.units if unit.code in tallies]
    ballots = contests // on_each_ballot
    voting = [
        places[ballot * precincts // ballots : (ballot + 1) * precincts // ballots]
        for ballot in range(ballots)
    ]
    definition = msgspec.structs.replace(
        fictional.definition,
        code=code,
        contests=tuple(
            msgspec.structs.replace(
                pattern,
                code=code_of(number),
                name=f"{pattern.name}, {number + 1}",
                precincts=tuple(voting[number // on_each_ballot]),
            )
            for number in range(contests)
        ),
    )
    by_precinct = tuple(tallies[place] for place in places)
    return Wide(definition, by_precinct, on_each_ballot, precincts * on_each_ballot)


def code_of(number: int) -> str:
    """A contest's code, by its place on the list."""
    return f"{PATTERN}-{number + 1:04d}"
