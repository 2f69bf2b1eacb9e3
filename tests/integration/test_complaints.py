"""Complaints of the public: with or without files, numbered without a gap, read and taken back by code."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from quart.typing import TestClientProtocol as Client

from models.complaints import MAX_ATTACHMENT_BYTES, MAX_TEXT
from models.errors import Conflict, IllegalTransition
from models.rights import OPERATOR
from quart_app.attachments import MAX_FORM
from quart_app.settings import Settings
from quart_app.wiring import Services
from tests.building import tiny_election
from tests.complaining import PDF, SVG, WORDS, a_complaint, file, picture, send
from tests.desk import Desk, define
from tests.integration.conftest import house_of


async def post(client: Client, desk: Desk, **changes: Any) -> Any:
    return await client.post(f"{desk.path}/complaints", json=a_complaint(**changes))


async def faults(response: Any) -> dict[str, str]:
    assert response.status_code == 422, await response.get_data()
    return {error["field"]: error["message"] for error in (await response.get_json())["errors"]}


async def stored(desk: Desk) -> int:
    return int((await desk.sql("SELECT count(*) FROM complaints"))[0][0])


# ---- filing ----


async def test_whoever_complains_gets_a_number_a_code_and_an_address(client: Client, desk: Desk) -> None:
    response = await post(client, desk, unit="north-1", contest="president", name="Wilma")
    filed = await response.get_json()
    assert (response.status_code, filed["number"], filed["status"]) == (201, 1, "filed")
    assert response.headers["Location"] == filed["address"] == f"{desk.path}/complaints/1"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert len(filed["code"].replace("-", "")) == 20
    assert (await client.get(filed["address"])).status_code == 200


async def test_complaints_are_told_apart_by_election_and_say_of_a_test_that_it_is_one(
    client: Client, house: Services
) -> None:
    real = await define(house, tiny_election())
    test = await define(house, tiny_election("rehearsal", is_test=True))
    for desk, is_test in ((real, False), (test, True)):
        filed = await (await post(client, desk)).get_json()
        assert (filed["number"], filed["is_test"]) == (1, is_test)
        page = await (await client.get(f"{desk.path}/complaints")).get_json()
        one = await (await client.get(f"{desk.path}/complaints/1")).get_json()
        own = await client.post(f"{desk.path}/complaints/1/own", json={"code": filed["code"]})
        assert [told["is_test"] for told in (*page["complaints"], one, await own.get_json())] == [is_test] * 3


async def test_a_draft_takes_complaints_and_keeps_what_they_are_about(house: Services) -> None:
    await house.elections.define(tiny_election())
    desk = Desk(house, "tiny")
    await file(desk, unit="north-1", contest="council")
    with pytest.raises(Conflict, match="1 complaint"):
        await house.drafting.remove_unit("tiny", "north-1", "*", OPERATOR)
    with pytest.raises(Conflict, match="1 complaint"):
        await house.ballot_design.remove_contest("tiny", "council", "*", OPERATOR)


async def test_numbers_have_no_gap_however_many_file_at_once_and_whatever_is_refused(
    client: Client, desk: Desk
) -> None:
    answers = await asyncio.gather(
        *(post(client, desk, unit="nowhere" if n % 3 == 0 else "north-1") for n in range(30))
    )
    numbers = sorted([(await answer.get_json())["number"] for answer in answers if answer.status_code == 201])
    assert numbers == list(range(1, 21))


async def test_files_come_with_a_form_and_are_stored_sealed(client: Client, desk: Desk) -> None:
    response = await send(client, desk, picture(), picture("JPEG"), PDF, unit="", contest="", name="")
    assert response.status_code == 201, await response.get_data()
    rows = await desk.sql(
        "SELECT position, media, size, personal FROM complaint_attachments ORDER BY position"
    )
    assert [row[:2] for row in rows] == [(1, "image/png"), (2, "image/jpeg"), (3, "application/pdf")]
    assert rows[2].size == len(PDF) and b"%PDF" not in bytes(rows[2].personal)


async def test_what_is_no_field_and_what_does_not_fit_is_named_with_its_remedy(
    client: Client, desk: Desk
) -> None:
    sent = {
        "category": "nonsense",
        "role": 7,
        "text": "x" * (MAX_TEXT + 1),
        "unit": "nowhere",
        "email": "no address",
        "telephone": "call me",
        "colour": "blue",
    }
    named = await faults(await post(client, desk, **sent))
    assert named.keys() == {"category", "role", "text", "email", "telephone", "colour"}
    assert "at most 5,000 characters" in named["text"]
    named = await faults(await post(client, desk, unit="nowhere", contest="nothing"))
    assert named.keys() == {"unit", "contest"}
    assert all("leave it out" in message for message in named.values())
    for empty in ("", "   \n"):
        assert (await faults(await post(client, desk, text=empty))).keys() == {"text"}
    assert await stored(desk) == 0


async def test_a_form_is_held_to_the_same_as_json(client: Client, desk: Desk) -> None:
    named = await faults(await send(client, desk, category="nonsense", text="", unit="nowhere"))
    assert named.keys() == {"category", "text"}


async def test_every_text_of_up_to_five_thousand_characters_is_read_as_it_was_written(
    client: Client, desk: Desk
) -> None:
    for text in ("ش" * MAX_TEXT, "a\n\n\tb‮ \U0001f5f3 'quoted' <b>"):
        filed = await (await post(client, desk, text=text)).get_json()
        own = await client.post(f"{filed['address']}/own", json={"code": filed["code"]})
        assert (await own.get_json())["text"] == text


@pytest.mark.parametrize("field", ["text", "name", "email", "telephone", "unit", "contest"])
async def test_a_nul_character_is_refused_wherever_it_stands(client: Client, desk: Desk, field: str) -> None:
    assert (await faults(await post(client, desk, **{field: "a\x00b"}))).keys() == {field}
    assert (await faults(await send(client, desk, **{field: "a\x00b"}))).keys() == {field}
    assert await stored(desk) == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'{"text": "\\ud800"}', b"1" * 5000])
async def test_what_is_no_complaint_is_refused_in_words(client: Client, desk: Desk, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = await client.post(f"{desk.path}/complaints", data=body, headers=headers)
    assert response.status_code in (400, 422)
    plain = await client.post(f"{desk.path}/complaints", data=body, headers={"Content-Type": "text/plain"})
    assert plain.status_code == 415


async def test_an_election_that_is_not_there_takes_no_complaint(client: Client, desk: Desk) -> None:
    nowhere = Desk(desk.house, "nowhere")
    assert (await post(client, nowhere)).status_code == 404
    assert (await client.get(f"{nowhere.path}/complaints")).status_code == 404


# ---- files that are not taken ----


async def test_an_svg_with_a_script_is_refused_whatever_it_is_called(client: Client, desk: Desk) -> None:
    named = await faults(await send(client, desk, picture(), SVG, names="photo.png"))
    assert named.keys() == {"attachments[1]"}
    assert "SVG drawing, which can hold scripts" in named["attachments[1]"]
    assert await stored(desk) == 0


async def test_files_that_are_cut_short_and_too_many_of_them_are_refused(client: Client, desk: Desk) -> None:
    named = await faults(await send(client, desk, picture()[:-30], PDF[:-10]))
    assert named.keys() == {"attachments[0]", "attachments[1]"}
    assert (await faults(await send(client, desk, *[PDF] * 6))).keys() == {"attachments"}
    assert await stored(desk) == 0


async def test_a_file_of_more_than_five_megabytes_is_named(client: Client, desk: Desk) -> None:
    response = await send(client, desk, PDF, bytes(MAX_ATTACHMENT_BYTES + 1))
    problem = await response.get_json()
    assert (response.status_code, problem["code"]) == (413, "too-large")
    assert [error["field"] for error in problem["errors"]] == ["attachments[1]"]


async def test_five_files_of_five_megabytes_are_taken_together(client: Client, desk: Desk) -> None:
    large = PDF[:9] + b"%" * (MAX_ATTACHMENT_BYTES - len(PDF)) + PDF[9:]
    response = await send(client, desk, *[large] * 5)
    assert response.status_code == 201, await response.get_data()


@pytest.mark.parametrize("says", [True, False])
async def test_forty_megabytes_are_refused_before_they_are_read(
    client: Client, desk: Desk, says: bool
) -> None:
    """Of a body that says its length nothing is read; of another no more than what fits."""
    whole = 40 * 1024 * 1024
    headers = {"Content-Type": "multipart/form-data; boundary=end"}
    if says:
        headers["Content-Length"] = str(whole)
    begun = b'--end\r\nContent-Disposition: form-data; name="attachments"; filename="a.png"\r\n\r\n'
    sent = 0
    async with client.request(f"{desk.path}/complaints", method="POST", headers=headers) as connection:
        await connection.send(begun)
        piece = bytes(256 * 1024)
        while sent < (2 * len(piece) if says else whole):
            await connection.send(piece)
            await asyncio.sleep(0)
            sent += len(piece)
        await connection.send_complete()
        problem = msgspec.json.decode(await connection.receive())
        assert (connection.status_code, problem["status"]) == (413, 413)
    assert whole > MAX_FORM > 5 * MAX_ATTACHMENT_BYTES
    assert await stored(desk) == 0


async def test_only_a_form_may_be_so_large(client: Client, desk: Desk) -> None:
    response = await post(client, desk, text="x" * 9_000_000)
    assert response.status_code == 413


async def test_a_file_in_another_field_is_not_lost_in_silence(client: Client, desk: Desk) -> None:
    body = (
        b'--end\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\nx\r\n--end\r\n'
        b'Content-Disposition: form-data; name="category"\r\n\r\nother\r\n--end\r\n'
        b'Content-Disposition: form-data; name="role"\r\n\r\nvoter\r\n--end\r\n'
        b'Content-Disposition: form-data; name="text"\r\n\r\nwords\r\n--end--\r\n'
    )
    headers = {"Content-Type": "multipart/form-data; boundary=end"}
    response = await client.post(f"{desk.path}/complaints", data=body, headers=headers)
    assert (await faults(response)).keys() == {"photo"}


async def test_a_browser_in_which_no_file_was_chosen_sends_one_without_a_name(
    client: Client, desk: Desk
) -> None:
    response = await send(client, desk, b"", names="")
    assert response.status_code == 201, await response.get_data()
    assert await desk.sql("SELECT 1 FROM complaint_attachments") == []


# ---- how it stands ----


async def test_everybody_sees_how_complaints_stand_and_not_what_is_in_them(
    client: Client, desk: Desk
) -> None:
    await file(desk, unit="north-1", contest="president", name="Wilma Voter", email="w@example.org")
    response = await client.get(f"{desk.path}/complaints")
    (told,) = (await response.get_json())["complaints"]
    assert told.keys() == {
        *("election", "is_test", "number", "category", "unit", "contest", "status", "filed_at", "changed_at")
    }
    assert (told["unit"], told["contest"], told["status"]) == ("north-1", "president", "filed")
    one = await client.get(f"{desk.path}/complaints/1")
    assert await one.get_json() == {**told, "outcome": ""}
    for answer in (response, one):
        assert answer.headers["Cache-Control"].startswith("public, max-age=1")


async def test_complaints_come_in_pages_by_number(client: Client, desk: Desk) -> None:
    for _ in range(5):
        await file(desk)
    seen, address = [], f"{desk.path}/complaints?limit=2"
    while address:
        page = await (await client.get(address)).get_json()
        seen += [told["number"] for told in page["complaints"]]
        address = page["next"]
    assert seen == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("number", ["0", "2", "9" * 30])
async def test_a_number_that_nobody_was_given_is_not_found(client: Client, desk: Desk, number: str) -> None:
    await file(desk)
    assert (await client.get(f"{desk.path}/complaints/{number}")).status_code == 404
    own = await client.post(f"{desk.path}/complaints/{number}/own", json={"code": "x"})
    assert own.status_code == 404


# ---- with the code ----


async def test_with_the_code_the_filer_reads_what_they_wrote(client: Client, desk: Desk) -> None:
    filed = await file(desk, name="Wilma", email="w@example.org", telephone="+1 717")
    typed = filed.code.lower().replace("-", " ")
    response = await client.post(f"{filed.address}/own", json={"code": typed})
    own = await response.get_json()
    assert (own["text"], own["name"], own["email"], own["telephone"]) == (
        *(WORDS, "Wilma", "w@example.org", "+1 717"),
    )
    assert response.headers["Cache-Control"] == "private, no-store"


async def test_another_code_opens_nothing(client: Client, desk: Desk) -> None:
    one, other = await file(desk), await file(desk)
    for code in (other.code, "", one.code[:-1], "x" * 100):
        for what in ("own", "withdrawal"):
            response = await client.post(f"{one.address}/{what}", json={"code": code})
            assert response.status_code == (403 if code else 422)
            assert WORDS not in await response.get_data(as_text=True)
    assert (await desk.house.complaints.get("tiny", 1)).status == "filed"


async def test_a_complaint_is_taken_back_once_and_only_before_anybody_has_begun(
    client: Client, desk: Desk
) -> None:
    one, other = await file(desk), await file(desk)
    response = await client.post(f"{one.address}/withdrawal", json={"code": one.code})
    assert (response.status_code, (await response.get_json())["status"]) == (200, "withdrawn")
    again = await client.post(f"{one.address}/withdrawal", json={"code": one.code})
    assert again.status_code == 409
    await desk.sql("UPDATE complaints SET status = 'under_review' WHERE number = 2")
    with pytest.raises(IllegalTransition):
        await desk.house.complaint_filings.withdraw("tiny", 2, other.code)


async def test_nobody_writes_down_who_filed(client: Client, desk: Desk) -> None:
    otto = await desk.official("otto")
    await client.post(f"{desk.path}/complaints", json=a_complaint(), headers=otto.bearer)
    filed = (await desk.house.audit.before(election="tiny"))[0]
    assert (filed.action, filed.subject, filed.username, filed.address) == ("complaint-filed", "1", "", "")
    assert WORDS not in str(filed)


# ---- too many ----


async def test_a_flood_from_one_address_is_stopped_and_others_go_on(
    make_app: Callable[..., Any], settings: Settings
) -> None:
    requests = msgspec.structs.replace(settings.requests, limits=True)
    guarded = await make_app(msgspec.structs.replace(settings, requests=requests))
    desk = await define(house_of(guarded), tiny_election())
    flood, neighbour = "203.0.113.77", "203.0.113.78"

    async def complain(frm: str) -> Any:
        scope = {"client": (frm, 40_000)}
        where = f"{desk.path}/complaints"
        return await guarded.test_client().post(where, json=a_complaint(), scope_base=scope)

    answers = await asyncio.gather(*(complain(flood) for _ in range(40)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert sorted({answer.status_code for answer in answers}) == [201, 429]
    assert len(refused) == 20 and all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    assert await stored(desk) == 20
    assert (await complain(neighbour)).status_code == 201
