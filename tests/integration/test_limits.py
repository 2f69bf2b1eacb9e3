"""Rate limits: who has which, that many requests at once gain nothing, and that Redis may be away."""

import asyncio
import itertools
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
import redis.asyncio as redis
from quart import Quart
from quart.typing import TestClientProtocol as Client
from quart_rate_limiter import RateLimit

from models.rights import Role
from quart_app import create_app
from quart_app.access import every_rule
from quart_app.auth import SAFE
from quart_app.door import taking
from quart_app.door.limits import CHANGES, FILINGS, MINUTE, SIGN_IN, STREAMS, limits_of
from quart_app.door.taking import PREFIX, TakingStore
from quart_app.settings import Settings, load_settings
from tests.building import a_tally, tiny_election
from tests.desk import DEADLINE, Desk, define
from tests.integration.conftest import house_of
from tests.integration.test_access import address
from tests.outages import Proxy
from tests.sockets import client_of

# A try counts before its body is looked at; this one costs nobody the hashing of a password.
A_TRY = b"{}"
REFUSED = 422
JSON = {"Content-Type": "application/json"}

_numbers = itertools.count(1)


def anywhere() -> str:
    """An address that no test before has used."""
    return f"198.51.100.{next(_numbers)}"


@pytest.fixture
def limited(settings: Settings) -> Settings:
    """Settings with rate limits, as they are when nobody turns them off."""
    return msgspec.structs.replace(settings, requests=msgspec.structs.replace(settings.requests, limits=True))


@pytest.fixture
async def guarded(make_app: Callable[..., Any], limited: Settings) -> Quart:
    """The application with rate limits."""
    made: Quart = await make_app(limited)
    return made


@pytest.fixture
async def guarded_desk(guarded: Quart) -> Desk:
    return await define(house_of(guarded), tiny_election())


@pytest.fixture(autouse=True)
async def keys(settings: Settings) -> AsyncIterator[Any]:
    """Asks Redis itself; what tests before have left there is gone."""
    client = redis.from_url(settings.redis_url or "")
    await client.delete(*(await client.keys(f"{PREFIX}*")), "no such key")
    yield client
    await client.aclose()


async def sign_in(app: Quart, frm: str, headers: dict[str, str] | None = None) -> Any:
    scope = {"client": (frm, 40_000)}
    given = {**JSON, **(headers or {})}
    return await app.test_client().post("/api/v1/sessions", data=A_TRY, headers=given, scope_base=scope)


async def statuses(app: Quart, frm: str, times: int) -> list[int]:
    return [(await sign_in(app, frm)).status_code for _ in range(times)]


# ---- which routes ----


def test_every_route_that_changes_something_has_a_limit_and_no_read_has_one() -> None:
    app = create_app(load_settings({}))
    changes = 0
    for rule, access in every_rule(app):
        view = app.view_functions[rule.endpoint]
        for method in (rule.methods or set()) - SAFE:
            changes += 1
            (limit,) = limits_of(view)
            assert limit in ((SIGN_IN, FILINGS) if access.public else (SIGN_IN, CHANGES, STREAMS)), rule.rule
            assert (method, rule.websocket) != ("GET", True)
    assert changes > 40


async def test_reads_ask_no_store_whatever_becomes_of_it(
    guarded: Quart, guarded_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise AssertionError("a read was counted")

    monkeypatch.setattr(TakingStore, "take", fail)
    client = client_of(guarded)
    for rule, _ in every_rule(guarded):
        for method in (rule.methods or set()) & SAFE:
            if not rule.websocket and not rule.rule.endswith("/stream"):
                answer = await client.open(address(rule.rule), method=method)
                assert answer.status_code < 500, rule.rule


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/sessions",
        "/api/v1/sessions/confirmation",
        "/api/v1/password",
        "/api/v1/password-resets/redemption",
        "/login",
        "/reset",
        "/confirm",
        "/account/password",
    ],
)
def test_wherever_a_password_can_be_guessed_the_limit_is_that_of_signing_in(path: str) -> None:
    app = create_app(load_settings({}))
    views = [
        app.view_functions[rule.endpoint]
        for rule, _ in every_rule(app)
        if rule.rule == path and (rule.methods or set()) - SAFE and rule.endpoint != "api_sessions.end_own"
    ]
    assert [limits_of(view) for view in views] == [[SIGN_IN]]


# ---- who ----


async def test_the_eleventh_sign_in_of_a_minute_is_told_when_to_come_back(guarded: Quart) -> None:
    frm = anywhere()
    assert await statuses(guarded, frm, 10) == [REFUSED] * 10
    refused = await sign_in(guarded, frm)
    problem = await refused.get_json()
    assert (refused.status_code, problem["status"], problem["code"]) == (429, 429, "too-many-requests")
    assert refused.content_type == "application/problem+json"
    # One comes back every six seconds.
    assert int(refused.headers["Retry-After"]) == problem["retry_after"]
    assert 1 <= problem["retry_after"] <= 6
    assert (await sign_in(guarded, anywhere())).status_code == REFUSED


async def test_a_hundred_at_once_get_no_further_than_ten_one_after_the_other(
    make_app: Callable[..., Any], limited: Settings
) -> None:
    processes = [await make_app(limited) for _ in range(2)]
    frm = anywhere()
    answers = await asyncio.gather(*(sign_in(app, frm) for _ in range(50) for app in processes))
    assert sorted(answer.status_code for answer in answers) == [REFUSED] * 10 + [429] * 90


async def test_a_forwarded_address_is_not_believed(guarded: Quart) -> None:
    frm = anywhere()
    for _ in range(10):
        await sign_in(guarded, frm)
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Remote-Addr"):
        assert (await sign_in(guarded, frm, {header: anywhere()})).status_code == 429


async def test_behind_a_trusted_proxy_the_forwarded_address_counts_and_only_the_proxys_own(
    make_app: Callable[..., Any], limited: Settings
) -> None:
    requests = msgspec.structs.replace(limited.requests, proxies=1)
    app = await make_app(msgspec.structs.replace(limited, requests=requests))
    proxy, one, other = anywhere(), anywhere(), anywhere()

    async def through_proxy(said: str, real: str) -> int:
        # A proxy appends where the request really came from to whatever the client said.
        return int((await sign_in(app, proxy, {"X-Forwarded-For": f"{said}, {real}"})).status_code)

    assert [await through_proxy(anywhere(), one) for _ in range(10)] == [REFUSED] * 10
    assert await through_proxy(anywhere(), one) == 429
    assert await through_proxy(one, other) == REFUSED


async def test_all_addresses_of_an_ipv6_network_count_as_one(guarded: Quart) -> None:
    network = f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}"
    found = [(await sign_in(guarded, f"{network}::{n:x}")).status_code for n in range(1, 12)]
    assert found == [REFUSED] * 10 + [429]
    neighbour = f"2001:db8:ffff:{secrets.token_hex(2)}::1"
    assert (await sign_in(guarded, neighbour)).status_code == REFUSED


async def change(app: Quart, bearer: dict[str, str], frm: str) -> int:
    scope = {"client": (frm, 40_000)}
    answer = await app.test_client().delete("/api/v1/tokens/0", headers=bearer, scope_base=scope)
    return int(answer.status_code)


async def test_a_member_has_one_limit_everywhere_and_shares_none(
    guarded: Quart, guarded_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CHANGES, "count", 3)
    one, other = await guarded_desk.official("one"), await guarded_desk.official("other")
    office = anywhere()
    assert [await change(guarded, one.bearer, anywhere()) for _ in range(3)] == [404] * 3
    assert await change(guarded, one.bearer, office) == 429
    assert await change(guarded, other.bearer, office) == 404


async def test_tries_without_a_good_token_count_for_their_address(
    guarded: Quart, guarded_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CHANGES, "count", 3)
    frm = anywhere()
    tries = [{"Authorization": f"Bearer ts_{n}"} for n in range(3)]
    assert [await change(guarded, headers, frm) for headers in tries] == [401] * 3
    assert await change(guarded, {}, frm) == 429
    # Somebody who has signed in is not kept out by what comes from the same address.
    official = await guarded_desk.official()
    assert await change(guarded, official.bearer, frm) == 404


async def test_an_officers_program_may_send_a_hundred_tallies_a_second_each_in_a_request(
    guarded: Quart, guarded_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert STREAMS.inverse <= 0.01
    monkeypatch.setattr(CHANGES, "count", 1)
    officer = await guarded_desk.official()
    client = client_of(guarded)
    body = msgspec.json.encode(a_tally(ref="again and again"))
    for _ in range(3):
        headers = {**officer.bearer, **JSON}
        answer = await client.post(f"{guarded_desk.path}/tallies", data=body, headers=headers)
        assert answer.status_code == 200


async def test_settings_turn_them_off(app: Quart) -> None:
    assert await statuses(app, anywhere(), 12) == [REFUSED] * 12


# ---- the store ----


@pytest.fixture
async def radio(settings: Settings) -> AsyncIterator[Proxy]:
    """The cable to Redis."""
    async with Proxy(settings.redis_url or "") as proxy:
        yield proxy


@pytest.fixture
async def store(radio: Proxy) -> AsyncIterator[TakingStore]:
    made = TakingStore(radio.url)
    await made.before_serving()
    yield made
    await made.after_serving()


TWO = RateLimit(2, MINUTE)


async def test_a_key_is_forgotten_when_it_says_nothing_more(store: TakingStore, keys: Any) -> None:
    assert await store.take("someone", TWO) == 0
    assert 29_000 < await keys.pttl(f"{PREFIX}someone") <= 30_000
    assert await store.take("someone", TWO) == 0
    assert 59_000 < await keys.pttl(f"{PREFIX}someone") <= 60_000
    assert 29 <= await store.take("someone", TWO) <= 30
    # Being refused costs nothing.
    assert await keys.pttl(f"{PREFIX}someone") <= 60_000
    await keys.delete(f"{PREFIX}someone")
    assert await store.take("someone", TWO) == 0


async def test_with_redis_away_the_process_counts_says_so_once_and_comes_back(
    store: TakingStore,
    radio: Proxy,
    keys: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(taking, "AWAY_SECONDS", 0.05)
    await radio.cut()
    with caplog.at_level(logging.WARNING):
        assert [await store.take("someone", TWO) for _ in range(2)] == [0, 0]
        assert 29 <= await store.take("someone", TWO) <= 30
        await asyncio.sleep(0.06)
        assert await store.take("someone else", TWO) == 0
    assert [record.name for record in caplog.records].count("quart_app.door.taking") == 1
    await radio.mend()
    await asyncio.sleep(0.06)
    assert await store.take("a third", TWO) == 0
    assert await keys.exists(f"{PREFIX}a third")


async def test_a_redis_that_hangs_is_not_waited_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "PATIENCE_SECONDS", 0.05)
    silent = await asyncio.start_server(lambda *_: asyncio.sleep(60), "127.0.0.1", 0)
    made = TakingStore(f"redis://127.0.0.1:{silent.sockets[0].getsockname()[1]}/0")
    await made.before_serving()
    try:
        async with asyncio.timeout(DEADLINE):
            found = await asyncio.gather(*(made.take("someone", TWO) for _ in range(100)))
        assert found.count(0) == 2
    finally:
        await made.after_serving()
        silent.close()


async def test_what_a_process_remembers_is_bounded(
    store: TakingStore, radio: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "MAX_HOLDERS", 10)
    await radio.cut()
    for number in range(30):
        await store.take("someone", TWO)
        await store.take(str(number), TWO)
    assert len(store._here) == 10
    assert await store.take("someone", TWO) > 0


async def test_people_sign_in_and_send_while_redis_is_away(
    make_app: Callable[..., Any], limited: Settings, radio: Proxy
) -> None:
    app = await make_app(limited.with_engines(limited.database_url or "", radio.url))
    desk = await define(house_of(app), tiny_election())
    officer = await desk.official(roles=[Role.OFFICER])
    await radio.cut()
    frm = anywhere()
    assert await statuses(app, frm, 12) == [REFUSED] * 10 + [429] * 2
    client: Client = client_of(app)
    body = msgspec.json.encode(a_tally())
    answer = await client.post(f"{desk.path}/tallies", data=body, headers={**officer.bearer, **JSON})
    assert answer.status_code == 200
