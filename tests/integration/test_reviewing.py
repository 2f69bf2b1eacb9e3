"""The reviewers' desk: its queue, the case file, decisions over HTTP, the stream, and its plain forms."""

import asyncio
import re
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.rights import Role
from quart_app.wiring import Services
from tests.building import FIGURES, a_tally, tiny_election, unbalanced
from tests.desk import Desk, Official, define, until
from tests.sockets import client_of
from tests.streams import Stream
from tests.visitor import PASSWORD, Visitor

HERE = "/elections/tiny/review"
REASON = "The sheet was seen."


@pytest.fixture
async def olga(desk: Desk) -> Official:
    return await desk.official("olga")


@pytest.fixture
async def rosa(desk: Desk) -> Official:
    return await desk.official("rosa", roles=("reviewer",), units=())


@pytest.fixture
async def rudi(desk: Desk) -> Official:
    return await desk.official("rudi", roles=("reviewer", "officer"))


async def ask(client: Client, desk: Desk, who: Official, path: str = "") -> Any:
    response = await client.get(f"{desk.path}/review{path}", headers=who.bearer)
    assert response.status_code == 200, await response.get_json()
    return await response.get_json()


async def decide(
    client: Client, desk: Desk, who: Official, seq: int, decision: str, reason: str = REASON
) -> tuple[int, Any]:
    body = {"decision": decision, "reason": reason}
    response = await client.post(f"{desk.path}/review/{seq}", json=body, headers=who.bearer)
    return response.status_code, await response.get_json()


def places(queue: Any) -> list[str]:
    return [f"{case['precinct']}/{case['contest']}" for case in queue["cases"]]


# ---- the queue ----


async def test_what_waits_comes_oldest_first_with_what_failed_and_who_sent_it(
    client: Client, desk: Desk, olga: Official, rosa: Official
) -> None:
    await desk.receipts(unbalanced("north-2"), a_tally("south-1"), unbalanced("north-1", "council"), by=olga)
    queue = await ask(client, desk, rosa)
    assert places(queue) == ["north-2/president", "north-1/council"]
    assert (queue["waiting"], queue["found"], queue["oldest"]) == (2, 2, queue["cases"][0]["since"])
    first = queue["cases"][0]
    assert (first["kind"], first["senders"], first["checks"][0]["check"]) == ("tally", ["olga"], "balance")
    assert (first["checks"][0]["found"], first["checks"][0]["expected"]) == (81, 80)


async def test_of_several_revisions_only_the_newest_is_a_case(
    client: Client, desk: Desk, olga: Official, rosa: Official
) -> None:
    await desk.receipts(unbalanced(), unbalanced(revision=2, reason="counted again"), by=olga)
    queue = await ask(client, desk, rosa)
    assert [case["revision"] for case in queue["cases"]] == [2]
    assert queue["cases"][0]["reason"] == "counted again"


async def test_two_entries_that_differ_are_one_case(client: Client, house: Services) -> None:
    desk = await define(house, tiny_election(double_entry=True))
    one, other = await desk.official("olga"), await desk.official("otto")
    rosa = await desk.official("rosa", roles=("reviewer",), units=())
    (first,) = await desk.receipts(a_tally(), by=one)
    assert (await ask(client, desk, rosa))["cases"] == []
    response = await client.get(f"{desk.path}/review/{first.seq}", headers=rosa.bearer)
    assert (response.status_code, (await response.get_json())["code"]) == (409, "entry-concealed")
    (second,) = await desk.receipts(unbalanced(), by=other)
    (case,) = (await ask(client, desk, rosa))["cases"]
    assert (case["kind"], case["seq"], case["senders"]) == ("entries", second.seq, ["olga", "otto"])
    file = await ask(client, desk, rosa, f"/{second.seq}")
    assert [entry["undervotes"] for entry in file["entries"]] == [3, 4]
    assert file["may"] == ["reject", "ask-again", "resolve"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("contest=council", ["north-1/council"]),
        ("unit=north", ["north-2/president", "north-1/council"]),
        ("unit=south-1", ["south-1/president"]),
        ("check=balance", ["north-2/president", "north-1/council"]),
        ("check=turnout", ["south-1/president"]),
        ("asked=yes", ["north-2/president"]),
        ("asked=no", ["north-1/council", "south-1/president"]),
        ("minutes=5", []),
        ("mine=true", ["north-2/president", "north-1/council"]),
        ("limit=1", ["north-2/president"]),
        ("unit=north&contest=president", ["north-2/president"]),
    ],
)
async def test_filters(
    client: Client, desk: Desk, olga: Official, rudi: Official, query: str, found: list[str]
) -> None:
    tallies = await desk.receipts(unbalanced("north-2"), unbalanced("north-1", "council"), by=olga)
    too_many: dict[str, Any] = {"votes": {"ada": 140, "ben": 30, "cy": 5}, "ballots_cast": 180}
    await desk.receipts(a_tally("south-1", **too_many), by=rudi)
    assert (await decide(client, desk, rudi, tallies[0].seq, "ask-again"))[0] == 201
    queue = await ask(client, desk, rudi, f"?{query}")
    assert places(queue) == found
    assert queue["waiting"] == 3


async def test_old_ones_are_found_by_how_long_they_wait(
    client: Client, desk: Desk, olga: Official, rosa: Official
) -> None:
    await desk.receipts(unbalanced(), by=olga)
    await desk.sql("ALTER TABLE tallies DISABLE TRIGGER USER")
    await desk.sql("UPDATE tallies SET submitted_at = submitted_at - interval '14 minutes'")
    await desk.sql("ALTER TABLE tallies ENABLE TRIGGER USER")
    assert places(await ask(client, desk, rosa, "?minutes=10")) == ["north-1/president"]
    assert places(await ask(client, desk, rosa, "?minutes=20")) == []


async def test_pages_of_the_queue_lead_on_to_every_case_once(
    client: Client, desk: Desk, olga: Official, rosa: Official
) -> None:
    await desk.receipts(*(unbalanced(f"{side}-{n}") for side in ("north", "south") for n in (1, 2)), by=olga)
    page, seen = await ask(client, desk, rosa, "?limit=3"), []
    while True:
        seen += places(page)
        if page["next"] is None:
            break
        page = await (await client.get(page["next"], headers=rosa.bearer)).get_json()
    assert seen == [f"{side}-{n}/president" for side in ("north", "south") for n in (1, 2)]


@pytest.mark.parametrize("query", ["contest=nothing", "unit=nowhere", "check=luck", "minutes=-1", "asked=so"])
async def test_what_cannot_be_looked_for_is_refused_with_its_field(
    client: Client, desk: Desk, rosa: Official, query: str
) -> None:
    response = await client.get(f"{desk.path}/review?{query}", headers=rosa.bearer)
    problem = await response.get_json()
    assert response.status_code == 422
    assert query.partition("=")[0] in str(problem["errors"])


async def test_the_desk_is_for_reviewers_and_administrators_and_auditors_may_look(
    client: Client, desk: Desk, olga: Official
) -> None:
    (held,) = await desk.receipts(unbalanced(), by=olga)
    for path in ("", "/stream", f"/{held.seq}"):
        assert (await client.get(f"{desk.path}/review{path}")).status_code == 401
        assert (await client.get(f"{desk.path}/review{path}", headers=olga.bearer)).status_code == 403
    anna = await desk.official("anna", roles=("auditor",), units=())
    file = await ask(client, desk, anna, f"/{held.seq}")
    assert (file["may"], "you can look" in file["barred"]) == ([], True)
    assert (await decide(client, desk, anna, held.seq, "accept"))[0] == 403


# ---- one case ----


async def test_a_case_stands_beside_its_siblings_its_other_contests_and_its_history(
    client: Client, desk: Desk, olga: Official, rosa: Official
) -> None:
    await desk.receipts(
        a_tally("north-2"), a_tally("north-1", "council"), unbalanced("north-1"), a_tally("south-1"), by=olga
    )
    held = unbalanced("north-1", revision=2, reason="two sheets were swapped")
    (newest,) = await desk.receipts(held, by=olga)
    file = await ask(client, desk, rosa, f"/{newest.seq}")
    assert (file["siblings"]["unit"], file["siblings"]["turnout"]["precincts"]) == ("north", 1)
    assert [one["precinct"] for one in file["siblings"]["closest"]] == ["north-2"]
    assert file["siblings"]["turnout"]["mean"] == 0.4
    assert round(file["siblings"]["shares"]["ada"]["mean"], 4) == round(40 / 76, 4)
    assert [(one["contest"], one["ballots_cast"]) for one in file["others"]] == [("council", 80)]
    assert [one["revision"] for one in file["tallies"]] == [1, 2]
    assert (file["tally"]["by"], file["tally"]["channel"]) == ("olga", "ws")
    assert file["may"] == ["accept", "reject", "ask-again", "resolve"]
    assert file["barred"] == ""


async def test_where_figures_are_identical_the_other_precinct_is_named(
    client: Client, house: Services
) -> None:
    definition = tiny_election(checks=tiny_election().checks.__class__())
    desk = await define(house, definition)
    olga = await desk.official("olga")
    rosa = await desk.official("rosa", roles=("reviewer",), units=())
    first, second = await desk.receipts(a_tally("north-1"), a_tally("south-1"), by=olga)
    assert second.status == "quarantined"
    file = await ask(client, desk, rosa, f"/{second.seq}")
    assert [(twin["precinct"], twin["seq"]) for twin in file["twins"]] == [("north-1", first.seq)]


async def test_nobody_reviews_what_they_sent_administrators_neither(
    client: Client, desk: Desk, rudi: Official
) -> None:
    everything = await desk.official("ann", roles=tuple(Role))
    for who, precinct in ((rudi, "north-1"), (everything, "north-2")):
        (held,) = await desk.receipts(unbalanced(precinct), by=who)
        file = await ask(client, desk, who, f"/{held.seq}")
        assert (file["may"], "You sent this tally" in file["barred"]) == ([], True)
        for decision in ("accept", "reject", "ask-again"):
            status, problem = await decide(client, desk, who, held.seq, decision)
            assert (status, problem["code"]) == (403, "own-tally")
    assert (await ask(client, desk, rudi))["waiting"] == 2


async def test_of_two_who_decide_at_the_same_instant_one_is_told_what_happened(
    client: Client, desk: Desk, olga: Official, rosa: Official, rudi: Official
) -> None:
    (held,) = await desk.receipts(unbalanced(), by=olga)
    answers = await asyncio.gather(
        decide(client, desk, rosa, held.seq, "accept"), decide(client, desk, rudi, held.seq, "reject")
    )
    assert sorted(status for status, _ in answers) == [201, 409]
    (problem,) = [body for status, body in answers if status == 409]
    assert problem["code"] == "tally-decided"
    assert (await ask(client, desk, rosa))["cases"] == []


async def test_a_decision_on_an_old_revision_names_the_new_one(
    client: Client, desk: Desk, olga: Official, rosa: Official
) -> None:
    old, new = await desk.receipts(unbalanced(), unbalanced(revision=2, reason="again"), by=olga)
    status, problem = await decide(client, desk, rosa, old.seq, "accept")
    assert (status, problem["code"]) == (409, "newer-revision")
    assert str(new.seq) in problem["title"]
    file = await ask(client, desk, rosa, f"/{old.seq}")
    assert (file["newest"], file["may"]) == (new.seq, [])


async def test_a_recall_takes_two_people_and_waits_in_the_queue(
    client: Client, desk: Desk, olga: Official, rosa: Official, rudi: Official
) -> None:
    (counted,) = await desk.receipts(a_tally(), by=olga)
    assert (await decide(client, desk, rosa, counted.seq, "recall"))[1]["code"] == "recall-not-asked"
    assert (await decide(client, desk, rosa, counted.seq, "ask-recall"))[0] == 201
    (case,) = (await ask(client, desk, rudi))["cases"]
    assert (case["kind"], case["seq"], case["asked_by"]) == ("recall", counted.seq, "rosa")
    assert (await ask(client, desk, rosa, "?mine=true"))["cases"] == []
    status, problem = await decide(client, desk, rosa, counted.seq, "recall")
    assert (status, problem["code"]) == (403, "recall-asked-by-you")
    assert (await ask(client, desk, rosa, f"/{counted.seq}"))["may"] == ["refuse-recall"]
    assert (await decide(client, desk, rudi, counted.seq, "recall"))[0] == 201
    assert (await ask(client, desk, rudi))["waiting"] == 0
    assert await desk.votes() == {"ada": 0, "ben": 0, "cy": 0}


async def test_what_is_certified_is_recalled_by_nobody(
    client: Client, desk: Desk, olga: Official, rosa: Official
) -> None:
    (counted,) = await desk.receipts(a_tally(), by=olga)
    await desk.sql("UPDATE elections SET status = 'certified'")
    status, problem = await decide(client, desk, rosa, counted.seq, "ask-recall")
    assert (status, problem["code"]) == (409, "election-certified")
    file = await ask(client, desk, rosa, f"/{counted.seq}")
    assert (file["may"], "begin a correction first" in file["barred"]) == ([], True)


async def test_the_figures_that_hold_are_counted_in_the_place_of_what_waits(
    client: Client, desk: Desk, olga: Official, rosa: Official
) -> None:
    (held,) = await desk.receipts(unbalanced(), by=olga)
    body = {**FIGURES["president"], "reason": REASON}
    response = await client.post(f"{desk.path}/review/{held.seq}/resolution", json=body, headers=rosa.bearer)
    receipt = await response.get_json()
    assert (response.status_code, receipt["revision"], receipt["status"]) == (201, 2, "accepted")
    file = await ask(client, desk, rosa, f"/{held.seq}")
    assert (file["tally"]["status"], file["counted"]["by"]) == ("superseded", "rosa")
    assert [one["decision"] for one in file["decisions"]] == ["resolve"]


async def test_complaints_about_the_precinct_stand_beside_its_tally(
    client: Client, reviewer: Visitor, desk: Desk, olga: Official, rosa: Official
) -> None:
    (held,) = await desk.receipts(unbalanced(), by=olga)
    filing = {
        "category": "counting",
        "unit": "north-1",
        "role": "observer",
        "text": "Two sheets were swapped.",
    }
    response = await client.post(f"{desk.path}/complaints", json=filing)
    assert response.status_code == 201, await response.get_json()
    assert (await ask(client, desk, rosa))["cases"][0]["complaints"] == 1
    (complaint,) = (await ask(client, desk, rosa, f"/{held.seq}"))["complaints"]
    assert (complaint["number"], complaint["category"]) == (1, "counting")
    await reviewer.get(f"{HERE}/{held.seq}")
    assert "Number 1, counting" in reviewer.text
    found = re.search(r'href="([^"]*complaints[^"]*/1)"', reviewer.page)
    assert found
    await reviewer.get(found[1])
    assert (reviewer.status, "Two sheets were swapped." in reviewer.text) == (200, True)


# ---- live ----


async def test_the_stream_begins_with_the_queue_and_follows_what_comes_and_goes(
    client: Client, desk: Desk, olga: Official, rosa: Official
) -> None:
    (held,) = await desk.receipts(unbalanced(), by=olga)
    async with Stream(client, f"{desk.path}/review/stream", rosa.bearer) as stream:
        first = await stream.event("queue")
        assert (places(first.data), first.id) == (["north-1/president"], first.data["version"])
        await desk.receipts(unbalanced("north-2"), by=olga)
        second = await stream.event("queue")
        assert places(second.data) == ["north-1/president", "north-2/president"]
        await decide(client, desk, rosa, held.seq, "accept")
        assert places((await stream.event("queue")).data) == ["north-2/president"]


async def test_the_stream_ends_with_the_rights_of_whoever_watches(
    client: Client, desk: Desk, house: Services, rosa: Official
) -> None:
    async with Stream(client, f"{desk.path}/review/stream", rosa.bearer) as stream:
        await stream.event("queue")
        assert house.watchers.count == 1
        await desk.sql("DELETE FROM tokens")
        house.standing.heal()
        await until(lambda: nobody_watches(house))


async def nobody_watches(house: Services) -> bool:
    return house.watchers.count == 0


# ---- pages ----


@pytest.fixture
async def reviewer(app: Quart, house: Services, desk: Desk) -> Visitor:
    await house.officials.add("ruth", ["reviewer"], [], password=PASSWORD)
    visitor = Visitor(client_of(app))
    await visitor.sign_in("ruth")
    return visitor


async def test_a_reviewer_goes_from_the_queue_to_a_case_decides_and_goes_on_to_the_next(
    reviewer: Visitor, desk: Desk, olga: Official
) -> None:
    first, second = await desk.receipts(unbalanced(), unbalanced("south-2"), by=olga)
    await reviewer.get(HERE)
    assert "2 cases wait" in reviewer.text
    assert "The oldest waits for less than a minute." in reviewer.text
    assert f'href="{HERE}/{first.seq}"' in reviewer.page
    await reviewer.get(f"{HERE}/{first.seq}")
    assert "81 of 80 votes are accounted for. It does not add up." in reviewer.text
    assert "name nobody" in reviewer.text
    await reviewer.post(f"{HERE}/{first.seq}", frm=HERE, decision="accept", reason=REASON)
    assert "Accepted: the tally is counted." in reviewer.text
    assert f'rel="next" href="{HERE}/{second.seq}"' in reviewer.page
    assert reviewer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    "typed, told",
    [
        ("99999999999999999999", "of this election brought no tally."),
        ("1", "Log entry 1 of this election brought no tally."),
        ("twelve", "The entry in the log is a whole number."),
    ],
)
async def test_whoever_looks_for_no_tally_stays_at_the_queue(
    reviewer: Visitor, typed: str, told: str
) -> None:
    await reviewer.get(f"{HERE}?entry={typed}")
    assert reviewer.status == 422
    assert told in reviewer.text
    assert f'value="{typed}"' in reviewer.page
    assert '<a href="#entry">' in reviewer.page


async def test_a_decision_without_a_reason_is_refused_at_its_field(
    reviewer: Visitor, desk: Desk, olga: Official
) -> None:
    (held,) = await desk.receipts(unbalanced(), by=olga)
    await reviewer.get(f"{HERE}/{held.seq}")
    await reviewer.post(f"{HERE}/{held.seq}", frm=HERE, decision="accept", reason=" ")
    assert reviewer.status == 422
    assert 'aria-invalid="true"' in reviewer.page
    assert (await desk.sql("SELECT status FROM tallies"))[0].status == "quarantined"


@pytest.mark.parametrize(
    "decision, words",
    [
        ("accept", "Accepted: the tally is counted."),
        ("reject", "Rejected: the tally is never counted."),
        ("ask-again", "Asked for again"),
    ],
)
async def test_a_button_pressed_twice_decides_once_and_says_so_twice(
    reviewer: Visitor, desk: Desk, olga: Official, decision: str, words: str
) -> None:
    (held,) = await desk.receipts(unbalanced(), by=olga)
    await reviewer.get(HERE)
    for _ in range(2):
        await reviewer.post(f"{HERE}/{held.seq}", frm=HERE, decision=decision, reason=f" {REASON} ")
        assert reviewer.status == 200
        assert words in reviewer.text
    assert len(await desk.sql("SELECT 1 FROM tally_decisions")) == 1


async def test_figures_counted_twice_by_one_button_are_counted_once(
    reviewer: Visitor, desk: Desk, olga: Official
) -> None:
    (held,) = await desk.receipts(unbalanced(), by=olga)
    figures = {f"votes.{code}": votes for code, votes in FIGURES["president"]["votes"].items()}
    counts = {name: FIGURES["president"].get(name, 0) for name in COUNTS}
    await reviewer.get(HERE)
    for _ in range(2):
        resolved = {**figures, **counts, "reason": REASON, "step": "send"}
        await reviewer.post(f"{HERE}/{held.seq}/resolve", frm=f"{HERE}/{held.seq}/resolve", **resolved)
        assert reviewer.status == 200
    assert (await desk.votes())["ada"] == 40
    assert len(await desk.sql("SELECT 1 FROM tallies")) == 2


async def test_what_failed_is_told_with_names_and_not_with_codes(
    reviewer: Visitor, desk: Desk, olga: Official
) -> None:
    (held,) = await desk.receipts(a_tally(votes={"ada": 90, "ben": 30, "cy": 5}), by=olga)
    for address in (HERE, f"{HERE}/{held.seq}"):
        await reviewer.get(address)
        assert "90 votes for \u2068Ada\u2069, but only 80 ballots cast." in reviewer.text


async def test_who_was_too_late_reads_what_happened_and_is_led_on(
    client: Client, reviewer: Visitor, desk: Desk, olga: Official, rosa: Official
) -> None:
    first, second = await desk.receipts(unbalanced(), unbalanced("north-2"), by=olga)
    await reviewer.get(f"{HERE}/{first.seq}")
    await decide(client, desk, rosa, first.seq, "reject")
    await reviewer.post(f"{HERE}/{first.seq}", frm=HERE, decision="accept", reason=REASON)
    assert reviewer.status == 409
    assert "This tally is rejected by now" in reviewer.text
    assert f'rel="next" href="{HERE}/{second.seq}"' in reviewer.page
    assert 'name="decision"' not in reviewer.page


async def test_two_entries_are_resolved_field_by_field_without_scripts(
    app: Quart, client: Client, house: Services
) -> None:
    desk = await define(house, tiny_election(double_entry=True))
    one, other = await desk.official("olga"), await desk.official("otto")
    await house.officials.add("ruth", ["reviewer"], [], password=PASSWORD)
    reviewer = Visitor(client_of(app))
    await reviewer.sign_in("ruth")
    await desk.receipts(a_tally(), by=one)
    (held,) = await desk.receipts(unbalanced(), by=other)
    here = f"{HERE}/{held.seq}/resolve"
    await reviewer.get(here)
    assert reviewer.page.count('<tr class="differs">') == 1
    assert 'name="votes.ada" pattern="[\\d\\s]*" required type="text" value="40"' in reviewer.page
    assert "Some figures are missing." in reviewer.text
    figures = {f"votes.{code}": votes for code, votes in FIGURES["president"]["votes"].items()}
    counts = {name: FIGURES["president"].get(name, 0) for name in COUNTS}
    await reviewer.post(here, frm=here, step="check", **figures, **{**counts, "undervotes": 4})
    assert "81 of 80 votes are accounted for. It does not add up." in reviewer.text
    assert "This was not taken" not in reviewer.text
    await reviewer.post(here, frm=here, step="send", reason=REASON, **figures, **counts)
    assert "Decided: the figures that you gave are counted." in reviewer.text
    assert await desk.votes() == {"ada": 40, "ben": 30, "cy": 5}


COUNTS = ("ballots_cast", "write_ins", "overvotes", "undervotes", "rejected_ballots")


async def test_a_counted_tally_is_opened_by_its_entry_and_asked_to_be_recalled(
    reviewer: Visitor, desk: Desk, olga: Official
) -> None:
    (counted,) = await desk.receipts(a_tally(), by=olga)
    await reviewer.get(f"{HERE}?entry={counted.seq}")
    await reviewer.get(reviewer.location)
    assert "Ask for a recall" in reviewer.text
    await reviewer.post(f"{HERE}/{counted.seq}", frm=HERE, decision="ask-recall", reason="The wrong sheet.")
    assert "You asked for this recall, so somebody else approves it." in reviewer.text
    assert "Take it back" in reviewer.text
    await reviewer.get(HERE)
    assert "ruth asks to take it out: The wrong sheet." in reviewer.text


async def test_what_cannot_be_looked_for_is_told_on_the_page(reviewer: Visitor) -> None:
    await reviewer.get(f"{HERE}?unit=nowhere")
    assert reviewer.status == 422
    assert "There is no reporting unit 'nowhere' here." in reviewer.text
