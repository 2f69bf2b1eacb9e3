"""The bytes of log entries: RFC 8785, and the leaf hash of RFC 9162."""

import datetime
import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.checks import FailedCheck
from models.log import ElectionEntry, Entry, LogRecord, TallyEntry, entry_bytes, leaf_hash

AT = datetime.datetime(2026, 11, 3, 20, 0, 1, 250_000, tzinfo=datetime.UTC)
CODES = st.from_regex(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z")
COUNTS = st.integers(0, 2**31 - 1)
# What a reason may hold: any text that UTF-8 and PostgreSQL can.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


def tally_entry(**changes: Any) -> TallyEntry:
    fields: dict[str, Any] = {
        "seq": 3,
        "at": AT,
        "election": "tiny",
        "precinct": "north-1",
        "contest": "president",
        "revision": 1,
        "status": "accepted",
        "is_test": False,
        "votes": {"ben": 30, "ada": 40},
        "ballots_cast": 80,
        "overvotes": 1,
        "undervotes": 8,
        "write_ins": 1,
        "rejected_ballots": 0,
        "checks": (),
        "supersedes": (),
        "reason": "",
        "nonce": "00ff",
    }
    return TallyEntry(**{**fields, **changes})


def canonical(entry: Entry) -> bytes:
    """RFC 8785 by the standard library. All keys are ASCII, where code points sort like UTF-16."""
    plain = json.loads(msgspec.json.encode(entry))
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@given(
    st.builds(
        tally_entry,
        seq=st.integers(1, 2**53 - 1),
        votes=st.dictionaries(CODES, COUNTS, max_size=8),
        ballots_cast=COUNTS,
        reason=TEXTS,
        supersedes=st.lists(st.integers(1, 2**53 - 1), max_size=3).map(tuple),
        checks=st.lists(st.builds(FailedCheck, CODES, COUNTS, COUNTS, TEXTS), max_size=3).map(tuple),
    )
)
def test_a_tallys_bytes_are_its_canonical_json(entry: TallyEntry) -> None:
    assert entry_bytes(entry) == canonical(entry)


@given(TEXTS)
def test_an_elections_bytes_are_its_canonical_json(reason: str) -> None:
    entry = ElectionEntry(
        seq=1,
        at=AT,
        election="tiny",
        is_test=False,
        change="created",
        status="draft",
        results_released=False,
        reason=reason,
        nonce="ff00",
    )
    assert entry_bytes(entry) == canonical(entry)


def test_control_characters_quotes_and_line_separators_are_written_as_the_rfc_says() -> None:
    reason = "".join(map(chr, range(1, 0x20))) + '"\\/\x7f\u0080\u2028\u2029é😀'
    entry = tally_entry(reason=reason)
    assert entry_bytes(entry) == canonical(entry)


def test_a_leaf_hash_is_sha256_of_a_zero_byte_and_the_entry() -> None:
    data = entry_bytes(tally_entry())
    assert leaf_hash(data) == hashlib.sha256(b"\x00" + data).digest()
    # RFC 6962's vector for the empty leaf.
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def record(entry: Entry) -> LogRecord:
    data = entry_bytes(entry)
    kind = "tally" if isinstance(entry, TallyEntry) else "election"
    return LogRecord(entry.seq, entry.at, kind, data.decode(), leaf_hash(data))


def test_whoever_reads_a_public_entry_can_compute_its_leaf_hash() -> None:
    public = json.loads(record(tally_entry(reason="recount – «tight»")).public(released=True))
    said = public.pop("leaf_hash")
    data = json.dumps(public, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert said == hashlib.sha256(b"\x00" + data).hexdigest()


@pytest.mark.parametrize("is_test", [True, False])
def test_a_withheld_tally_shows_its_place_its_time_and_its_hash_and_nothing_else(is_test: bool) -> None:
    """And whether it is one of a test, which no reason of an officer can pretend."""
    entry = tally_entry(is_test=is_test, reason='x","is_test":true,"y')
    public = json.loads(record(entry).public(released=False))
    assert public == {
        "seq": 3,
        "at": "2026-11-03T20:00:01.250000Z",
        "kind": "tally",
        "withheld": True,
        "is_test": is_test,
        "leaf_hash": leaf_hash(entry_bytes(entry)).hex(),
    }


def test_what_happened_to_the_election_itself_is_never_withheld() -> None:
    entry = ElectionEntry(
        seq=2,
        at=AT,
        election="tiny",
        is_test=False,
        change="opened",
        status="open",
        results_released=False,
        reason="",
        nonce="ff00",
    )
    public = json.loads(record(entry).public(released=False))
    assert (public["change"], public["status"]) == ("opened", "open")
