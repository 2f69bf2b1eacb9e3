"""How often a password may be tried: services/tries.py, against real concurrency and a clock of our own."""

import asyncio
import datetime
from collections.abc import Awaitable, Callable

import pytest
from argon2 import PasswordHasher

from models.errors import DomainError, NotSignedIn, TooMany, WrongPassword
from models.rights import OPERATOR, Actor, Identity
from quart_app.wiring import Services
from services.credentials import secret_hash
from services.passwords import Passwords, Verdict
from services.sign_in import NewSession, SignIn
from services.tries import FREE_ANYWHERE, FREE_TRIES, MAX_LOCK, Tries, lock_of, place_of
from tests.browser import ANOTHER, PASSWORD, edit_member
from tests.desk import Desk

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
OFFICE, HOME = "198.51.100.7", "2001:db8:1:2:3:4:5:6"


class Clock:
    def __init__(self) -> None:
        self.now = datetime.datetime(2026, 11, 3, 18, tzinfo=datetime.UTC)

    def __call__(self) -> datetime.datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += datetime.timedelta(**time)


class Door:
    """Signing in under a clock of our own, with hashes that cost nothing; each answer as one word."""

    def __init__(self, house: Services, passwords: Passwords | None = None) -> None:
        self.clock = Clock()
        self.passwords = passwords or Passwords(QUICK)
        tries = Tries(house.database, self.clock, house.vault)
        hours = datetime.timedelta(hours=12)
        self.sign_in = SignIn(house.database, self.clock, self.passwords, tries, lasts=hours)
        self._house = house

    async def add(self, username: str = "olga") -> None:
        await self._house.officials.add(username, ["officer"], [])
        await self.sign_in.give_password(username, PASSWORD, OPERATOR)

    async def enter(self, password: str = PASSWORD, *, at: str = OFFICE, name: str = "olga") -> NewSession:
        return await self.sign_in.sign_in(name, password, Actor(None, "", at, "api"))

    async def knock(self, password: str = ANOTHER, *, at: str = OFFICE, name: str = "olga") -> str:
        try:
            await self.enter(password, at=at, name=name)
        except TooMany as error:
            return f"wait {error.retry_after}"
        except WrongPassword:
            return "no"
        return "in"

    async def who(self, session: NewSession) -> Identity:
        async with self._house.database.transaction() as repos:
            found = await repos.credentials.by_session(secret_hash(session.secret), self.clock())
        assert found is not None
        return found


@pytest.fixture
async def door(house: Services) -> Door:
    made = Door(house)
    await made.add()
    return made


def test_waiting_grows_from_a_second_to_a_quarter_of_an_hour() -> None:
    waits = [lock_of(failures).total_seconds() for failures in range(18)]
    assert waits[: FREE_TRIES + 1] == [0] * (FREE_TRIES + 1)
    assert waits[FREE_TRIES + 1 : FREE_TRIES + 5] == [1, 2, 4, 8]
    assert waits[-1] == lock_of(10**9).total_seconds() == MAX_LOCK.total_seconds()


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("a socket", "a socket"),
        ("unix:", "unix:"),
        ("x" * 500, "x" * 64),
        ("192.0.2.7:5000", "192.0.2.7"),
        ("[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"),
    ],
)
def test_a_place_is_what_one_client_cannot_choose(address: str, place: str) -> None:
    assert place_of(address) == place


async def test_five_failures_are_free_then_the_wait_doubles(door: Door) -> None:
    assert [await door.knock() for _ in range(7)] == ["no"] * 6 + ["wait 1"]
    for seconds in (1, 2, 4, 8):
        door.clock.wait(seconds=seconds)
        assert await door.knock() == "no"
    assert await door.knock(PASSWORD) == "wait 16"
    door.clock.wait(seconds=15.5)
    assert await door.knock(PASSWORD) == "wait 1"
    door.clock.wait(seconds=0.5)
    assert await door.knock(PASSWORD) == "in"


async def test_a_success_begins_the_count_anew(door: Door) -> None:
    for _ in range(3):
        assert [await door.knock() for _ in range(5)] == ["no"] * 5
        assert await door.knock(PASSWORD) == "in"


async def test_a_day_without_a_try_begins_the_count_anew(door: Door) -> None:
    for _ in range(12):
        await door.knock()
        door.clock.wait(minutes=20)
    door.clock.wait(days=1)
    assert [await door.knock() for _ in range(7)] == ["no"] * 6 + ["wait 1"]


async def test_whoever_waits_is_not_made_to_wait_longer_by_trying(door: Door) -> None:
    for _ in range(6):
        await door.knock()
    for _ in range(20):
        assert await door.knock() == "wait 1"
    door.clock.wait(seconds=1)
    assert await door.knock(PASSWORD) == "in"


async def test_a_name_that_does_not_exist_waits_just_as_long(door: Door) -> None:
    known = [await door.knock(name="olga") for _ in range(8)]
    unknown = [await door.knock(name="nobody") for _ in range(8)]
    assert known == unknown


async def test_somebody_elsewhere_cannot_keep_an_official_out(door: Door) -> None:
    for _ in range(50):
        await door.knock(at=HOME)
    assert (await door.knock(at=HOME)).startswith("wait")
    assert await door.knock(PASSWORD, at=OFFICE) == "in"


async def test_of_ipv6_a_whole_network_is_one_place(door: Door) -> None:
    answers = [await door.knock(at=f"2001:db8:1:2::{number:x}") for number in range(7)]
    assert answers == ["no"] * 6 + ["wait 1"]


async def test_many_guesses_at_once_gain_nothing(door: Door) -> None:
    answers = await asyncio.gather(*(door.knock(f"guess number {number}") for number in range(60)))
    assert (answers.count("no"), answers.count("wait 1")) == (6, 54)


async def test_the_right_password_among_many_guesses_at_once_is_no_way_around(door: Door) -> None:
    guesses = [PASSWORD if number == 40 else f"guess number {number}" for number in range(60)]
    answers = await asyncio.gather(*map(door.knock, guesses))
    # The right one forgives what came before it, and so may a few more be looked at; never all.
    assert answers.count("no") <= 12


def addresses(number: int) -> list[str]:
    return [f"203.0.{index // 250}.{index % 250}" for index in range(number)]


async def guessed_everywhere(door: Door) -> None:
    """As many failures as a name has free, from as many addresses."""
    for address in addresses(FREE_ANYWHERE):
        assert await door.knock(at=address) == "no"


async def test_somebody_with_many_addresses_has_a_hundred_tries_then_one_a_minute(door: Door) -> None:
    await guessed_everywhere(door)
    fresh = iter(addresses(1000)[500:])
    assert [await door.knock(at=next(fresh)) for _ in range(3)] == ["no", "wait 60", "wait 60"]
    door.clock.wait(minutes=1)
    assert [await door.knock(at=next(fresh)) for _ in range(3)] == ["no", "wait 60", "wait 60"]


async def test_many_addresses_at_once_gain_nothing(door: Door) -> None:
    await guessed_everywhere(door)
    fresh = addresses(1000)[500:530]
    answers = await asyncio.gather(*(door.knock(at=address) for address in fresh))
    assert (answers.count("no"), answers.count("wait 60")) == (1, 29)


async def test_where_an_official_signed_in_before_nobody_elsewhere_can_keep_them_out(door: Door) -> None:
    assert await door.knock(PASSWORD, at=HOME) == "in"
    door.clock.wait(days=29)
    await guessed_everywhere(door)
    assert await door.knock(at="192.0.2.200") == "no"
    assert await door.knock(PASSWORD, at="192.0.2.201") == "wait 60"
    assert await door.knock(PASSWORD, at=HOME) == "in"
    door.clock.wait(days=31)
    await guessed_everywhere(door)
    await door.knock(at="192.0.2.202")
    assert await door.knock(PASSWORD, at=HOME) == "wait 60"


async def test_a_known_place_does_not_pay_back_what_others_guessed(door: Door) -> None:
    await door.knock(PASSWORD, at=HOME)
    for address in addresses(FREE_ANYWHERE):
        await door.knock(at=address)
        if address.endswith("9"):
            assert await door.knock(PASSWORD, at=HOME) == "in"
    await door.knock(at="192.0.2.1")
    assert await door.knock(at="192.0.2.2") == "wait 60"


async def test_signing_in_from_ever_new_places_is_no_failure(door: Door) -> None:
    for address in addresses(FREE_ANYWHERE + 20):
        assert await door.knock(PASSWORD, at=address) == "in"


async def test_a_new_password_clears_what_was_guessed_about_the_old_one(door: Door) -> None:
    await guessed_everywhere(door)
    await door.knock(at="192.0.2.1")
    assert await door.knock(PASSWORD, at="192.0.2.2") == "wait 60"
    await door.sign_in.give_password("olga", ANOTHER, OPERATOR)
    assert await door.knock(ANOTHER, at="192.0.2.2") == "in"


async def test_a_session_that_exists_is_never_kept_from_confirming(door: Door) -> None:
    who = await door.who(await door.enter(at=OFFICE))
    await guessed_everywhere(door)
    for _ in range(10):
        await door.knock(at=OFFICE)
    assert (await door.knock(PASSWORD, at=OFFICE)).startswith("wait")
    await door.sign_in.confirm(who, PASSWORD)


async def test_a_session_guesses_its_password_no_faster(door: Door) -> None:
    session = await door.enter()
    who = await door.who(session)
    answers: list[type[DomainError]] = []
    for _ in range(8):
        try:
            await door.sign_in.confirm(who, ANOTHER)
        except (NotSignedIn, TooMany) as error:
            answers.append(type(error))
    assert answers == [WrongPassword] * 6 + [TooMany] * 2
    assert await door.knock(PASSWORD, at=HOME) == "in"


async def test_what_is_long_over_is_forgotten_by_the_next_success(door: Door, desk: Desk) -> None:
    for number in range(20):
        await door.knock(name=f"nobody-{number}")
    assert await door.knock(PASSWORD) == "in"
    assert [row.n for row in await desk.sql("SELECT count(*) AS n FROM sign_in_tries")] == [42]
    door.clock.wait(days=1, seconds=1)
    assert await door.knock(PASSWORD) == "in"
    rows = await desk.sql("SELECT key, succeeded_at FROM sign_in_tries")
    assert [row.succeeded_at for row in rows] == [door.clock.now]
    assert all(len(row.key) == 32 for row in rows)


# ---- what changes between the look at the password and the session ----


class Meanwhile(Passwords):
    """Something happens right after a password was found to be right."""

    def __init__(self) -> None:
        super().__init__(QUICK)
        self.happens: Callable[[], Awaitable[object]] | None = None

    async def verify(self, stored: str | None, password: str) -> Verdict:
        verdict = await super().verify(stored, password)
        if self.happens is not None:
            await self.happens()
        return verdict


async def test_a_password_that_was_changed_a_moment_ago_lets_nobody_in(house: Services) -> None:
    passwords = Meanwhile()
    door = Door(house, passwords)
    await door.add()

    async def changed() -> None:
        door.clock.wait(seconds=1)
        await door.sign_in.give_password("olga", ANOTHER, OPERATOR)

    passwords.happens = changed
    assert await door.knock(PASSWORD) == "no"
    passwords.happens = None
    assert await door.knock(ANOTHER, at=HOME) == "in"


async def test_a_member_who_was_disabled_a_moment_ago_does_not_come_in(house: Services) -> None:
    passwords = Meanwhile()
    door = Door(house, passwords)
    await door.add()
    passwords.happens = lambda: edit_member(house, "olga", disabled=True)
    assert await door.knock(PASSWORD) == "no"
    passwords.happens = None
    await edit_member(house, "olga", disabled=False)
    assert await door.knock(PASSWORD, at=HOME) == "in"


# ---- parameters that have grown ----


async def stored(desk: Desk) -> str:
    return str((await desk.sql("SELECT password_hash FROM logins"))[0].password_hash)


async def test_signing_in_rehashes_a_password_whose_parameters_have_grown(house: Services) -> None:
    weak = Door(house)
    await weak.add()
    desk = Desk(house, "")
    before = await stored(desk)
    strong = Door(house, Passwords(PasswordHasher(time_cost=2, memory_cost=64, parallelism=1)))
    assert await strong.knock(ANOTHER) == "no"
    assert await stored(desk) == before
    assert await strong.knock(PASSWORD) == "in"
    after = await stored(desk)
    assert after.startswith("$argon2id$v=19$m=64,t=2,p=1$")
    assert await strong.knock(PASSWORD) == "in"
    assert await stored(desk) == after
    [changes] = await desk.sql("SELECT count(*) AS n FROM audit_entries WHERE action = 'password-changed'")
    assert changes.n == 1


async def test_several_who_sign_in_while_it_is_rehashed_all_come_in(house: Services) -> None:
    await Door(house).add()
    strong = Door(house, Passwords(PasswordHasher(time_cost=2, memory_cost=64, parallelism=1)))
    answers = await asyncio.gather(*(strong.knock(PASSWORD, at=address) for address in addresses(8)))
    assert answers == ["in"] * 8


async def test_a_rehash_never_undoes_a_new_password(house: Services) -> None:
    await Door(house).add()
    desk = Desk(house, "")
    before = await stored(desk)
    await Door(house).sign_in.give_password("olga", ANOTHER, OPERATOR)
    [member] = await desk.sql("SELECT member_id FROM logins")
    async with house.database.transaction() as repos:
        await repos.people.rehash(member.member_id, before, "the old one, hashed anew")
    assert (await stored(desk)).startswith("$argon2id$")
