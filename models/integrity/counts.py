"""The counted tally of a precinct, as statistics need it."""

import msgspec


class PrecinctCount(msgspec.Struct, frozen=True):
    """`votes` are those of the selections in the order of the ballot."""

    precinct: str
    name: str
    voters_registered: int | None
    ballots_cast: int
    write_ins: int
    votes: tuple[int, ...]

    @property
    def all_votes(self) -> int:
        """For selections and write-ins."""
        return sum(self.votes) + self.write_ins

    @property
    def turnout(self) -> float | None:
        """Ballots cast by registered voters; None where these are not known or none."""
        return self.ballots_cast / self.voters_registered if self.voters_registered else None

    def share(self, place: int) -> float | None:
        """The selection's part of all votes, 0 to 1; None without votes."""
        return self.votes[place] / self.all_votes if self.all_votes else None
