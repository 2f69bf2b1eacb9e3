"""Candidates: filed by anyone or many at once, decided on by registrars, seen once they have qualified."""

import asyncio
import datetime
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import msgspec
import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.ballot_order import BallotOrder
from models.batch import Receipt
from models.candidates import CandidateInfo, Decisions, FilingDecision, FilingEdit
from models.editions import edition
from models.errors import AlreadyDecided, ElectionNotDraft, IllegalTransition, Invalid, Stale, UnknownUnit
from models.rights import OPERATOR
from quart_app.access import every_rule
from quart_app.wiring import Services
from services.bulk import Raw, RowResult
from tests.building import a_tally, tiny_election
from tests.desk import Desk, Official, until
from tests.integration.conftest import house_of

CONTACT = {"address": "1 Hidden Lane", "telephone": "+1 555 0100 200", "email": "secret@example.org"}
SECRETS = (*CONTACT.values(), "Hidden Lane", "0100 200")

QUALIFY = FilingDecision(change="qualify")


def a_filing(contest: str = "council", **changes: Any) -> dict[str, Any]:
    return {"contest": contest, "first_name": "Grace", "last_name": "Gardener", **CONTACT, **changes}


def ordered_election(rule: BallotOrder = BallotOrder.GIVEN) -> Any:
    """The tiny election whose council stands on the ballot by this rule."""
    definition = tiny_election()
    contests = [
        msgspec.structs.replace(c, ballot_order=rule) if c.code == "council" else c
        for c in definition.contests
    ]
    return msgspec.structs.replace(definition, contests=tuple(contests))


@pytest.fixture
async def draft(house: Services) -> Desk:
    """The desk of the tiny election while it is a draft."""
    await house.elections.define(ordered_election())
    return Desk(house, "tiny")


@pytest.fixture
async def registrar(draft: Desk) -> Official:
    return await draft.official("rita", roles=["registrar"], units=[])


async def ask(
    client: Client, desk: Desk, path: str, by: Official | None = None, **options: Any
) -> tuple[int, Any]:
    method = options.pop("method", "POST" if "json" in options or "data" in options else "GET")
    headers = {**(by.bearer if by else {}), **options.pop("headers", {})}
    response = await client.open(f"{desk.path}{path}", method=method, headers=headers, **options)
    return response.status_code, json.loads(await response.get_data())


async def bulk(desk: Desk, rows: Sequence[dict[str, Any]], house: Services | None = None) -> list[RowResult]:
    """Files rows in chunks of 1,000, as they come out of a body."""

    async def chunks() -> AsyncIterator[list[Raw]]:
        numbered = list(enumerate(rows, start=1))
        for start in range(0, len(numbered), 1000):
            yield numbered[start : start + 1000]

    answers = (house or desk.house).candidates.file_many(desk.election, chunks(), OPERATOR)
    return [result async for chunk in answers for result in chunk]


async def file(desk: Desk, code: str, first: str, last: str, contest: str = "council", **more: Any) -> None:
    row = {"code": code, "contest": contest, "first_name": first, "last_name": last, **more}
    [result] = await bulk(desk, [row])
    assert result.status == "added", result


async def decide(desk: Desk, code: str, change: Any = "qualify", **more: Any) -> CandidateInfo:
    if change != "qualify":
        more = {"reason": "because", **more}
    decision = FilingDecision(change=change, **more)
    return await desk.house.decisions.decide(desk.election, code, decision, OPERATOR)


async def on_ballot(desk: Desk, contest: str = "council") -> list[str]:
    ballot = await desk.house.ballots.get(desk.election)
    [found] = [c for c in ballot.contests if c.code == contest]
    return [selection.code for selection in found.selections]


# ---- one filing's life ----


async def test_a_filing_waits_qualifies_and_withdraws(
    draft: Desk, client: Client, registrar: Official
) -> None:
    status, filed = await ask(client, draft, "/filings", json=a_filing(party="RED"))
    code = filed["code"]
    assert (status, filed) == (201, {"code": code, "status": "filed"})
    assert re.fullmatch("F-[0-9a-f]{16}", code)

    status, seen = await ask(client, draft, f"/candidates/{code}", registrar)
    assert (seen["status"], seen["party"], seen["selection"]) == ("filed", "RED", None)
    status, seen = await ask(
        client, draft, f"/candidates/{code}/moves", registrar, json={"change": "qualify"}
    )
    assert (status, seen["status"], seen["selection"]) == (200, "qualified", code.lower())
    assert (await ask(client, draft, f"/candidates/{code}"))[1].keys() == {
        *("code", "contest", "first_name", "last_name", "party", "status", "filed_at", "selection")
    }
    _, ballot = await ask(client, draft, "/ballot")
    council = next(c for c in ballot["contests"] if c["code"] == "council")
    assert council["selections"][-1] == {
        "code": code.lower(),
        "name": "Grace Gardener",
        "party": "RED",
        "sort_name": "Gardener, Grace",
    }

    path = f"/candidates/{code}/moves"
    status, problem = await ask(client, draft, path, registrar, json={"change": "withdraw"})
    assert (status, problem["code"]) == (422, "missing-reason")
    status, seen = await ask(
        client, draft, path, registrar, json={"change": "withdraw", "reason": "moved away"}
    )
    assert (status, seen["status"], seen["selection"], seen["reason"]) == (
        *(200, "withdrawn", None),
        "moved away",
    )
    _, seen = await ask(client, draft, f"/candidates/{code}")
    assert seen["status"] == "withdrawn"
    assert "reason" not in seen
    assert await on_ballot(draft) == ["dora", "emil", "fay"]


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ([], "withdraw"),
        (["reject"], "qualify"),
        (["qualify"], "reject"),
        (["qualify", "withdraw"], "qualify"),
    ],
)
async def test_any_other_move_is_refused_and_names_those_that_are_allowed(
    draft: Desk, before: list[str], change: str
) -> None:
    await file(draft, "A-1", "Ann", "Abel")
    for step in before:
        await decide(draft, "A-1", step)
    with pytest.raises(IllegalTransition) as refused:
        await decide(draft, "A-1", change)
    assert "allowed: " in refused.value.title


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"contest": "mayor"}, "unknown-contest"),
        ({"contest": "measure"}, "not-a-candidate-contest"),
        ({"party": "GREEN"}, "unknown-party"),
        ({"last_name": ""}, "invalid"),
        ({"first_name": "two\nlines"}, "invalid"),
        ({"email": "nowhere"}, "invalid"),
        ({"code": "PHL-101"}, "unknown-field"),
    ],
)
async def test_a_filing_that_cannot_be_taken_names_its_field(
    draft: Desk, client: Client, changes: dict[str, Any], code: str
) -> None:
    status, problem = await ask(client, draft, "/filings", json=a_filing(**changes))
    assert (status, problem["code"]) == (422, code)
    assert [error["field"] for error in problem["errors"]] == list(changes)
    assert await draft.sql("SELECT 1 FROM candidates") == []


async def test_nothing_is_filed_nor_qualified_once_the_election_is_open(
    draft: Desk, client: Client, registrar: Official
) -> None:
    await file(draft, "A-1", "Ann", "Abel")
    await draft.house.elections.move("tiny", "open")
    for path in ("/filings", "/candidates"):
        body = a_filing() if path == "/filings" else [a_filing(code="B-1")]
        status, problem = await ask(client, draft, path, registrar, json=body)
        assert (status, problem["code"]) == (409, "election-not-draft"), path
    with pytest.raises(ElectionNotDraft):
        await decide(draft, "A-1")
    await decide(draft, "A-1", "reject")
    assert len(await draft.sql("SELECT 1 FROM candidates")) == 1


# ---- moderation ----


async def test_the_public_meets_a_filing_in_no_door_before_it_has_qualified(
    app: Quart, draft: Desk, client: Client
) -> None:
    await file(draft, "FILED-1", "Nosuch", "Waiting")
    await file(draft, "REJECTED-1", "Nosuch", "Refused")
    await decide(draft, "REJECTED-1", "reject")
    everybody = [None, *[await draft.official(role, roles=[role], units=[]) for role in ("officer", "voter")]]
    places = {"election": "tiny", "contest": "council", "unit": "north-1", "candidate": "FILED-1"}
    paths = {
        re.sub(r"<(?:\w+:)?(\w+)>", lambda m: places.get(m[1], "1"), rule.rule)
        for rule, access in every_rule(app)
        if access.public and "GET" in (rule.methods or ()) and not rule.rule.endswith(("/stream", "/ws"))
    }
    paths |= {f"{draft.path}/candidates?{query}" for query in ("status=filed", "status=rejected", "limit=1")}
    assert f"{draft.path}/candidates/FILED-1" in paths
    for who in everybody:
        for path in sorted(paths):
            response = await client.get(path, headers=who.bearer if who else {})
            text = (await response.get_data()).decode(errors="replace")
            for word in ("Nosuch", "Waiting", "Refused", "REJECTED-1", "filed-1"):
                assert word not in text.replace("FILED-1", ""), path
        missing = await ask(client, draft, "/candidates/FILED-1", who)
        assert missing[0] == (await ask(client, draft, "/candidates/NOSUCH-1", who))[0] == 404


async def test_registrars_and_auditors_see_every_filing_and_only_registrars_the_contact(
    draft: Desk, client: Client, registrar: Official
) -> None:
    await file(draft, "A-1", "Ann", "Abel", **CONTACT)
    auditor = await draft.official("arno", roles=["auditor"], units=[])
    for who in (registrar, auditor):
        status, answer = await ask(client, draft, "/candidates?status=filed", who)
        assert (status, [c["code"] for c in answer["candidates"]]) == (200, ["A-1"])
        assert not any(secret in json.dumps(answer) for secret in SECRETS)
    assert await ask(client, draft, "/candidates/A-1/contact", registrar) == (200, CONTACT)
    assert (await ask(client, draft, "/candidates/A-1/contact", auditor))[0] == 403


async def test_what_is_private_stands_nowhere_but_in_the_vault(
    draft: Desk, client: Client, registrar: Official, caplog: pytest.LogCaptureFixture
) -> None:
    _, filed = await ask(client, draft, "/filings", json=a_filing())
    await file(draft, "A-1", "Ann", "Abel", **CONTACT)
    status, _ = await ask(
        client,
        draft,
        "/candidates/A-1",
        registrar,
        method="PUT",
        json=a_filing(address="2 Hidden Lane"),
        headers={"If-Match": "*"},
    )
    assert status == 200
    await decide(draft, "A-1")
    tables = ("audit_entries", "log_entries", "candidates", "selections", "elections")
    rows = [await draft.sql(f"SELECT CAST(t.* AS text) AS row FROM {table} t") for table in tables]
    stored = "\n".join(row.row for table in rows for row in table)
    assert filed["code"] in stored
    for secret in SECRETS:
        assert secret not in stored
        assert secret.encode().hex() not in stored
        assert secret not in caplog.text


async def test_every_change_is_in_the_audit_trail_with_its_reason(draft: Desk, client: Client) -> None:
    _, filed = await ask(client, draft, "/filings", json=a_filing())
    await bulk(draft, [a_filing(code="A-1"), a_filing(code="A-1"), a_filing(code="A-2", contest="x")])
    await draft.house.candidates.correct(
        "tiny", "A-1", FilingEdit(contest="council", first_name="Ann", last_name="Abel"), "*", OPERATOR
    )
    await decide(draft, "A-1", "qualify")
    await decide(draft, "A-1", "withdraw", reason="ill")
    entries = await draft.house.audit.before(election="tiny")
    told = [(e.action, e.subject, e.changes, e.reason) for e in reversed(entries)][1:]
    hidden = ["(not shown)", "(not shown)"]
    assert told == [
        ("candidate-filed", filed["code"], {"contest": [None, "council"], "status": [None, "filed"]}, ""),
        ("candidates-filed", "", {"added": [None, 1]}, ""),
        (
            "candidate-changed",
            "A-1",
            {
                "first_name": ["Grace", "Ann"],
                "last_name": ["Gardener", "Abel"],
                **dict.fromkeys(CONTACT, hidden),
            },
            "",
        ),
        ("candidate-qualified", "A-1", {"status": ["filed", "qualified"]}, ""),
        ("candidate-withdrawn", "A-1", {"status": ["qualified", "withdrawn"]}, "ill"),
    ]


# ---- correcting ----


async def test_a_filing_is_corrected_by_whoever_has_read_it(
    draft: Desk, client: Client, registrar: Official
) -> None:
    await file(draft, "A-1", "Ann", "Abel", filed_at="2026-01-05", **CONTACT)
    response = await client.get(f"{draft.path}/candidates/A-1", headers=registrar.bearer)
    tag = response.headers["ETag"]
    put = {"method": "PUT", "json": a_filing(address="2 Hidden Lane")}
    assert (await ask(client, draft, "/candidates/A-1", registrar, **put))[0] == 428
    status, seen = await ask(client, draft, "/candidates/A-1", registrar, **put, headers={"If-Match": tag})
    assert (status, seen["last_name"], seen["filed_at"]) == (200, "Gardener", "2026-01-05T00:00:00Z")
    # Only the address is another than before, and yet nobody's change is lost.
    put = {"method": "PUT", "json": a_filing(address="3 Hidden Lane")}
    first = {"If-Match": f'"{edition(msgspec.convert(seen, CandidateInfo))}"'}
    assert (await ask(client, draft, "/candidates/A-1", registrar, **put, headers=first))[0] == 200
    status, problem = await ask(client, draft, "/candidates/A-1", registrar, **put, headers=first)
    assert (status, problem["code"]) == (412, "stale")


async def test_of_two_who_correct_the_same_filing_one_is_told(draft: Desk) -> None:
    await file(draft, "A-1", "Ann", "Abel")
    seen = edition(await draft.house.candidates.get("tiny", "A-1", everything=True))
    edits = [
        FilingEdit(contest=contest, first_name="Ann", last_name="Abel")
        for contest in ("council", "president")
    ]
    edits[0] = msgspec.structs.replace(edits[0], last_name="Other")
    answers = await asyncio.gather(
        *(draft.house.candidates.correct("tiny", "A-1", edit, seen, OPERATOR) for edit in edits),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["CandidateInfo", "Stale"]


async def test_a_filing_that_was_decided_on_is_not_corrected(draft: Desk) -> None:
    await file(draft, "A-1", "Ann", "Abel")
    seen = edition(await decide(draft, "A-1"))
    edit = FilingEdit(contest="president", first_name="Ann", last_name="Abel")
    with pytest.raises(AlreadyDecided):
        await draft.house.candidates.correct("tiny", "A-1", edit, seen, OPERATOR)
    with pytest.raises(Stale):
        await draft.house.candidates.correct("tiny", "A-1", edit, "0123456789abcdef", OPERATOR)


# ---- many at once ----


def ten_thousand() -> tuple[list[dict[str, Any]], dict[int, str]]:
    """Rows, and by their number the code of the fault of each bad one."""
    rows = [
        {
            "code": f"PHL-{number:05}",
            "contest": "president" if number % 3 else "council",
            "first_name": f"First{number}",
            "last_name": f"Last{number}",
            "party": "RED" if number % 2 else None,
            "telephone": f"555 {number}",
            "email": f"c{number}@example.org",
        }
        for number in range(1, 10_001)
    ]
    for row in rows:
        if row["party"] is None:
            del row["party"]
    bad = {
        17: ({"contest": "mayor"}, "unknown-contest"),
        999: ({"party": "GREEN"}, "unknown-party"),
        1000: ({"code": "PHL 1000"}, "invalid"),
        1001: ({"last_name": "\x00"}, "bad-character"),
        4242: ({"email": "a b"}, "invalid"),
        5000: ({"code": "PHL-00001"}, "already-filed"),
        7777: ({"contest": "measure"}, "not-a-candidate-contest"),
        9999: ({"filed_at": "2999-01-01"}, "impossible-date"),
        10_000: ({"colour": "red"}, "unknown-field"),
    }
    for number, (changes, _) in bad.items():
        rows[number - 1] |= changes
    return rows, {number: code for number, (_, code) in bad.items()}


async def test_of_ten_thousand_rows_each_is_answered_and_the_second_time_all_are_unchanged(
    draft: Desk,
) -> None:
    rows, bad = ten_thousand()
    first = await bulk(draft, rows)
    assert [result.row for result in first] == list(range(1, 10_001))
    assert {r.row: r.errors[0].code for r in first if r.status == "refused"} == bad
    assert Counter(r.status for r in first) == {"added": 10_000 - len(bad), "refused": len(bad)}
    assert all(r.code == rows[r.row - 1]["code"] for r in first if r.status == "added")
    again = await bulk(draft, rows)
    assert {r.row: r.errors[0].code for r in again if r.status == "refused"} == bad
    assert Counter(r.status for r in again) == {"unchanged": 10_000 - len(bad), "refused": len(bad)}
    [row] = await draft.sql("SELECT count(*) AS n, count(DISTINCT code) AS codes FROM candidates")
    assert (row.n, row.codes) == (10_000 - len(bad), 10_000 - len(bad))


async def test_two_who_send_the_same_codes_at_once_add_each_code_once(
    draft: Desk, make_app: Callable[..., Any]
) -> None:
    rows = ten_thousand()[0][1100:4200]
    shuffled = random.Random(1).sample(rows, len(rows))
    other = house_of(await make_app())
    answers = await asyncio.gather(bulk(draft, rows), bulk(draft, shuffled, other), bulk(draft, rows[::-1]))
    by_code = Counter((r.code, r.status) for answer in answers for r in answer)
    for row in rows:
        assert (by_code[row["code"], "added"], by_code[row["code"], "unchanged"]) == (1, 2)
    [row] = await draft.sql("SELECT count(*) AS n FROM candidates")
    assert row.n == len(rows)


async def test_a_code_with_other_content_is_refused_and_changes_nothing(draft: Desk) -> None:
    await file(draft, "A-1", "Ann", "Abel")
    rows = [a_filing(code="A-1"), a_filing(code="B-1"), a_filing(code="B-1", last_name="Other")]
    results = await bulk(draft, rows)
    assert [(r.status, [e.code for e in r.errors]) for r in results] == [
        ("refused", ["already-filed"]),
        ("added", []),
        ("refused", ["already-filed"]),
    ]
    assert (await draft.house.candidates.get("tiny", "A-1", everything=True)).last_name == "Abel"


async def test_csv_and_json_are_the_same_filing(draft: Desk, client: Client, registrar: Official) -> None:
    csv = (
        "\ufeffcode,contest,first_name,last_name,party,address,telephone,email,filed_at\r\n"
        'PHL-101,council,Ann,"Abel, Jr.",,"1 Hidden Lane",555 0100,,2026-01-05\r\n'
        "PHL-102,council,Bob,Baker,RED,,,,\r\n"
        "PHL-103,mayor,Cid,Cook,RED,,,,05.01.2026\r\n"
    )
    status, answer = await ask(client, draft, "/candidates", registrar, data=csv.encode())
    assert (status, answer["added"], answer["refused"]) == (200, 2, 1)
    assert [error["field"] for error in answer["items"][2]["errors"]] == ["filed_at"]
    rows = [
        {
            **{"code": "PHL-101", "contest": "council", "first_name": "Ann", "last_name": "Abel, Jr."},
            **{"address": "1 Hidden Lane", "telephone": "555 0100", "filed_at": "2026-01-05"},
        },
        {"code": "PHL-102", "contest": "council", "first_name": "Bob", "last_name": "Baker", "party": "RED"},
    ]
    status, answer = await ask(client, draft, "/candidates", registrar, json=rows)
    assert (status, answer["unchanged"], answer["items"][0]) == (
        *(200, 2),
        {"row": 1, "status": "unchanged", "code": "PHL-101"},
    )


async def test_a_broken_off_call_is_in_the_audit_trail_with_what_it_added(draft: Desk) -> None:
    class Broken(Exception):
        pass

    async def chunks() -> AsyncIterator[list[Raw]]:
        for start in range(0, 7):
            yield [(start + 1, a_filing(code=f"A-{start}"))]
        raise Broken

    with pytest.raises(Broken):
        async for _ in draft.house.candidates.file_many("tiny", chunks(), OPERATOR):
            pass
    [row] = await draft.sql("SELECT count(*) AS n FROM candidates")
    entries = [e for e in await draft.house.audit.before(election="tiny") if e.action == "candidates-filed"]
    assert sum(entry.changes["added"][1] for entry in entries) == row.n > 0


async def test_pages_lead_through_all_candidates_by_code(
    draft: Desk, client: Client, registrar: Official
) -> None:
    await bulk(draft, ten_thousand()[0][1100:1150])
    await draft.house.decisions.decide_many(
        "tiny",
        Decisions(codes=[f"PHL-{number:05}" for number in range(1101, 1131)], change="qualify"),
        OPERATOR,
    )
    for who, number in ((None, 30), (registrar, 50)):
        seen, path = [], "/candidates?limit=7"
        while path:
            _, answer = await ask(client, draft, path, who)
            seen += [candidate["code"] for candidate in answer["candidates"]]
            path = (answer["next"] or "").removeprefix(draft.path)
        assert seen == sorted(set(seen))
        assert len(seen) == number
    _, answer = await ask(client, draft, "/candidates?contest=council&limit=1000", registrar)
    assert {candidate["contest"] for candidate in answer["candidates"]} == {"council"}
    assert (await ask(client, draft, "/candidates?contest=mayor"))[0] == 404
    assert (await ask(client, draft, "/candidates?status=odd"))[0] == 422


# ---- deciding ----


async def test_of_two_who_decide_on_the_same_filing_at_once_one_is_told(
    draft: Desk, client: Client, registrar: Official
) -> None:
    other = await draft.official("rob", roles=["registrar"], units=[])
    for number in range(5):
        await file(draft, f"A-{number}", "Ann", "Abel")
        path = f"/candidates/A-{number}/moves"
        answers = await asyncio.gather(
            ask(client, draft, path, registrar, json={"change": "qualify"}),
            ask(client, draft, path, other, json={"change": "reject", "reason": "too late"}),
        )
        assert sorted(status for status, _ in answers) == [200, 409]
        [refused] = [answer for status, answer in answers if status == 409]
        assert refused["code"] == "illegal-transition"


async def test_many_are_decided_on_in_one_message_each_answered(
    draft: Desk, client: Client, registrar: Official
) -> None:
    rows = ten_thousand()[0][1100:2098]
    await bulk(draft, rows)
    await decide(draft, rows[0]["code"], "reject")
    codes = [row["code"] for row in rows] + ["NOSUCH-1", rows[1]["code"]]
    status, answer = await ask(
        client, draft, "/candidate-moves", registrar, json={"codes": codes, "change": "qualify"}
    )
    assert (status, answer["decided"], answer["refused"]) == (200, 997, 2)
    assert answer["items"][0]["errors"][0]["code"] == "illegal-transition"
    assert answer["items"][-1]["errors"][0]["code"] == "unknown-candidate"
    assert len(answer["items"]) == 999
    in_council = [row["code"].lower() for row in rows[1:] if row["contest"] == "council"]
    assert await on_ballot(draft) == ["dora", "emil", "fay", *in_council]
    entries = await draft.sql("SELECT 1 FROM audit_entries WHERE action = 'candidate-qualified'")
    assert len(entries) == 997
    status, _ = await ask(
        client, draft, "/candidate-moves", registrar, json={"codes": ["A"] * 1001, "change": "qualify"}
    )
    assert status == 422


async def test_selections_of_candidates_have_codes_of_their_own(draft: Desk) -> None:
    for code in ("D.1", "D-1", "d-1", "Dora"):
        await file(draft, code, "Dora", code.replace(".", "-"))
    assert [(await decide(draft, code)).selection for code in ("D.1", "D-1", "d-1", "Dora")] == [
        "d-1",
        "d-1-2",
        "d-1-3",
        "dora-2",
    ]


# ---- the ballot ----


async def test_an_alphabetical_ballot_goes_by_last_name(house: Services) -> None:
    await house.elections.define(ordered_election(BallotOrder.ALPHABETICAL))
    desk = Desk(house, "tiny")
    for code, first, last in (("C-1", "Zoe", "abel"), ("C-2", "Ann", "Abel"), ("C-3", "Bob", "Eden")):
        await file(desk, code, first, last)
        await decide(desk, code)
    assert await on_ballot(desk) == ["c-2", "c-1", "dora", "c-3", "emil", "fay"]
    await decide(desk, "C-1", "withdraw")
    assert await on_ballot(desk) == ["c-2", "dora", "c-3", "emil", "fay"]


async def test_anyone_can_draw_the_lot_again_from_what_is_published(house: Services, client: Client) -> None:
    await house.elections.define(ordered_election(BallotOrder.LOT))
    desk = Desk(house, "tiny")
    await file(desk, "C-1", "Ann", "Abel")
    await decide(desk, "C-1")
    # Not drawn before the seed is published.
    assert await on_ballot(desk) == ["dora", "emil", "fay", "c-1"]
    await desk.sql("UPDATE elections SET ballot_seed = 'thrown 16 4 23'")
    for number in range(2, 9):
        await file(desk, f"C-{number}", "Ann", "Abel")
        await decide(desk, f"C-{number}")
    _, ballot = await ask(client, desk, "/ballot")
    [council] = [c for c in ballot["contests"] if c["ballot_order"] == "lot"]
    codes = [selection["code"] for selection in council["selections"]]
    drawn = sorted(codes, key=lambda code: hashlib.sha256(f"{ballot['seed']}\n{code}".encode()).digest())
    assert codes == drawn
    assert len(codes) == 11
    assert codes != sorted(codes)


async def test_a_ticket_stands_behind_one_selection_and_the_first_gives_it_its_name(draft: Desk) -> None:
    for code, first, last in (("T-2", "Ann", "Abel"), ("T-1", "Bob", "Baker"), ("T-3", "Cid", "Cook")):
        await file(draft, code, first, last, party="BLU" if code == "T-1" else "RED")
    assert (await decide(draft, "T-2")).selection == "t-2"
    assert (await decide(draft, "T-1", selection="t-2")).selection == "t-2"
    assert await on_ballot(draft) == ["dora", "emil", "fay", "t-2"]
    with pytest.raises(Invalid) as refused:
        await decide(draft, "T-3", selection="ada")
    assert refused.value.code == "unknown-selection"

    # Who is left behind a selection is whose name it bears.
    await decide(draft, "T-2", "withdraw")
    [ticket] = (await draft.house.ballots.get("tiny")).contests[1].selections[3:]
    assert (ticket.code, ticket.name, ticket.party, ticket.sort_name) == (
        *("t-2", "Bob Baker"),
        *("BLU", "Baker, Bob"),
    )
    await decide(draft, "T-1", "withdraw")
    assert await on_ballot(draft) == ["dora", "emil", "fay"]


async def test_who_withdraws_from_a_printed_ballot_stays_on_it_and_is_counted(draft: Desk) -> None:
    for code in ("C-1", "C-2"):
        await file(draft, code, "Ann", "Abel")
        await decide(draft, code)
    await decide(draft, "C-1", "withdraw")
    await draft.house.elections.move("tiny", "open")
    before = await draft.house.ballots.get("tiny")
    withdrawn = await decide(draft, "C-2", "withdraw")
    assert (withdrawn.status, withdrawn.selection) == ("withdrawn", "c-2")
    assert await draft.house.ballots.get("tiny") == before
    assert await on_ballot(draft) == ["dora", "emil", "fay", "c-2"]
    votes = {"dora": 50, "emil": 40, "fay": 20, "c-2": 10}
    [receipt] = await draft.send(a_tally(contest="council", votes=votes))
    assert isinstance(receipt, Receipt), receipt
    assert receipt.status == "accepted"
    assert await draft.votes("council") == votes


async def test_the_ballot_of_a_precinct_has_the_contests_that_stand_there(
    draft: Desk, client: Client
) -> None:
    _, whole = await ask(client, draft, "/ballot")
    assert [c["code"] for c in whole["contests"]] == ["president", "council", "measure"]
    _, north = await ask(client, draft, "/ballot?precinct=north-1")
    assert [c["code"] for c in north["contests"]] == ["president", "council"]
    assert (north["precinct"], whole["precinct"]) == ("north-1", None)
    # Where no precincts are given to it, a contest stands in those of its district.
    await draft.sql("DELETE FROM contest_totals")
    await draft.sql("DELETE FROM contest_units")
    for precinct, contests in (("north-1", 2), ("south-1", 3)):
        ballot = await draft.house.ballots.get("tiny", precinct)
        assert len(ballot.contests) == contests
    assert (await ask(client, draft, "/ballot?precinct=north"))[0] == 422
    with pytest.raises(UnknownUnit):
        await draft.house.ballots.get("tiny", "nowhere")


async def test_every_server_sees_who_came_onto_the_ballot(
    draft: Desk, make_app: Callable[..., Any], client: Client
) -> None:
    other = house_of(await make_app())
    await until(lambda: _connected(other))
    await until(lambda: _connected(draft.house))
    for house in (draft.house, other):
        assert "c-1" not in (await house.intake.book("tiny")).contests["council"].selections
    await file(draft, "C-1", "Ann", "Abel")
    await decide(draft, "C-1")
    assert "c-1" in (await draft.house.intake.book("tiny")).contests["council"].selections

    async def heard() -> bool:
        return "c-1" in (await other.intake.book("tiny")).contests["council"].selections

    await until(heard)
    _, results = await ask(client, draft, "/contests/council/results")
    assert "c-1" in {selection["code"] for selection in results["selections"]}


async def _connected(house: Services) -> bool:
    return house.broker.connected


async def test_opening_waits_for_whoever_qualifies_and_qualifying_for_the_opening(draft: Desk) -> None:
    await bulk(draft, [a_filing(code=f"C-{number}") for number in range(20)])
    answers = await asyncio.gather(
        *(decide(draft, f"C-{number}") for number in range(20)),
        draft.house.elections.move("tiny", "open"),
        return_exceptions=True,
    )
    assert {type(answer).__name__ for answer in answers} <= {
        *("CandidateInfo", "ElectionNotDraft", "ElectionState")
    }
    qualified = [answer for answer in answers if isinstance(answer, CandidateInfo)]
    assert len(await on_ballot(draft)) == 3 + len(qualified)
    [row] = await draft.sql("""
        SELECT count(*) AS missing FROM selections s JOIN contest_totals t ON t.contest_id = s.contest_id
        WHERE NOT EXISTS (SELECT 1 FROM selection_totals n
                          WHERE n.selection_id = s.id AND n.unit_id = t.unit_id)
    """)
    assert row.missing == 0


async def test_a_filing_date_is_a_day_where_the_election_is(house: Services) -> None:
    definition = msgspec.structs.replace(tiny_election(), timezone="Europe/Rome")
    await house.elections.define(definition)
    desk = Desk(house, "tiny")
    await file(desk, "A-1", "Ann", "Abel", filed_at="2026-01-05")
    found = await house.candidates.get("tiny", "A-1", everything=True)
    assert found.filed_at == datetime.datetime(2026, 1, 4, 23, tzinfo=datetime.UTC)
