"""Making a draft ready to be opened: ballots in order, precincts known, totals of nothing everywhere."""

import datetime

from models.errors import Invalid
from models.results import ElectionState
from models.wholeness import opening_faults
from models.wording import say
from repositories.database import Repositories
from services.ballots import order_ballot


async def make_ready(repos: Repositories, election: ElectionState, at: datetime.datetime) -> None:
    """Settles where each contest stands and in what order. Raises Invalid, naming all that is missing."""
    await repos.opening.settle_precincts(election.id)
    draft = await repos.opening.draft(election.id)
    faults = opening_faults(
        rooted=draft.rooted,
        precincts=draft.precincts,
        contests=draft.contests,
        seed=election.ballot_seed,
    )
    if errors := tuple(faults):
        raise Invalid(errors, say("The election %(code)r cannot be opened yet.", code=election.code))
    await order_ballot(repos, election)
    await repos.opening.begin_totals(election.id, at)
