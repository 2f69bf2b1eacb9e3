"""What is still possible, out of the database: held against all that waits, through random canvasses."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from models.canvass import Decision, Resolution, Verdict
from models.check_settings import CheckSetting, CheckSettings
from models.errors import DomainError
from models.results import ContestCount
from models.rights import Actor
from models.submissions import TallySubmission
from quart_app.wiring import Services
from tests.building import ALL, REGISTERED, a_tally, every_tally, tiny_election, unbalanced
from tests.desk import Desk, Official, define

CODES = ("ada", "ben", "cy")
SMALL: dict[str, int | None] = dict(zip(ALL, (4, 9, 6, 2), strict=True))
WAITING = ("quarantined", "awaiting_second_entry")
STEPS = 25

_TALLIES = """
    SELECT t.seq, t.status, t.ballots_cast, t.write_ins, u.code AS precinct,
           array_agg(v.votes ORDER BY s.position) AS votes,
           coalesce((
               SELECT d.decision = 'ask-recall' FROM tally_decisions d
               WHERE d.election_id = t.election_id AND d.tally_seq = t.seq AND d.decision LIKE '%recall'
               ORDER BY d.seq DESC LIMIT 1
           ), false) AS recall_asked
    FROM tallies t
    JOIN contests c ON c.id = t.contest_id AND c.code = 'president'
    JOIN reporting_units u ON u.id = t.unit_id
    JOIN tally_votes v ON v.election_id = t.election_id AND v.seq = t.seq
    JOIN selections s ON s.id = v.selection_id
    GROUP BY t.election_id, t.seq, u.code ORDER BY t.seq
"""


class Place:
    """A precinct's tallies of the president, as they stand in the database."""

    def __init__(self, registered: int | None, rows: Sequence[Any]) -> None:
        self.registered = registered
        self.counted = next((votes(row) for row in rows if row.status == "accepted"), None)
        self.quarantined = [votes(row) for row in rows if row.status == "quarantined"]
        self.unseen = any(
            row.status == "awaiting_second_entry" or (row.status == "accepted" and row.recall_asked)
            for row in rows
        )

    @property
    def in_question(self) -> bool:
        return bool(self.quarantined) or self.unseen

    def ends(self) -> Iterator[tuple[int, ...]]:
        """Extreme ways in which it may end: votes for each selection, and for write-ins."""
        if self.counted is not None:
            yield self.counted
            if not self.in_question:
                return
        yield from self.quarantined
        most = self.registered or 0
        yield (0,) * 4
        for place in range(4):
            yield tuple(most if place == one else 0 for one in range(4))


def votes(row: Any) -> tuple[int, ...]:
    return (*row.votes, row.write_ins)


async def places_of(desk: Desk, registered: dict[str, int | None]) -> list[Place]:
    rows = defaultdict(list)
    for row in await desk.sql(_TALLIES):
        rows[row.precinct].append(row)
    return [Place(registered[precinct], rows[precinct]) for precinct in ALL]


async def count_of(desk: Desk) -> ContestCount:
    return (await desk.house.results.current("tiny")).contest("president", staff=True).count


def worst(places: Sequence[Place], inside: int, outside: int) -> int:
    """The least by which one may come to be ahead of another: precincts end as they like."""
    return sum(min(end[inside] - end[outside] for end in place.ends()) for place in places)


class Canvassers:
    """Officers and reviewers who do anything that comes to their minds."""

    def __init__(
        self, desk: Desk, seed: int, officers: Sequence[Official], reviewers: Sequence[Actor]
    ) -> None:
        self.desk = desk
        self.random = random.Random(seed)
        self.officers = officers
        self.reviewers = reviewers

    @classmethod
    async def of(cls, desk: Desk, seed: int) -> "Canvassers":
        officers = [await desk.official(name) for name in ("olga", "otto", "omar")]
        reviewers = []
        for name in ("rita", "rob"):
            member = (await desk.official(name, roles=["reviewer"], units=[])).identity.member_id
            reviewers.append(Actor(member, name, "192.0.2.1", "api"))
        return cls(desk, seed, officers, reviewers)

    async def act(self) -> None:
        """One thing that somebody does; whatever is refused changes nothing."""
        try:
            if self.random.random() < 0.5:
                await self._send()
            else:
                await self._decide()
        except DomainError:
            pass

    async def _send(self) -> None:
        precinct = self.random.choice(ALL)
        (found,) = await self.desk.sql(
            "SELECT coalesce(max(t.revision), 0) AS revision FROM tallies t"
            " JOIN reporting_units u ON u.id = t.unit_id WHERE u.code = :precinct",
            precinct=precinct,
        )
        revision = found.revision + self.random.choice((0, 1, 1))
        officer = self.random.choice(self.officers)
        await self.desk.send(self._tally(precinct, max(1, revision)), by=officer)

    def _tally(self, precinct: str, revision: int) -> TallySubmission:
        """A few ballots, most often plausible; equal ones come often enough for two entries."""
        most = self.random.choice((1, 2, 3, 12))
        given = [self.random.choice((0, most)) for _ in CODES]
        write_ins = self.random.choice((0, 0, 1))
        ballots = sum(given) + write_ins + self.random.choice((0, 0, 0, 1))
        return a_tally(
            precinct,
            votes=dict(zip(CODES, given, strict=True)),
            ballots_cast=ballots,
            write_ins=write_ins,
            overvotes=0,
            undervotes=0,
            revision=revision,
            reason="counted again" if revision > 1 else "",
        )

    async def _decide(self) -> None:
        rows = await self.desk.sql("SELECT seq, status, ballots_cast FROM tallies")
        if not rows:
            return
        row, by = self.random.choice(rows), self.random.choice(self.reviewers)
        decision = self.random.choice(list(Decision))
        if decision is Decision.RESOLVE:
            resolution = Resolution(
                votes={"ada": 1, "ben": 0, "cy": 0}, ballots_cast=1, reason="both sheets were read again"
            )
            await self.desk.house.canvass.resolve("tiny", row.seq, resolution, by)
        else:
            verdict = Verdict(decision=decision, reason="seen on paper")
            await self.desk.house.canvass.decide("tiny", row.seq, verdict, by)


@pytest.mark.parametrize("double_entry", [False, True])
@pytest.mark.parametrize("seed", range(4))
async def test_nothing_that_waits_changes_what_is_decided_through_a_random_canvass(
    house: Services, client: Client, seed: int, double_entry: bool
) -> None:
    """And the race over time ends with the results, whatever was decided."""
    checks = CheckSettings(
        duplicate_vector=CheckSetting(on=False),
        outlier=CheckSetting(on=False),
        same_ballots=CheckSetting(on=False),
    )
    definition = tiny_election(registered=SMALL, checks=checks, double_entry=double_entry)
    desk = await define(house, definition)
    people = await Canvassers.of(desk, seed)
    for _ in range(STEPS):
        await people.act()
        results = (await house.results.current("tiny")).contest("president").results
        outlook, places = results.outlook, await places_of(desk, SMALL)
        assert outlook is not None
        now = [sum(place.counted[one] for place in places if place.counted) for one in range(4)]
        assert sorted(now[:3], reverse=True) == [selection.votes for selection in results.selections]
        if outlook.call == "decided":
            first = now.index(max(now[:3]))
            others = [other for other in range(4) if other != first]
            assert all(worst(places, first, other) > 0 for other in others)
        if outlook.call == "tied":
            assert all(place.counted is not None and not place.in_question for place in places)
        history = await house.history.of("tiny", "president")
        if history.points:
            last = history.points[-1]
            assert dict(zip(history.selections, last.votes, strict=True)) == {
                selection.code: selection.votes for selection in results.selections
            }
            assert (last.units_reported, last.ballots_cast, last.write_ins) == (
                results.units_reported,
                results.ballots_cast,
                results.write_ins,
            )
        else:
            assert not results.ballots_cast


def many(precinct: str, ada: int, **changes: Any) -> TallySubmission:
    """A tally with so many votes for ada that it is held."""
    return a_tally(precinct, votes={"ada": ada, "ben": 0, "cy": 0}, **changes)


async def test_a_held_tally_may_bring_more_votes_than_its_precinct_has_voters(desk: Desk) -> None:
    await desk.receipts(many("north-1", 700))
    count = await count_of(desk)
    assert (count.excess, count.reopened) == (600, 0)
    assert (await outlook_of(desk)).outstanding == 570 + 600


async def test_of_several_that_wait_in_one_precinct_only_one_can_come_to_count(desk: Desk) -> None:
    await desk.receipts(many("north-1", 700), many("north-1", 500, revision=2, reason="read again"))
    assert (await count_of(desk)).excess == 600


async def test_a_revision_that_waits_beside_a_counted_tally_may_move_both_their_votes(desk: Desk) -> None:
    await desk.receipts(a_tally("north-1"), many("north-1", 300, revision=2, reason="read again"))
    count = await count_of(desk)
    assert (count.excess, count.reopened) == (0, 80 + 300)


async def test_a_revision_that_waits_may_be_answered_by_any_that_the_voters_allow(desk: Desk) -> None:
    await desk.receipts(a_tally("north-1"), unbalanced("north-1", revision=2, reason="read again"))
    assert (await count_of(desk)).reopened == 80 + 100


async def test_a_counted_tally_whose_recall_is_asked_for_is_in_question_until_that_is_refused(
    desk: Desk,
) -> None:
    (sent,) = await desk.receipts(a_tally("north-1"))
    people = await Canvassers.of(desk, 0)
    rita, rob = people.reviewers
    for decision, by, reopened in (
        (Decision.ASK_RECALL, rita, 80 + 100),
        (Decision.REFUSE_RECALL, rob, 0),
        (Decision.ASK_RECALL, rob, 80 + 100),
        (Decision.RECALL, rita, 0),
    ):
        await desk.house.canvass.decide("tiny", sent.seq, Verdict(decision=decision, reason="a doubt"), by)
        assert (await count_of(desk)).reopened == reopened
    assert (await outlook_of(desk)).outstanding == 570


async def test_what_a_first_entry_says_is_in_nothing_that_is_told(house: Services) -> None:
    desk = await define(house, tiny_election(double_entry=True))
    await desk.receipts(many("north-1", 1_234_567))
    count = await count_of(desk)
    assert (count.excess, count.reopened, count.awaiting_units) == (0, 0, 1)


async def test_nobody_knows_what_a_first_entry_moves_where_nobody_knows_how_many_may_vote(
    house: Services,
) -> None:
    registered = {**REGISTERED, "north-1": None}
    desk = await define(house, tiny_election(registered=registered, double_entry=True))
    for by in ("olga", "otto"):
        for tally in every_tally():
            await desk.send(tally, by=await desk.official(by))
    assert (await outlook_of(desk)).call == "decided"
    await desk.receipts(many("north-1", 50, revision=2, reason="read again", ballots_cast=80))
    found = await outlook_of(desk)
    assert (found.call, found.outstanding, found.reopened) == ("open", 0, None)


async def test_a_recount_leaves_open_what_was_decided(desk: Desk) -> None:
    await desk.receipts(*every_tally())
    assert (await outlook_of(desk)).call == "decided"
    await desk.sql("UPDATE contests SET recounting = true WHERE code = 'president'")
    await desk.receipts(a_tally("north-1", revision=2, reason="counted again"))
    found = await outlook_of(desk)
    assert (found.call, found.outstanding) == ("open", None)


async def outlook_of(desk: Desk) -> Any:
    return (await desk.house.results.current("tiny")).contest("president").results.outlook
