"""Who may enter: every route for every role, and the program that does not start without saying so.

A cell of the table is one request. Whoever may enter gets any answer but 401 and 403, for what is
asked for mostly does not exist; whoever may not gets 401 without, and 403 with having signed in.
"""

import datetime
import re
from collections.abc import Iterator

import pytest
from quart import Blueprint, Quart
from quart.typing import TestClientProtocol as Client

from models.rights import PUBLIC, Access, Role
from quart_app import create_app
from quart_app.access import UndeclaredAccess, access_of, enforce_access, every_rule, messages_of, public
from quart_app.settings import Settings
from tests.desk import Desk, Official
from tests.sessions import JUST_NOW, LONG_AGO, cookie
from tests.sockets import closing, said

NOBODY = "public"
WHO = (*Role, NOBODY)

# What stands in the addresses; whatever else is named there does not exist.
PLACES = {"election": "tiny", "contest": "president", "unit": "north-1", "party": "RED", "selection": "ada"}


@pytest.fixture
async def everybody(desk: Desk) -> dict[str, Official]:
    """A member of each role alone."""
    return {
        role: await desk.official(
            str(role), roles=(role,), units=("country",) if role == Role.OFFICER else ()
        )
        for role in Role
    }


def cells(app: Quart) -> Iterator[tuple[str, str, Access]]:
    """Method, address and access of every route but WebSockets and endless streams."""
    for rule, access in every_rule(app):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if not rule.websocket and not rule.rule.endswith("/stream"):
                yield method, address(rule.rule), access


def address(rule: str) -> str:
    return re.sub(
        r"<(?:(\w+):)?(\w+)>", lambda m: "0" if m[1] == "int" else PLACES.get(m[2], "nothing"), rule
    )


def expected(access: Access, who: str) -> str:
    if access.public:
        return "in"
    if who == NOBODY:
        return "401"
    return "in" if not access.roles or who in access.roles else "403"


async def test_every_role_at_every_route(
    app: Quart, client: Client, desk: Desk, everybody: dict[str, Official]
) -> None:
    wrong, seen = [], 0
    for method, path, access in cells(app):
        for who in WHO:
            # A session of its own for each cell: some routes end the one that asks.
            headers = (
                {} if who == NOBODY else await cookie(app, desk, everybody[who].identity, confirmed=JUST_NOW)
            )
            response = await client.open(path, method=method, headers=headers, scheme="https")
            status = str(response.status_code)
            seen += 1
            if (status if status in ("401", "403") else "in") != expected(access, who):
                wrong.append(f"{who} at {method} {path}: {status}, not {expected(access, who)}")
    assert wrong == []
    assert seen >= len(WHO) * 20


async def test_a_token_opens_what_its_scopes_open_and_nothing_else(
    app: Quart, client: Client, desk: Desk, everybody: dict[str, Official]
) -> None:
    """Tokens never count as just signed in, so they are held against the routes that do not ask for that."""
    await desk.house.officials.add("otto", list(Role), ["country"], "tiny")
    wrong = []
    for method, path, access in cells(app):
        for role in Role if not access.fresh else ():
            hour = datetime.timedelta(hours=1)
            issued = await desk.house.credentials.issue_token("otto", hour, scopes=[role])
            response = await client.open(
                path, method=method, headers={"Authorization": f"Bearer {issued.token}"}, scheme="https"
            )
            problem = await response.get_json(silent=True) if response.status_code == 403 else {}
            # Some routes are about a session, whoever comes.
            if problem.get("code") in ("session-needed", "fresh-sign-in-needed"):
                continue
            status = str(response.status_code)
            if (status if status in ("401", "403") else "in") != expected(access, role):
                wrong.append(f"a token for {role} at {method} {path}: {status}, not {expected(access, role)}")
    assert wrong == []


async def test_what_weighs_most_asks_for_the_password_again(
    app: Quart, client: Client, desk: Desk, everybody: dict[str, Official]
) -> None:
    administrator = everybody[Role.ADMINISTRATOR]
    fresh = [(method, path) for method, path, access in cells(app) if access.fresh]
    assert fresh
    for method, path in fresh:
        stale = await cookie(app, desk, administrator.identity, confirmed=LONG_AGO)
        for headers in (stale, administrator.bearer):
            response = await client.open(path, method=method, headers=headers, scheme="https")
            problem = await response.get_json()
            assert (response.status_code, problem["code"]) == (403, "fresh-sign-in-needed"), path


async def test_a_token_that_is_not_good_is_401_even_where_the_public_may_read(
    client: Client, desk: Desk
) -> None:
    response = await client.get(f"{desk.path}/results", headers={"Authorization": "Bearer ts_nonsense"})
    assert response.status_code == 401


async def test_every_role_at_the_officers_websocket(
    app: Quart, client: Client, desk: Desk, everybody: dict[str, Official]
) -> None:
    for who, official in everybody.items():
        for headers in (
            official.bearer,
            await cookie(app, desk, official.identity, confirmed=LONG_AGO),
        ):
            async with client.websocket(f"{desk.path}/tallies/ws", headers=headers) as ws:
                first = await said(ws)
                if who == Role.OFFICER:
                    assert first["type"] == "welcome"
                else:
                    assert (first["type"], first["status"]) == ("problem", 403)
                    assert await closing(ws) == 1008


async def test_whoever_says_hello_with_no_good_token_is_401_at_the_officers_websocket(
    client: Client, desk: Desk
) -> None:
    async with client.websocket(f"{desk.path}/tallies/ws") as ws:
        await ws.send('{"type": "hello", "token": "ts_nonsense"}')
        first = await said(ws)
        assert (first["status"], await closing(ws)) == (401, 1008)


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.OFFICER])
async def test_who_says_so_in_the_address_is_known_by_hello_and_not_by_the_cookie(
    app: Quart, client: Client, desk: Desk, everybody: dict[str, Official], role: Role
) -> None:
    signed_in = await cookie(app, desk, everybody[role].identity, confirmed=LONG_AGO)
    otto = await desk.official("otto", units=("north-1",))
    async with client.websocket(f"{desk.path}/tallies/ws?by=hello", headers=signed_in) as ws:
        await ws.send(f'{{"type": "hello", "token": "{otto.token}"}}')
        first = await said(ws)
        assert (first["type"], first["username"], first["precincts"]) == ("welcome", "otto", ["north-1"])


async def test_a_header_goes_before_hello_and_a_token_of_no_officer_is_turned_away(
    client: Client, desk: Desk, everybody: dict[str, Official]
) -> None:
    here = f"{desk.path}/tallies/ws?by=hello"
    async with client.websocket(here, headers=everybody[Role.OFFICER].bearer) as ws:
        assert (await said(ws))["username"] == "officer"
    async with client.websocket(here) as ws:
        await ws.send(f'{{"type": "hello", "token": "{everybody[Role.REVIEWER].token}"}}')
        assert ((await said(ws))["status"], await closing(ws)) == (403, 1008)


def test_every_message_says_who_may_send_it(app: Quart) -> None:
    """What a WebSocket can read and what it declares are the same messages."""
    sockets = [rule for rule, _ in every_rule(app) if rule.websocket]
    assert len(sockets) >= 2
    for rule in sockets:
        view = app.view_functions[rule.endpoint]
        module = __import__(view.__module__, fromlist=["MESSAGES"])
        assert set(messages_of(view)) == set(module.MESSAGES.__args__), rule.rule


def test_the_program_does_not_start_with_a_route_that_does_not_say_who_may_enter(settings: Settings) -> None:
    made = create_app(settings)
    open_door = Blueprint("open_door", __name__)

    @open_door.get("/open")
    async def anyone() -> str:
        return ""

    made.register_blueprint(open_door)
    with pytest.raises(UndeclaredAccess, match="anyone does not declare who may enter"):
        enforce_access(made)


def test_the_program_does_not_start_with_a_websocket_that_does_not_say_who_may_send_what(
    settings: Settings,
) -> None:
    made = create_app(settings)
    open_door = Blueprint("open_door", __name__)

    @open_door.websocket("/open")
    @public
    async def anyone() -> None:
        pass

    made.register_blueprint(open_door)
    with pytest.raises(UndeclaredAccess, match="anyone does not declare who may send what"):
        enforce_access(made)


def test_creating_the_application_is_what_looks(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    view = next(
        view
        for name, view in create_app(settings).view_functions.items()
        if name.endswith("elections.elections")
    )
    assert access_of(view) == PUBLIC
    monkeypatch.delattr(view, "_tallystream_access")
    with pytest.raises(UndeclaredAccess):
        create_app(settings)
