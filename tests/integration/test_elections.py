"""Defining elections, moving them along, officials and their tokens."""

import asyncio
import datetime
from typing import Any

import msgspec
import pytest

from models.definitions import ElectionDefinition
from models.errors import (
    AlreadyExists,
    IllegalTransition,
    Invalid,
    NotSignedIn,
    UnknownElection,
    UnknownMember,
    UnknownUnit,
)
from models.people import ROLES
from quart_app.wiring import Services
from tests.building import a_tally, tiny_election
from tests.desk import Desk, certify, define, move

HOUR = datetime.timedelta(hours=1)


async def test_an_election_is_defined_once(desk: Desk) -> None:
    with pytest.raises(AlreadyExists):
        await desk.house.elections.define(tiny_election())


async def test_what_was_defined_can_be_read_back(desk: Desk) -> None:
    definition = tiny_election()
    contests = await desk.house.elections.contests("tiny")
    assert [contest.code for contest in contests] == [contest.code for contest in definition.contests]
    assert [s.code for s in contests[0].selections] == ["ada", "ben", "cy"]
    assert (contests[1].votes_allowed, contests[1].number_elected) == (2, 2)
    units = await desk.house.elections.units("tiny")
    assert {(u.code, u.parent) for u in units} == {(u.code, u.parent) for u in definition.units}


def changed(**changes: Any) -> ElectionDefinition:
    return msgspec.structs.replace(tiny_election("broken"), **changes)


UNITS = tiny_election().units
CONTEST = tiny_election().contests[0]
replace = msgspec.structs.replace
BROKEN: dict[str, tuple[ElectionDefinition, str]] = {
    "no root": (changed(units=UNITS[3:]), "units"),
    "two roots": (changed(units=(*UNITS, replace(UNITS[0], code="second"))), "units.second.parent"),
    "a precinct as the root": (changed(units=(replace(UNITS[3], parent=None),)), "units.north-1.kind"),
    "a child before its parent": (changed(units=tuple(reversed(UNITS))), "units.north-1.parent"),
    "a unit below a precinct": (
        changed(units=(*UNITS, replace(UNITS[3], code="below", parent="north-1"))),
        "units.below.parent",
    ),
    "a unit twice": (changed(units=(*UNITS, UNITS[3])), "units.north-1"),
    "a party twice": (changed(parties=tiny_election().parties * 2), "parties.BLU"),
    "a contest twice": (changed(contests=(CONTEST, CONTEST)), "contests.president"),
    "an unknown district": (
        changed(contests=(replace(CONTEST, district="x"),)),
        "contests.president.district",
    ),
    "an unknown precinct": (
        changed(contests=(replace(CONTEST, precincts=("x",)),)),
        "contests.president.precincts",
    ),
    "a district as a precinct": (
        changed(contests=(replace(CONTEST, precincts=("north",)),)),
        "contests.president.precincts",
    ),
    "a precinct twice": (
        changed(contests=(replace(CONTEST, precincts=("north-1", "north-1")),)),
        "contests.president.precincts",
    ),
    "no precinct": (changed(contests=(replace(CONTEST, precincts=()),)), "contests.president.precincts"),
    "no selection": (changed(contests=(replace(CONTEST, selections=()),)), "contests.president.selections"),
    "an unknown party": (changed(parties=()), "contests.president.selections"),
    "a selection twice": (
        changed(contests=(replace(CONTEST, selections=CONTEST.selections * 2),)),
        "contests.president.selections.ada",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_definition_that_does_not_hang_together_names_where_and_leaves_nothing(
    house: Services, fault: str
) -> None:
    definition, field = BROKEN[fault]
    with pytest.raises(Invalid) as refused:
        await house.elections.define(definition)
    assert field in {error.field for error in refused.value.errors}
    assert await house.elections.all() == []


async def test_an_election_moves_along_its_lifecycle_and_each_move_is_in_the_log(house: Services) -> None:
    await house.elections.define(tiny_election())
    for change, status in (("open", "open"), ("close", "closed"), ("certify", "certified")):
        await move(house, "tiny", change, f"because {change}")  # type: ignore[arg-type]
        assert (await house.elections.get("tiny")).status == status
    rows = await Desk(house, "tiny").sql("SELECT entry::jsonb AS entry FROM log_entries ORDER BY seq")
    kinds = [row.entry.get("change", row.entry["kind"]) for row in rows]
    assert kinds == ["created", "opened", "closed", "certificate", "certified"]
    assert rows[-1].entry["reason"] == "because certify"


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ([], "close"),
        ([], "release"),
        ([], "certify"),
        (["open"], "open"),
        (["open"], "certify"),
        (["open", "close"], "open"),
    ],
)
async def test_any_other_move_is_refused_and_leaves_no_trace(
    house: Services, before: list[Any], change: Any
) -> None:
    await house.elections.define(tiny_election())
    for step in before:
        await house.elections.move("tiny", step)
    head = await house.log.head("tiny")
    with pytest.raises(IllegalTransition):
        await house.elections.move("tiny", change)
    assert await house.log.head("tiny") == head


async def test_results_are_released_and_withheld_in_turn(house: Services) -> None:
    await house.elections.define(tiny_election(), opened=True)
    with pytest.raises(IllegalTransition):
        await house.elections.move("tiny", "withhold")
    assert (await house.elections.move("tiny", "release")).results_released
    with pytest.raises(IllegalTransition):
        await house.elections.move("tiny", "release")
    assert not (await house.elections.move("tiny", "withhold")).results_released


async def test_of_two_who_press_the_same_button_one_is_told(house: Services) -> None:
    await house.elections.define(tiny_election())
    moves = [house.elections.move("tiny", "open") for _ in range(2)]
    results = await asyncio.gather(*moves, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["ElectionState", "IllegalTransition"]
    assert await house.log.head("tiny") == 2


async def test_an_unknown_election_cannot_be_moved(house: Services) -> None:
    with pytest.raises(UnknownElection):
        await house.elections.move("nowhere", "open")


async def test_a_certified_election_says_so_in_its_results(desk: Desk) -> None:
    await desk.receipts(a_tally())
    await desk.house.elections.move("tiny", "close")
    await certify(desk.house)
    view = await desk.house.results.current("tiny")
    assert view.contest("president").results.status == "certified"


async def test_an_official_gains_roles_and_precincts_and_loses_none(desk: Desk) -> None:
    first = await desk.official("olga", units=["north-1"])
    again = await desk.official("olga", roles=["auditor"], units=["south-1", "north-1"])
    assert first.identity.member_id == again.identity.member_id
    assert again.identity.roles == {"officer", "auditor"}
    assert (await desk.house.intake.book("tiny")).covered(again.identity.units) == ["north-1", "south-1"]


@pytest.mark.parametrize("username", ["", "Olga", "olga!", "-olga", "o" * 65, "ölga", "olga\x00"])
async def test_a_username_that_cannot_be_one_is_named(desk: Desk, username: str) -> None:
    with pytest.raises(Invalid) as refused:
        await desk.house.officials.add(username, ["officer"], [], "tiny")
    assert refused.value.code == "invalid-username"


async def test_an_unknown_role_is_named_with_those_that_exist(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        await desk.house.officials.add("olga", ["king"], [], "tiny")
    assert all(role in refused.value.title for role in ROLES)


async def test_an_unknown_precinct_leaves_no_official(desk: Desk) -> None:
    with pytest.raises(UnknownUnit):
        await desk.house.officials.add("olga", ["officer"], ["nowhere"], "tiny")
    with pytest.raises(UnknownMember):
        await desk.house.credentials.issue_token("olga", HOUR)


async def test_a_precinct_of_several_elections_wants_the_election_named(desk: Desk) -> None:
    await define(desk.house, tiny_election("other"))
    with pytest.raises(Invalid) as refused:
        await desk.house.officials.add("olga", ["officer"], ["north-1"])
    assert refused.value.code == "ambiguous-precinct"


async def test_an_officer_of_one_election_sends_nothing_to_another(desk: Desk) -> None:
    other = await define(desk.house, tiny_election("other"))
    officer = await desk.official(units=["country"])
    assert (await desk.house.intake.book("other")).covered(officer.identity.units) == []
    [answer] = await other.send(a_tally(), by=officer)
    assert getattr(answer, "code", None) == "not-your-precinct"


async def test_a_token_works_until_it_expires(desk: Desk) -> None:
    await desk.official("olga")
    token = (await desk.house.credentials.issue_token("olga", datetime.timedelta(seconds=-1))).token
    with pytest.raises(NotSignedIn):
        await desk.house.credentials.by_token(token)
    with pytest.raises(NotSignedIn):
        await desk.house.credentials.by_token("ts_nonsense")
