"""Passwords: which are accepted, and how they are kept."""

import asyncio
import unicodedata
from typing import Literal

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Invalid, Unavailable
from services.passwords import MAX_LENGTH, MIN_LENGTH, Passwords, Verdict, check_password

GOOD = "copper lantern seldom weeps"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "пароль из слов",
        "correct horse battery staple",
        "k9$Wd2!vQz7p",
        "ä" * 5 + "öüßxyz12",
        "olg-and-more",
        "a" * 4 + " quick brown fox",
        "é" + "x1y2z3" * 42,
    ],
)
def test_a_long_password_of_any_characters_is_accepted(password: str) -> None:
    check_password(password, "olga")


@pytest.mark.parametrize(
    ("password", "remedy"),
    [
        ("", "12 or more"),
        ("k9$Wd2!vQz7", "12 or more"),
        ("x1y2z3" * 50, "longer than 256"),
        ("password1234", "several words"),
        ("PASSWORD!!!!", "several words"),
        ("passwordpassword", "several words"),
        ("Iloveyou2020!", "several words"),
        ("aaaaaaaaaaaaaaaa", "several words"),
        ("abcabcabcabcabc", "several words"),
        ("123456789012", "several words"),
        ("qwertyuiopas", "several words"),
        ("zyxwvutsrqpon", "several words"),
        ("tallystream1", "several words"),
        ("ｐａｓｓｗｏｒｄ1234", "several words"),
        ("my name is Olga here", "leave it out"),
    ],
)
def test_a_bad_password_is_refused_with_a_remedy(password: str, remedy: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, "olga", "new_password")
    [fault] = refused.value.errors
    assert (fault.field, fault.code) == ("new_password", "weak-password")
    assert remedy in fault.message


@given(st.text(max_size=300))
def test_a_refusal_never_repeats_the_password(password: str) -> None:
    try:
        check_password(password, "olga")
    except Invalid as refused:
        told = f"{refused} {refused.title} {refused.errors}"
        assert len(password) < MIN_LENGTH or len(password) > MAX_LENGTH or password not in told


def test_a_short_username_may_stand_in_a_password_by_chance() -> None:
    check_password(GOOD, "co")


def test_hashes_are_argon2id_with_the_second_parameters_of_rfc_9106() -> None:
    hashed = asyncio.run(Passwords().hash(GOOD))
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert GOOD not in hashed


async def test_a_password_is_right_or_wrong() -> None:
    kept = await Passwords(QUICK).hash(GOOD)
    assert (await Passwords(QUICK).verify(kept, GOOD)).right
    for wrong in ("", GOOD[:-1], GOOD.upper(), GOOD + "\x00", "x" * 100_000):
        assert not (await Passwords(QUICK).verify(kept, wrong)).right
    assert await Passwords(QUICK).hash(GOOD) != kept


async def test_it_does_not_matter_how_a_keyboard_composes_a_letter() -> None:
    kept = await Passwords(QUICK).hash("Zoë kennt das Café nicht")
    typed = unicodedata.normalize("NFD", "Zoë kennt das Café nicht")
    assert (await Passwords(QUICK).verify(kept, typed)).right


@pytest.mark.parametrize("stored", ["", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$AAAA", "$2b$12$abcdefghij"])
async def test_what_is_no_hash_lets_nobody_in(stored: str) -> None:
    assert not (await Passwords(QUICK).verify(stored, GOOD)).right


async def test_nobody_has_no_password() -> None:
    hasher = Passwords(QUICK)
    for password in ("", GOOD, hasher._nobodys):
        assert not (await hasher.verify(None, password)).right


class CountingHasher(PasswordHasher):
    """What is verified, and against which parameters: what takes the time."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=16, parallelism=1)
        self.verified: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.verified.append(str(hash).rpartition("p=1$")[0])
        return super().verify(hash, password)


async def test_an_unknown_name_takes_the_same_work_as_a_wrong_password() -> None:
    hasher = CountingHasher()
    passwords = Passwords(hasher)
    kept = await passwords.hash(GOOD)
    await passwords.verify(kept, "a wrong password")
    await passwords.verify(None, "a wrong password")
    assert hasher.verified == ["$argon2id$v=19$m=16,t=1,"] * 2


async def test_weaker_parameters_are_outgrown_when_the_password_is_right() -> None:
    old = await Passwords(QUICK).hash(GOOD)
    now = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    verdict = await now.verify(old, GOOD)
    assert verdict.right
    assert verdict.rehashed is not None
    assert verdict.rehashed.startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert await now.verify(verdict.rehashed, GOOD) == Verdict(right=True)
    assert await now.verify(old, "a wrong password") == Verdict(right=False)


async def test_the_event_loop_goes_on_and_only_so_many_wait() -> None:
    hasher = Passwords(PasswordHasher(time_cost=1, memory_cost=32_768, parallelism=1))
    work = [asyncio.create_task(hasher.hash(GOOD)) for _ in range(80)]
    turns = 0
    while not all(task.done() for task in work):
        await asyncio.sleep(0.005)
        turns += 1
    results = await asyncio.gather(*work, return_exceptions=True)
    refused = [result for result in results if isinstance(result, Unavailable)]
    assert (len(refused), len(results)) == (80 - 64, 80)
    assert turns > 10
    assert (await hasher.hash(GOOD)).startswith("$argon2id$")


async def test_whoever_leaves_early_makes_no_room_for_more_threads() -> None:
    hasher = Passwords(PasswordHasher(time_cost=1, memory_cost=32_768, parallelism=1))
    for _ in range(20):
        leaving = asyncio.create_task(hasher.hash(GOOD))
        await asyncio.sleep(0.001)
        leaving.cancel()
    assert len(hasher._threads._threads) <= 2
    assert (await hasher.hash(GOOD)).startswith("$argon2id$")
