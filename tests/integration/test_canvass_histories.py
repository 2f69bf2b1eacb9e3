"""Rules 1 to 5 of DOMAIN.md after each step of a thousand random histories, with several people at once.

A history is plain data: rounds of moves, and the moves of one round are made at the same instant, half of
them in a second process. After each round the log is replayed by a fold of its own (`tests/replaying.py`)
and held against everything that the database has. A move that is refused is fine; one that breaks is not.
"""

import asyncio
import contextlib
import datetime
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from models.batch import Receipt
from models.canvass import Decision, Resolution, Verdict
from models.check_settings import CheckSetting, CheckSettings
from models.definitions import (
    ContestDefinition,
    ElectionDefinition,
    SelectionDefinition,
    UnitDefinition,
    VoteVariation,
)
from models.errors import DomainError, IllegalTransition
from models.rights import Actor, Credential, Identity, Role
from models.submissions import TallySubmission
from quart_app.wiring import Services
from repositories.database import asyncpg_url
from tests.desk import Desk
from tests.integration.conftest import house_of
from tests.replaying import EVERYTHING, assert_replayed

HISTORIES, TOGETHER = 1000, 5
"""How many, and how many of them at the same time, each in an election of its own."""

PEOPLE = ("ann", "ben", "cleo", "dan")
PRECINCTS = ("n-1", "n-2", "s-1")
CONTESTS = {"mayor": ("ada", "bo"), "council": ("cy", "di", "eve")}
ALLOWED = {"mayor": 1, "council": 2}


# ---- moves ----


class Send(NamedTuple):
    """A tally `newer` revisions ahead of the newest; with `again`, one whose ref was used before."""

    person: int
    place: int
    figures: int
    spoiled: bool
    newer: int
    again: bool


class Decide(NamedTuple):
    """One of the decisions that were possible a round ago; or, `blindly`, whichever on whatever."""

    person: int
    which: int
    blindly: Decision | None


class Resolve(NamedTuple):
    person: int
    ago: int
    figures: int


class Change(NamedTuple):
    """Of the election itself."""

    change: str


class Certify(NamedTuple):
    person: int
    step: str
    reason: str


class Recount(NamedTuple):
    person: int
    contest: str
    begins: bool


Move = Send | Decide | Resolve | Change | Certify | Recount

_person = st.integers(0, len(PEOPLE) - 1)
_place = st.sampled_from([0, 0, 0, 1, 2, 2, 3])
_ago = st.integers(0, 3)
_figures = st.integers(0, 3)
_sends = st.builds(
    Send,
    _person,
    _place,
    _figures,
    spoiled=st.booleans(),
    newer=st.sampled_from([1, 1, 1, 1, 0, 2]),
    again=st.sampled_from([False] * 5 + [True]),
)
_decisions: list[Decision | None] = [d for d in Decision if d != Decision.RESOLVE]
_moves: st.SearchStrategy[Move] = st.sampled_from(
    [Send] * 8 + [Decide] * 8 + [Resolve] * 2 + [Change] * 2 + [Certify, Recount]
).flatmap(
    {
        Send: _sends,
        Decide: st.builds(Decide, _person, st.integers(0, 20), st.sampled_from([None] * 12 + _decisions)),
        Resolve: st.builds(Resolve, _person, _ago, _figures),
        Change: st.builds(
            Change, st.sampled_from(["correct", "correct", "correct", "close", "release", "withhold"])
        ),
        Certify: st.builds(
            Certify,
            _person,
            st.sampled_from(["close and certify", "close and certify", "ask", "confirm", "take back"]),
            st.sampled_from(["the court says so", ""]),
        ),
        Recount: st.builds(Recount, _person, st.sampled_from(list(CONTESTS)), st.booleans()),
    }.__getitem__
)


class Plan(NamedTuple):
    """A history before it happens: rounds of moves that are made at the same instant."""

    double_entry: bool
    rounds: list[list[Move]]


_rounds = st.lists(st.lists(_moves, min_size=1, max_size=4), min_size=2, max_size=8)
_plans = st.builds(Plan, st.booleans(), _rounds)


# ---- the world ----


class People(NamedTuple):
    """Members who may do everything, in every election."""

    ids: tuple[int, ...]

    def actor(self, person: int) -> Actor:
        return Actor(self.ids[person], PEOPLE[person], "", "api")

    def identity(self, person: int, units: frozenset[int]) -> Identity:
        return Identity(self.ids[person], PEOPLE[person], frozenset(Role), units, Credential("token", 0))


class World(NamedTuple):
    houses: tuple[Services, ...]
    people: People
    engine: AsyncEngine


_numbers = itertools.count(1)
_PLACES = [("mayor", "n-1"), ("mayor", "s-1"), ("council", "n-1"), ("council", "n-2")]


def small_election(code: str, *, double_entry: bool) -> ElectionDefinition:
    units = [UnitDefinition(code="all", name="All", kind="country")]
    units += [UnitDefinition(code=unit, name=unit, kind="district", parent="all") for unit in ("n", "s")]
    units += [
        UnitDefinition(code=unit, name=unit, kind="precinct", parent=unit[0], voters_registered=100)
        for unit in PRECINCTS
    ]
    contests = [
        ContestDefinition(
            code=contest,
            name=contest,
            district="all",
            precincts=PRECINCTS if contest == "mayor" else PRECINCTS[:2],
            vote_variation=VoteVariation.PLURALITY if ALLOWED[contest] == 1 else VoteVariation.N_OF_M,
            votes_allowed=ALLOWED[contest],
            number_elected=ALLOWED[contest],
            selections=tuple(SelectionDefinition(code=s, name=s) for s in selections),
        )
        for contest, selections in CONTESTS.items()
    ]
    off = CheckSetting(on=False)
    return ElectionDefinition(
        code=code,
        name=code,
        date=datetime.date(2026, 11, 3),
        units=tuple(units),
        parties=(),
        contests=tuple(contests),
        checks=CheckSettings(duplicate_vector=off, same_ballots=off),
        double_entry=double_entry,
    )


def figures(contest: str, number: int, *, spoiled: bool = False) -> dict[str, Any]:
    """Figures that balance, unless they are spoiled; with a greater number all but one are greater."""
    votes = {selection: 3 + number * place for place, selection in enumerate(CONTESTS[contest])}
    given = sum(votes.values()) + number
    undervotes = 2 + given % ALLOWED[contest]
    ballots = (given + undervotes) // ALLOWED[contest]
    blank = ballots * ALLOWED[contest] - given
    return {
        "votes": votes,
        "write_ins": number,
        "undervotes": blank + spoiled,
        "ballots_cast": ballots,
        "rejected_ballots": 3 - number,
    }


class History:
    """One election, and what its people were told."""

    def __init__(self, world: World, code: str, units: frozenset[int]) -> None:
        self._world = world
        self._code = code
        self._units = units
        self._sent: dict[tuple[int, str], TallySubmission] = {}
        self._taken: dict[tuple[int, str], tuple[TallySubmission, Receipt]] = {}
        self._resolved: list[Receipt] = []
        self._statuses: dict[int, str] = {}
        self._possible: list[tuple[int, Decision]] = []
        self._revisions: dict[tuple[str, str], int] = {}

    @classmethod
    async def begin(cls, world: World, *, double_entry: bool) -> "History":
        house, code = world.houses[0], f"history-{next(_numbers)}"
        await house.elections.define(small_election(code, double_entry=double_entry), opened=True)
        book = await house.intake.book(code)
        return cls(world, code, frozenset(unit for p in book.precincts.values() for unit in p.above))

    async def round(self, moves: Sequence[Move]) -> None:
        """Makes the moves at the same instant, and looks whether the rules hold."""
        coming = [self._made(move, self._world.houses[place % 2]) for place, move in enumerate(moves)]
        for outcome in await asyncio.gather(*coming, return_exceptions=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, DomainError):
                raise outcome
        await self.check()

    async def _made(self, move: Move, house: Services) -> None:
        match move:
            case Send():
                await self._send(move, house)
            case Decide():
                seq, decision = self._chosen(move)
                verdict = Verdict(decision=decision, reason="seen on paper")
                await house.canvass.decide(self._code, seq, verdict, self._actor(move.person))
            case Resolve():
                await self._resolve(move, house)
            case Change():
                await house.elections.move(self._code, move.change, "it has to be")  # type: ignore[arg-type]
            case Certify():
                await self._certify(move, house)
            case Recount():
                recount = house.recounts.begin if move.begins else house.recounts.end
                await recount(self._code, move.contest, "it is so close", self._actor(move.person))

    def _actor(self, person: int) -> Actor:
        return self._world.people.actor(person)

    def _chosen(self, move: Decide) -> tuple[int, Decision]:
        """As things stood a round ago, so that in this one somebody else may have been quicker."""
        if move.blindly is not None or not self._possible:
            decision = move.blindly or Decision.ACCEPT
            return self._newest(move.which), decision
        return self._possible[move.which % len(self._possible)]

    def _newest(self, ago: int, *statuses: str) -> int:
        """The tally that came so many tallies ago, of those with one of the statuses if there are any."""
        fit = [seq for seq, status in self._statuses.items() if status in statuses] or list(self._statuses)
        return fit[-1 - ago % len(fit)] if fit else 1

    async def _send(self, move: Send, house: Services) -> None:
        tally = self._submission(move)
        key = (move.person, tally.ref)
        self._sent.setdefault(key, tally)
        identity = self._world.people.identity(move.person, self._units)
        (answer,) = await house.intake.submit(self._code, identity, "ws", [tally])
        if isinstance(answer, Receipt):
            taken = self._taken.setdefault(key, (tally, answer))
            assert taken == (tally, answer), "what was sent again was taken again, or something else was"
            self._note(tally)
        elif key in self._taken:
            assert self._taken[key][0] != tally, f"a repeat was refused: {answer}"

    def _submission(self, move: Send) -> TallySubmission:
        contest, precinct = _PLACES[move.place]
        mine = [tally for (person, _), tally in self._sent.items() if person == move.person]
        if move.again and mine:
            # The very same, or something else under its ref.
            changes = {"rejected_ballots": 9} if move.spoiled else {}
            return msgspec.structs.replace(mine[-1], **changes)
        revision = self._revisions.get((contest, precinct), 0) + move.newer
        return TallySubmission(
            ref=f"ref-{next(_numbers)}",
            precinct=precinct,
            contest=contest,
            revision=max(revision, 1),
            reason="counted again",
            **figures(contest, move.figures, spoiled=move.spoiled),
        )

    def _note(self, tally: TallySubmission) -> None:
        place = (tally.contest, tally.precinct)
        self._revisions[place] = max(self._revisions.get(place, 0), tally.revision)

    async def _resolve(self, move: Resolve, house: Services) -> None:
        seq = self._newest(move.ago, "quarantined")
        known = [tally for tally, receipt in self._taken.values() if receipt.seq == seq]
        if not known:
            return
        resolution = Resolution(**figures(known[0].contest, move.figures), reason="read again")
        receipt = await house.canvass.resolve(self._code, seq, resolution, self._actor(move.person))
        self._resolved.append(receipt)
        self._note(msgspec.structs.replace(known[0], revision=receipt.revision))

    async def _certify(self, move: Certify, house: Services) -> None:
        actor = self._actor(move.person)
        match move.step:
            case "ask":
                await house.certification.ask(self._code, actor, move.reason)
            case "confirm":
                await house.certification.confirm(self._code, actor)
            case "take back":
                await house.certification.take_back(self._code, actor)
            case _:
                with contextlib.suppress(IllegalTransition):
                    await house.elections.move(self._code, "close")
                other = self._actor((move.person + 1) % len(PEOPLE))
                await house.certification.certify_together(self._code, actor, other, move.reason)

    async def check(self) -> None:
        async with self._world.engine.connect() as connection:
            found = await connection.scalar(text(EVERYTHING), {"code": self._code})
        self._statuses = dict(sorted(assert_replayed(found).statuses.items()))
        self._possible = list(possible(self._statuses, found["decisions"] or ()))
        rows = {row["seq"]: row for row in found["tallies"] or ()}
        hashes = {seq: hashed for seq, _, _, hashed in found["log"]}
        acknowledged = [*(receipt for _, receipt in self._taken.values()), *self._resolved]
        assert sorted(receipt.seq for receipt in acknowledged) == sorted(rows)
        for receipt in acknowledged:
            assert (rows[receipt.seq]["ref"], hashes[receipt.seq]) == (receipt.ref, receipt.leaf_hash)
            assert rows[receipt.seq]["revision"] == receipt.revision


def possible(statuses: dict[int, str], decisions: Sequence[Any]) -> Iterator[tuple[int, Decision]]:
    asked = {row["tally_seq"] for row in decisions if row["decision"] == Decision.ASK_RECALL}
    asked -= {row["tally_seq"] for row in decisions if row["decision"] == Decision.REFUSE_RECALL}
    for seq, status in statuses.items():
        if status == "quarantined":
            yield from ((seq, d) for d in (Decision.ACCEPT, Decision.REJECT, Decision.ASK_AGAIN))
        elif status == "accepted":
            answers = (Decision.RECALL, Decision.RECALL, Decision.REFUSE_RECALL)
            yield from ((seq, d) for d in (answers if seq in asked else (Decision.ASK_RECALL,)))


@pytest.fixture
async def world(house: Services, make_app: Callable[[], Any]) -> Any:
    desk = Desk(house, "people")
    ids = []
    await house.elections.define(small_election("people", double_entry=False))
    for name in PEOPLE:
        ids.append((await desk.official(name, roles=list(Role), units=["all"])).identity.member_id)
    engine = create_async_engine(asyncpg_url(desk.database_url), isolation_level="AUTOCOMMIT")
    yield World((house, house_of(await make_app())), People(tuple(ids)), engine)
    await engine.dispose()


async def play(world: World, plan: Plan) -> None:
    history = await History.begin(world, double_entry=plan.double_entry)
    for moves in plan.rounds:
        await history.round(moves)


@settings(
    max_examples=HISTORIES // TOGETHER,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(plans=st.lists(_plans, min_size=TOGETHER, max_size=TOGETHER))
async def test_the_rules_hold_after_each_step(world: World, plans: list[Plan]) -> None:
    await asyncio.gather(*(play(world, plan) for plan in plans))
