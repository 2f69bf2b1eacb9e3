"""Certifying: two people, the same totals, and what stands in the way; recounts; what everybody may read."""

import asyncio
import hashlib
import json
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.canvass import Decision, Verdict
from models.errors import (
    AlreadyAsked,
    AskedByYou,
    DomainError,
    ElectionCertified,
    ElectionNotOpen,
    IllegalTransition,
    Invalid,
    NobodyAsked,
    NoRecountOn,
    NotReadyToCertify,
    RecountOn,
    TotalsMoved,
    TwoPeopleNeeded,
    UnknownContest,
)
from models.rights import Actor
from quart_app.wiring import Services
from tests.building import a_tally, every_tally, tiny_election, unbalanced
from tests.desk import Desk, administrator, certify, define
from tests.office import Office, Said, audited
from tests.sessions import LONG_AGO, cookie


@pytest.fixture
async def counted(desk: Desk) -> Desk:
    """Every tally has come, and the election is closed."""
    await desk.receipts(*every_tally())
    await desk.house.elections.move("tiny", "close")
    return desk


@pytest.fixture
async def ada(counted: Desk) -> Actor:
    return await administrator(counted.house, "ada")


@pytest.fixture
async def ben(counted: Desk) -> Actor:
    return await administrator(counted.house, "ben")


async def entries(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(row.entry) for row in await desk.sql("SELECT entry FROM log_entries ORDER BY seq")]


# ---- two people ----


async def test_two_administrators_certify_and_the_log_fixes_position_and_totals(
    counted: Desk, ada: Actor, ben: Actor
) -> None:
    house = counted.house
    head = await house.log.head("tiny")
    await house.certification.ask("tiny", ada)
    assert await house.log.head("tiny") == head
    assert (await house.certification.confirm("tiny", ben)).status == "certified"
    *_, certificate, certified = await entries(counted)
    assert (certificate["kind"], certificate["position"]) == ("certificate", head)
    assert (certified["change"], certified["seq"]) == ("certified", head + 2)
    votes = {contest["contest"]: contest["votes"] for contest in certificate["contests"]}
    assert votes["president"] == {"ada": 160, "ben": 120, "cy": 20}
    [row] = await counted.sql("SELECT * FROM certificates")
    assert (row.seq, row.position, row.asked_by, row.confirmed_by) == (
        head + 1,
        head,
        ada.member_id,
        ben.member_id,
    )


async def test_the_hash_of_a_certificate_is_that_of_the_totals_in_its_entry(
    counted: Desk, ada: Actor, ben: Actor
) -> None:
    await counted.house.certification.certify_together("tiny", ada, ben)
    [facts] = (await counted.house.certification.certificates("tiny")).certificates
    entry = next(entry for entry in await entries(counted) if entry["kind"] == "certificate")
    said = json.dumps(entry["contests"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert facts.totals_hash == hashlib.sha256(said.encode()).hexdigest()
    assert facts.seq == facts.position + 1


async def test_the_audit_trail_names_both_and_the_log_nobody(counted: Desk, ada: Actor, ben: Actor) -> None:
    await counted.house.certification.certify_together("tiny", ada, ben)
    [signed] = await audited(counted, "certificate-signed")
    assert signed.username == "ben"
    assert signed.changes["asked_by"] == [None, "ada"] and signed.changes["confirmed_by"] == [None, "ben"]
    assert [row.username for row in await audited(counted, "certification-asked")] == ["ada"]
    for entry in (await entries(counted))[-2:]:
        assert not {"asked_by", "confirmed_by", "username"} & entry.keys()


async def test_the_same_person_is_not_the_second(counted: Desk, ada: Actor) -> None:
    await counted.house.certification.ask("tiny", ada)
    head = await counted.house.log.head("tiny")
    with pytest.raises(AskedByYou):
        await counted.house.certification.confirm("tiny", ada)
    with pytest.raises(AlreadyAsked):
        await counted.house.certification.ask("tiny", ada)
    with pytest.raises(AskedByYou):
        await counted.house.certification.certify_together("tiny", ada, ada)
    assert await counted.house.log.head("tiny") == head
    assert (await counted.house.elections.get("tiny")).status == "closed"


async def test_of_two_who_ask_at_once_one_is_told_and_of_two_who_confirm_too(
    counted: Desk, ada: Actor, ben: Actor
) -> None:
    house = counted.house
    asked = await asyncio.gather(
        *(house.certification.ask("tiny", by) for by in (ada, ben)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in asked) == ["AlreadyAsked", "NoneType"]
    others = [await administrator(house, name) for name in ("cy", "di")]
    done = await asyncio.gather(
        *(house.certification.confirm("tiny", by) for by in others), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in done) == ["ElectionState", "IllegalTransition"]
    assert len(await counted.sql("SELECT seq FROM certificates")) == 1


async def test_nobody_confirms_what_nobody_asked_or_what_was_taken_back(
    counted: Desk, ada: Actor, ben: Actor
) -> None:
    certification = counted.house.certification
    with pytest.raises(NobodyAsked):
        await certification.confirm("tiny", ben)
    await certification.ask("tiny", ada)
    await certification.take_back("tiny", ben)
    for refused in (certification.confirm("tiny", ben), certification.take_back("tiny", ben)):
        with pytest.raises(NobodyAsked):
            await refused
    assert [row.username for row in await audited(counted, "certification-taken-back")] == ["ben"]
    await certification.certify_together("tiny", ben, ada)


async def test_a_move_certifies_nothing_and_an_open_election_is_not_certified(desk: Desk) -> None:
    ada = await administrator(desk.house, "ada")
    with pytest.raises(IllegalTransition):
        await desk.house.certification.ask("tiny", ada)
    await desk.house.elections.move("tiny", "close")
    with pytest.raises(TwoPeopleNeeded, match="/elections/tiny/certification"):
        await desk.house.elections.move("tiny", "certify")


# ---- what stands in the way ----


async def test_what_waits_is_refused_with_its_numbers_and_overridden_with_a_reason(desk: Desk) -> None:
    house = desk.house
    tallies = [tally for tally in every_tally() if (tally.precinct, tally.contest) != ("north-2", "council")]
    await desk.receipts(*tallies[1:], unbalanced("north-1"))
    await house.elections.move("tiny", "close")
    ada, ben = await administrator(house, "ada"), await administrator(house, "ben")
    with pytest.raises(NotReadyToCertify) as refused:
        await house.certification.ask("tiny", ada)
    assert "1 tally is quarantined, 1 tally has not come" in str(refused.value)
    assert [error.field for error in refused.value.errors] == ["reason"]
    way = (await house.certification.state("tiny")).in_the_way
    assert (way.quarantined, way.missing, way.awaiting, way.recalls, way.recounts) == (1, 1, 0, 0, ())
    await house.certification.certify_together("tiny", ada, ben, " The box was lost at sea. ")
    *_, certificate, certified = await entries(desk)
    assert (certificate["quarantined"], certificate["reason"]) == (1, "The box was lost at sea.")
    assert certified["reason"] == "The box was lost at sea."


async def test_a_first_entry_that_waits_stands_in_the_way(house: Services) -> None:
    desk = await define(house, tiny_election(double_entry=True))
    await desk.receipts(a_tally())
    way = (await house.certification.state("tiny")).in_the_way
    assert (way.awaiting, way.missing) == (1, len(every_tally()) - 1)


async def test_a_recall_that_is_not_answered_stands_in_the_way(counted: Desk, ada: Actor, ben: Actor) -> None:
    house = counted.house
    [row] = await counted.sql("SELECT min(seq) AS seq FROM tallies")
    await house.canvass.decide(
        "tiny", row.seq, Verdict(decision=Decision.ASK_RECALL, reason="wrong box"), ada
    )
    with pytest.raises(NotReadyToCertify, match="1 recall is asked for"):
        await house.certification.ask("tiny", ada)
    refusing = Verdict(decision=Decision.REFUSE_RECALL, reason="it was the right one")
    await house.canvass.decide("tiny", row.seq, refusing, ben)
    await house.certification.certify_together("tiny", ada, ben)


async def test_totals_that_moved_end_the_request_and_the_second_person_is_told(
    counted: Desk, ada: Actor, ben: Actor
) -> None:
    house = counted.house
    await certify(house)
    await house.elections.move("tiny", "correct", "a box was found")
    await house.certification.ask("tiny", ada)
    votes = {"ada": 41, "ben": 29, "cy": 5}
    await counted.receipts(a_tally(revision=2, reason="counted again", votes=votes))
    state = await house.certification.state("tiny")
    assert state.asked is not None and state.asked.moved
    with pytest.raises(TotalsMoved):
        await house.certification.confirm("tiny", ben)
    with pytest.raises(NobodyAsked):
        await house.certification.confirm("tiny", ben)
    assert len(await audited(counted, "certification-lapsed")) == 1
    await house.certification.certify_together("tiny", ada, ben)
    newest, oldest = (await house.certification.state("tiny")).certificates
    assert newest.certificate.totals_hash != oldest.certificate.totals_hash


async def test_a_reason_is_for_what_waited_when_it_was_given(counted: Desk, ada: Actor, ben: Actor) -> None:
    house = counted.house
    first, second, *_ = await counted.sql("SELECT seq FROM tallies ORDER BY seq")
    asking = Verdict(decision=Decision.ASK_RECALL, reason="wrong box")
    await house.canvass.decide("tiny", first.seq, asking, ada)
    await house.certification.ask("tiny", ada, "nobody is there to answer the recall")
    await house.canvass.decide("tiny", second.seq, asking, ada)
    with pytest.raises(TotalsMoved):
        await house.certification.confirm("tiny", ben)
    assert (await house.elections.get("tiny")).status == "closed"


async def test_what_is_certified_is_corrected_first(counted: Desk) -> None:
    await certify(counted.house)
    [answer] = await counted.send(a_tally(revision=2, reason="counted again"))
    assert isinstance(answer, ElectionNotOpen)


# ---- recounts ----


async def test_a_recount_is_ordered_takes_tallies_and_ends_and_nothing_is_certified_meanwhile(
    counted: Desk, ada: Actor, ben: Actor
) -> None:
    house = counted.house
    await house.recounts.begin("tiny", "president", "the margin is small", ada)
    assert (await house.results.current("tiny")).contest("president").results.status == "recount"
    with pytest.raises(RecountOn, match="president"):
        await house.certification.ask("tiny", ada, "all the same")
    with pytest.raises(RecountOn):
        await house.recounts.begin("tiny", "president", "again", ben)
    [receipt] = await counted.receipts(a_tally(revision=2, reason="recounted"))
    assert receipt.status == "accepted"
    [answer] = await counted.send(a_tally("north-1", "council", revision=2, reason="recounted"))
    assert isinstance(answer, ElectionNotOpen)
    await house.recounts.end("tiny", "president", "nothing changed", ben)
    with pytest.raises(NoRecountOn):
        await house.recounts.end("tiny", "president", "again", ben)
    changes = [(e["change"], e.get("contest")) for e in await entries(counted) if e["kind"] == "election"]
    assert changes[-2:] == [("recount-ordered", "president"), ("recount-ended", "president")]
    assert [row.subject for row in await audited(counted, "recount-ordered")] == ["president"]
    await house.certification.certify_together("tiny", ada, ben)
    with pytest.raises(ElectionCertified):
        await house.recounts.begin("tiny", "president", "too late", ada)


async def test_one_recount_is_enough_whatever_margin_it_ends_with(counted: Desk, ada: Actor) -> None:
    house = counted.house

    async def due() -> bool | None:
        return (await house.results.current("tiny")).contest("president").results.recount_due

    await counted.sql("UPDATE elections SET recount_threshold = 10000")
    await house.elections.move("tiny", "withhold")
    await house.elections.move("tiny", "release")
    assert await due() is True
    await house.recounts.begin("tiny", "president", "the margin is small", ada)
    await house.recounts.end("tiny", "president", "nothing changed", ada)
    assert await due() is False


async def test_a_request_is_not_confirmed_while_a_recount_is_on(
    counted: Desk, ada: Actor, ben: Actor
) -> None:
    await counted.house.certification.ask("tiny", ada)
    await counted.house.recounts.begin("tiny", "council", "asked for by a court", ben)
    with pytest.raises(RecountOn):
        await counted.house.certification.confirm("tiny", ben)


async def test_a_recount_has_a_reason_and_a_contest_that_exists(counted: Desk, ada: Actor) -> None:
    with pytest.raises(Invalid):
        await counted.house.recounts.begin("tiny", "president", " ", ada)
    with pytest.raises(UnknownContest):
        await counted.house.recounts.begin("tiny", "mayor", "why not", ada)


async def test_whether_a_recount_is_due_follows_from_margin_and_threshold(house: Services) -> None:
    desk = await define(house, tiny_election(recount_threshold=1_000))
    await desk.receipts(*every_tally())
    facts = {one.contest: one for one in (await house.certification.state("tiny")).recounts}
    president = facts["president"]
    # 160 to 120 of 304 votes; a tenth of them is 30.
    assert (president.margin, president.most, president.due) == (40, 30, False)
    # The last of two seats: 160 to 120 of 504.
    assert (facts["council"].margin, facts["council"].most, facts["council"].due) == (40, 50, True)


# ---- over HTTP ----


class People:
    """Ada, with whose session requests are made, and Ben with his."""

    def __init__(self, ada: Office, ben: Office) -> None:
        self.ada, self.ben = ada, ben

    async def ask(self, who: Office, method: str, path: str, body: Any = None, **headers: str) -> Said:
        sent = headers or await cookie(who.app, who.desk, who.who.identity)
        return await who.ask(method, path, body, headers=sent)


@pytest.fixture
async def people(app: Quart, client: Client, counted: Desk) -> People:
    return People(await Office.of(app, client, counted, "ada"), await Office.of(app, client, counted, "ben"))


async def test_two_sessions_certify_over_http_and_everybody_reads_the_certificate(people: People) -> None:
    asked = await people.ask(people.ada, "POST", "/certification", {})
    assert (asked.status, asked.body["asked"]["by"]) == (201, "ada")
    same = await people.ask(people.ada, "POST", "/certification/confirmation")
    assert (same.status, same.code) == (403, "asked-by-you")
    done = await people.ask(people.ben, "POST", "/certification/confirmation")
    assert (done.status, done.body["status"]) == (200, "certified")
    public = await people.ben.ask("GET", "/certificates", headers={"Accept": "*/*"})
    [facts] = public.body["certificates"]
    assert facts["totals_hash"] == asked.body["totals_hash"]
    assert "asked_by" not in json.dumps(public.body)


async def test_neither_a_token_nor_a_session_of_an_hour_ago_certifies(people: People) -> None:
    stale = await cookie(people.ada.app, people.ada.desk, people.ada.who.identity, confirmed=LONG_AGO)
    for headers in (stale, people.ada.who.bearer):
        for method, path in (
            ("POST", "/certification"),
            ("DELETE", "/certification"),
            ("POST", "/certification/confirmation"),
            ("POST", "/contests/president/recount"),
        ):
            answer = await people.ada.ask(method, path, {}, headers=headers)
            assert (answer.status, answer.code) == (403, "fresh-sign-in-needed"), path


async def test_a_request_is_taken_back_over_http(people: People) -> None:
    await people.ask(people.ada, "POST", "/certification", {})
    assert (await people.ask(people.ben, "DELETE", "/certification")).status == 204
    assert (await people.ask(people.ben, "DELETE", "/certification")).code == "nobody-asked"


async def test_a_recount_is_ordered_and_ended_over_http(people: People) -> None:
    path = "/contests/council/recount"
    begun = await people.ask(people.ada, "POST", path, {"change": "begin", "reason": "it is close"})
    assert (begun.status, begun.body["in_the_way"]["recounts"]) == (200, ["council"])
    refused = await people.ask(people.ada, "POST", "/certification", {"reason": "now"})
    assert (refused.status, refused.code) == (409, "recount-on")
    unsaid = await people.ask(people.ada, "POST", path, {"change": "end", "reason": ""})
    assert (unsaid.status, unsaid.faults) == (422, {"reason": "missing-reason"})
    assert (await people.ask(people.ada, "POST", path, {"change": "end", "reason": "done"})).status == 200


async def test_certificates_are_withheld_with_the_figures(people: People) -> None:
    house = people.ada.desk.house
    await certify(house)
    await house.elections.move("tiny", "withhold")
    public = await people.ada.ask("GET", "/certificates", headers={"Accept": "*/*"})
    assert public.body == {"election": "tiny", "released": False, "certificates": []}
    staff = await people.ask(people.ada, "GET", "/certificates")
    assert len(staff.body["certificates"]) == 1


async def test_a_test_election_is_certified_alone_by_a_command_only(house: Services) -> None:
    await define(house, tiny_election(is_test=True))
    await define(house, tiny_election("real"))
    for code in ("tiny", "real"):
        await house.elections.move(code, "close")
    with pytest.raises(TwoPeopleNeeded):
        await house.certification.certify_test("real", "a try")
    assert (await house.certification.certify_test("tiny", "a try")).status == "certified"
    [signed] = (await house.certification.state("tiny")).certificates
    assert (signed.asked_by, signed.confirmed_by) == (None, None)


def test_every_refusal_has_a_code_of_its_own() -> None:
    kinds: tuple[type[DomainError], ...] = (
        AlreadyAsked,
        AskedByYou,
        NobodyAsked,
        NoRecountOn,
        NotReadyToCertify,
        RecountOn,
        TotalsMoved,
        TwoPeopleNeeded,
    )
    assert len({kind.code for kind in kinds}) == len(kinds)
