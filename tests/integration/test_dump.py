"""Whoever gets hold of a copy of the database, or of the log, learns nothing personal and gets in nowhere."""

import asyncio
import base64
import datetime
import logging
from pathlib import Path
from typing import Any

import msgspec
import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.candidates import Filing
from models.members import MemberEdit
from models.rights import OPERATOR
from models.voters import VoterEntry, VoterSearch
from quart_app.embedded.wheels import postgres_programs
from quart_app.wiring import Services
from tests.browser import Browser, edit_member
from tests.building import tiny_election
from tests.complaining import PDF, Staff, file, send
from tests.desk import Desk

PASSWORDS = ("nine green lanterns hum", "eleven slow tortoises win", "a wrong guess of somebody")
MEMBER = MemberEdit(
    name="Mary", roles=["registrar"], email="mary.quint@example.org", mobile="+49 171 5550111"
)
FILING = Filing(
    contest="council",
    first_name="Public",
    last_name="Candidate",
    address="77 Candlewick Lane, Truro",
    telephone="+44 1872 555012",
    email="candidate.private@example.net",
)
VOTER = VoterEntry(
    voter_id="PA-00777123-09",
    first_name="Wilhelmina",
    last_name="Featherstone-Haugh",
    precinct="north-1",
    email="wilhelmina@featherstone.example",
    mobile="+1 (717) 555-0188",
    address="4 Rue de l’Église\nGettysburg",
)
COMPLAINT = {
    "category": "conduct",
    "unit": "north-1",
    "text": "A man in a green hat told Ottoline Amberley at the door whom to vote for.",
    "name": "Ottoline Amberley",
    "email": "ottoline@amberley.example",
    "telephone": "+44 1872 555099",
}
NOTE, REASON = "Amberley was called back on Tuesday.", "The judge, Mr Plimsoll, saw nobody in a hat."
LETTER = b"%A letter of Amberley's solicitor\nstartxref\n9\n%%EOF\n"
CHANGED = msgspec.structs.replace(
    VOTER, last_name="Cholmondeley", email="w.cholmondeley@example.com", voter_id="PA-00777123-10"
)


def traces(text: str) -> set[bytes]:
    """A text as it could stand somewhere: as it is, as digits only, in hexadecimal and in base64."""
    data = text.encode()
    found = {data, data.lower(), data.upper(), data.hex().encode(), data.hex().upper().encode()}
    if sum(character.isdigit() for character in text) > 6:
        found.add("".join(filter(str.isdigit, text)).encode())
    for shift in range(3):
        # In base64 the same bytes look different at each of three places; the ends mix with what is beside.
        coded = base64.b64encode(b"\0" * shift + data)
        inner = coded[4 if shift else 0 : len(coded) - (4 if (shift + len(data)) % 3 else 0)]
        found |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return {trace for trace in found if len(trace) > 5}


def leaks(dump: bytes, secrets: set[str]) -> set[str]:
    return {secret for secret in secrets if any(trace in dump for trace in traces(secret))}


async def dump(desk: Desk) -> bytes:
    """All that the database holds, as pg_dump writes it, or else every row of every table as text."""
    programs = postgres_programs()
    if programs is not None and (programs.bin / "pg_dump").exists():
        process = await asyncio.create_subprocess_exec(
            Path(programs.bin / "pg_dump"), "--dbname", desk.database_url, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        if process.returncode == 0:
            return output
    tables = await desk.sql("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
    rows = [row for (table,) in tables for row in await desk.sql(f"SELECT t::text FROM {table} t")]
    return "\n".join(row[0] for row in rows).encode()


@pytest.fixture
async def desk(house: Services) -> Desk:
    """The desk of a draft, in which candidates file and voters register."""
    await house.elections.define(tiny_election())
    return Desk(house, "tiny")


async def members(app: Quart, desk: Desk) -> set[str]:
    """A member who comes by every way; returns what must not be seen of it."""
    house = desk.house
    await house.officials.create("mary", MEMBER, OPERATOR)
    reset = await house.officials.reset("mary", OPERATOR)
    await house.sign_in.set_password(reset.token, PASSWORDS[0], OPERATOR)
    unused = await house.officials.reset("mary", OPERATOR)
    browser = Browser(app)
    assert (await browser.sign_in("mary", PASSWORDS[2])).status == 401
    assert (await browser.sign_in("mary", PASSWORDS[0])).status == 201
    secret = app.extensions["QUART_AUTH"][0].load_token(browser.cookie, app)
    token = (await house.credentials.issue_token("mary", datetime.timedelta(hours=1))).token
    await edit_member(house, "mary", email="quint@example.org")
    assert len(await desk.sql("SELECT 1 FROM sessions")) == 1
    kept = {reset.token, unused.token, token, secret, browser.cookie, *PASSWORDS}
    return kept | {MEMBER.email, MEMBER.mobile, "quint@example.org"}


async def registered(client: Client, desk: Desk) -> set[str]:
    """Candidates and voters, come by every way; returns what must not be seen of them."""
    rita = await desk.official("rita", roles=["registrar"], units=[])

    async def ask(method: str, path: str, body: Any, status: int = 200) -> Any:
        data = msgspec.json.encode(body)
        headers = {**rita.bearer, "Content-Type": "application/json", "If-Match": "*"}
        answer = await client.open(f"{desk.path}{path}", method=method, data=data, headers=headers)
        assert answer.status_code == status, await answer.get_data()
        return await answer.get_json()

    await ask("POST", "/filings", FILING, 201)
    await ask("POST", "/candidates", [{**msgspec.to_builtins(FILING), "code": "C-1"}])
    answer = await ask("POST", "/voters", [VOTER, VOTER, {**msgspec.to_builtins(CHANGED), "precinct": "?"}])
    voter = answer["items"][0]["code"]
    await ask("PUT", f"/voters/{voter}", {**msgspec.to_builtins(CHANGED), "email": "no address"}, 422)
    await ask("PUT", f"/voters/{voter}", CHANGED)
    found = await ask("POST", "/voters/search", VoterSearch(last_name=CHANGED.last_name))
    assert len(found["voters"]) == 1
    await ask("POST", f"/voters/{voter}/removal", {"reason": "moved away"})
    await ask("POST", "/voters", [VOTER])
    await ask("POST", "/units/north-1/voters/move", {"to": "south-1", "reason": "flood"})
    return {*personal(VOTER), *personal(CHANGED), *personal(FILING), rita.token}


async def complained(client: Client, desk: Desk) -> set[str]:
    """A complaint with a file, looked into, noted, dismissed, and one taken back; what must not be seen."""
    sent = await send(client, desk, PDF + LETTER, **COMPLAINT)
    filed = await sent.get_json()
    assert sent.status_code == 201, filed
    other = await file(desk, **COMPLAINT)
    await client.post(f"{filed['address']}/own", json={"code": filed["code"]})
    await client.post(f"{other.address}/withdrawal", json={"code": other.code})
    rosa = await Staff.of(client, desk, "rosa")
    await rosa.see(1)
    await rosa.move(1, "review")
    await rosa.ask("POST", "/desk/1/notes", {"text": NOTE})
    await rosa.move(1, "dismiss", outcome="Nothing of the kind was found.", reason=REASON)
    assert rosa.status == 200
    await rosa.ask("GET", "/desk/1/attachments/1")
    await rosa.ask("GET", ".csv")
    private = {value for name, value in COMPLAINT.items() if name not in ("category", "unit")}
    return {*private, NOTE, REASON, LETTER.decode(), filed["code"], other.code, rosa.official.token}


def personal(value: VoterEntry | Filing) -> set[str]:
    """The texts of a value that only those who may are to see; the names of candidates are public."""
    public = {"council", "Public", "Candidate", "north-1"}
    texts = {text for text in msgspec.to_builtins(value).values() if isinstance(text, str)}
    return texts - public - {""}


async def test_a_copy_of_the_database_and_the_log_tell_nothing(
    app: Quart, client: Client, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = await members(app, desk) | await registered(client, desk) | await complained(client, desk)
    assert len(secrets) > 20
    copied = await dump(desk)
    # It is the whole of it that was looked at.
    assert all(
        there in copied
        for there in (b"voters", b"candidates", b"$argon2id$", b"moved away", b"mary", b"of the kind was")
    )
    assert leaks(copied, secrets) == set()
    assert leaks(caplog.text.encode(), secrets) == set()


def test_a_text_is_found_however_it_is_written() -> None:
    secret = "mary.quint@example.org"
    for shift in range(3):
        around = b"#" * shift + secret.encode() + b"!!"
        for coded in (
            around,
            around.hex().encode(),
            base64.b64encode(around),
            base64.urlsafe_b64encode(around),
        ):
            assert leaks(b"some " + coded + b" more", {secret}) == {secret}
    assert leaks(b"tel 497715550111", {"+49 771 555-0111"}) != set()
    assert leaks(b"nothing of the kind", {secret}) == set()
