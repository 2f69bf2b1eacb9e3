"""Personal data at rest: what is sealed comes back as it was, or not at all; what is looked up is found."""

import base64
import os
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.personal import MemberContact, VoterRecord
from services.vault import KEY_BYTES, Keys, Vault, VaultError, read_key

OLD, NEW, LOOKUP = (bytes([number]) * KEY_BYTES for number in (1, 2, 3))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def vault(*personal: bytes, lookup: bytes = LOOKUP) -> Vault:
    return Vault(Keys(personal or (OLD,), lookup, b""))


VOTER = VoterRecord("V-0017", "Ada", "Byron", "ada@example.org", "+44 1", "12 St James's Square")
SEALED = vault().seal("voter", VOTER)


@given(st.builds(VoterRecord, *[TEXT] * 6))
def test_what_is_sealed_comes_back_as_it_was(record: VoterRecord) -> None:
    assert vault().open("voter", vault().seal("voter", record), VoterRecord) == record


def test_nothing_of_it_can_be_read_and_the_same_is_never_sealed_alike() -> None:
    assert not any(text.encode() in SEALED for text in msgspec.structs.astuple(VOTER))
    assert vault().seal("voter", VOTER) != SEALED


@given(st.integers(0, len(SEALED) * 8 - 1))
def test_any_bit_that_is_changed_is_noticed(bit: int) -> None:
    changed = bytearray(SEALED)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VaultError):
        vault().open("voter", bytes(changed), VoterRecord)


@given(st.integers(0, len(SEALED) - 1), st.binary(max_size=20))
def test_what_was_cut_short_or_made_longer_is_noticed(length: int, more: bytes) -> None:
    for sealed in (SEALED[:length], SEALED + more + b"\x00"):
        with pytest.raises(VaultError):
            vault().open("voter", sealed, VoterRecord)


@given(st.binary(max_size=100))
def test_whatever_else_stands_in_a_column_is_refused_and_never_breaks_anything(rubbish: bytes) -> None:
    for sealed in (rubbish, SEALED[:5] + rubbish, SEALED[:17] + rubbish):
        with pytest.raises(VaultError):
            vault().open("voter", sealed, VoterRecord)


def test_a_value_that_was_moved_to_another_table_does_not_open() -> None:
    with pytest.raises(VaultError, match="moved"):
        vault().open("member", SEALED, MemberContact)


def test_after_a_rotation_old_values_open_and_new_ones_are_sealed_with_the_new_key() -> None:
    both = vault(NEW, OLD)
    assert both.open("voter", SEALED, VoterRecord) == VOTER
    assert not both.is_current(SEALED)
    resealed = both.seal("voter", VOTER)
    assert both.is_current(resealed)
    assert vault(NEW).open("voter", resealed, VoterRecord) == VOTER


def test_without_its_key_a_value_does_not_open_and_the_message_says_where_to_look() -> None:
    with pytest.raises(VaultError, match="TALLYSTREAM_PERSONAL_KEYS"):
        vault(NEW).open("voter", SEALED, VoterRecord)


def test_no_fault_shows_what_is_inside_or_a_key() -> None:
    shown = [repr(Keys((OLD,), LOOKUP, NEW))]
    for sealed, keys in ((SEALED, NEW), (SEALED[:-1], OLD), (SEALED[:-1] + b"\x00", OLD)):
        with pytest.raises(VaultError) as refused:
            vault(keys).open("voter", sealed, VoterRecord)
        shown.append(repr(refused.value))
    for secret in ("Ada", "\\x01\\x01", repr(OLD)[2:20], base64.b64encode(OLD).decode()[:10]):
        assert not any(secret in text for text in shown), secret


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ada@Example.org", "ada@example.ORG"),
        ("  Ada \t Byron\n", "ada byron"),
        ("Straße", "STRASSE"),
        ("Zoë", unicodedata.normalize("NFD", "ZOË")),
        ("Ａｄａ", "ada"),
        ("Ångström", "a\u030angstro\u0308m"),
        ("\u00a0Ada\u2003Byron", "Ada Byron"),
    ],
)
def test_the_same_is_found_however_it_is_written(first: str, second: str) -> None:
    assert vault().lookup("name", first) == vault().lookup("name", second)


@given(TEXT)
def test_a_lookup_depends_neither_on_composition_nor_on_spaces_around(text: str) -> None:
    wanted = vault().lookup("name", text)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert vault().lookup("name", f" {unicodedata.normalize(form, text)}\n") == wanted  # type: ignore[arg-type]
    assert len(wanted) == 32


def test_a_lookup_depends_on_the_kind_the_key_and_the_text() -> None:
    found = {
        vault().lookup("email", "ada"),
        vault().lookup("mobile", "ada"),
        vault().lookup("email", "adb"),
        vault(lookup=OLD).lookup("email", "ada"),
        vault().lookup("emaila", "da"),
    }
    assert len(found) == 5


def test_a_lookup_stays_when_the_keys_that_seal_rotate() -> None:
    assert vault(NEW, OLD).lookup("email", "ada") == vault(OLD).lookup("email", "ada")


def test_a_digest_is_of_exact_bytes() -> None:
    assert vault().digest("filing", b"Ada") != vault().digest("filing", b"ada")


def test_a_key_is_32_bytes_of_base64() -> None:
    key = os.urandom(KEY_BYTES)
    assert read_key(f" {base64.b64encode(key).decode()}\n") == key
    for text, fault in (("", "0 bytes"), ("AAAA", "3 bytes"), ("not base64!", "not base64"), ("é", "not")):
        with pytest.raises(VaultError, match=fault):
            read_key(text)
