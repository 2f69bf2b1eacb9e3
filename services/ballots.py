"""The ballot: who stands on it, and in which order. All of it is settled when the election opens."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from models.ballot_order import BallotOrder, Listed, ordered
from models.candidates import Ballot
from models.codes import make_code
from models.errors import FieldError, Invalid
from models.results import ElectionState
from models.wording import say
from repositories.ballots import Placing
from repositories.candidates import CandidateRow
from repositories.database import Database, Repositories


class BallotService:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, election: str, precinct: str = "") -> Ballot:
        """The ballot of a precinct, or of the whole election.

        Raises UnknownElection, UnknownUnit, and Invalid for a unit that is no precinct.
        """
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            precinct_id = await _precinct(repos, state, precinct) if precinct else None
            contests = await repos.ballots.contests(state.id, precinct_id)
        return Ballot(
            election=state.code,
            election_status=state.status,
            is_test=state.is_test,
            precinct=precinct or None,
            seed=state.ballot_seed,
            contests=contests,
        )


async def order_ballot(
    repos: Repositories, election: ElectionState, contests: Collection[int] | None = None
) -> None:
    """Places the selections of these contests, of all if None, by each contest's rule.

    Until the seed is published the lot leaves them as they are.
    """
    positions: dict[int, int] = {}
    for placing in await repos.ballots.placings(election.id, contests):
        positions |= _moved(placing, election.ballot_seed)
    await repos.ballots.place(positions)


def _moved(placing: Placing, seed: str | None) -> dict[int, int]:
    """New positions, counted from 1, of the selections that do not stand where they should."""
    rule = placing.rule
    if rule == BallotOrder.LOT and seed is None:
        rule = BallotOrder.GIVEN
    wanted = ordered((Listed(place.code, place.sort_name) for place in placing.places), rule, seed or "")
    places = {place.code: place for place in placing.places}
    return {
        places[code].id: position
        for position, code in enumerate(wanted, start=1)
        if places[code].position != position
    }


async def stand(repos: Repositories, candidates: Collection[CandidateRow]) -> dict[str, int]:
    """Gives each candidate a selection behind those of the contest; returns the ids by candidate code."""
    taken: dict[int, set[str]] = defaultdict(set)
    last: dict[int, int] = defaultdict(int)
    for there in await repos.ballots.selections({one.contest_id for one in candidates}):
        taken[there.contest_id].add(there.code)
        last[there.contest_id] = max(last[there.contest_id], there.position)
    codes: dict[str, str] = {}
    rows = []
    for one in candidates:
        codes[one.code] = _free(make_code(one.code), taken[one.contest_id])
        taken[one.contest_id].add(codes[one.code])
        last[one.contest_id] += 1
        rows.append(
            {
                "contest_id": one.contest_id,
                "code": codes[one.code],
                "name": one.name,
                "position": last[one.contest_id],
                "party_id": one.party_id,
            }
        )
    ids = await repos.ballots.add(rows)
    return {one.code: ids[one.contest_id, codes[one.code]] for one in candidates}


async def join(repos: Repositories, candidate: CandidateRow, selection: str) -> int:
    """The selection of the candidate's contest that has this code. Raises Invalid."""
    for there in await repos.ballots.selections([candidate.contest_id]):
        if there.code == selection:
            return there.id
    message = say(
        "%(contest)r has no selection %(selection)r to join; leave it out to stand alone",
        contest=candidate.contest,
        selection=selection,
    )
    raise Invalid((FieldError("selection", message, "unknown-selection"),))


async def leave(repos: Repositories, election: ElectionState, candidates: Iterable[CandidateRow]) -> None:
    """Takes away the selections that these candidates stood behind alone.

    The candidates do not stand behind theirs any more. One that bore the name of somebody who left gets
    that of who is first behind it now.
    """
    left: dict[int, set[str]] = defaultdict(set)
    for one in candidates:
        if one.selection_id is not None:
            left[one.selection_id].add(one.name)
    heads = await repos.ballots.heads(election.id, left.keys())
    await repos.ballots.remove(left.keys() - heads.keys())
    for selection, head in heads.items():
        await repos.ballots.rename(selection, left[selection], head)


def _free(code: str, taken: set[str]) -> str:
    """The code, with a number where another selection has it."""
    free, number = code, 1
    while free in taken:
        number += 1
        free = f"{code}-{number}"
    return free


async def _precinct(repos: Repositories, election: ElectionState, code: str) -> int:
    unit, kind = await repos.elections.unit(election.id, code)
    if kind != "precinct":
        message = say("%(code)r is not a precinct; ballots differ by precinct", code=code)
        raise Invalid((FieldError("precinct", message, "not-a-precinct"),))
    return unit
