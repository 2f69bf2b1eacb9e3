"""Signing in with a password, for programs that keep a cookie; and passwords themselves."""

import datetime
from typing import Annotated

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag

from models.members import SessionInfo
from quart_app.access import members, public
from quart_app.answers import PRIVATE, Nothing, json_response, nothing
from quart_app.auth import (
    actor,
    begin_session,
    check_origin,
    end_session,
    identity,
    is_fresh,
    public_actor,
    signed_in,
)
from quart_app.bodies import json_body
from quart_app.door.limits import SIGN_IN, limited
from quart_app.errors import Problem
from quart_app.wiring import services
from services.passwords import MAX_LENGTH

api = Blueprint("api_sessions", __name__, url_prefix="/api/v1")

Password = Annotated[str, msgspec.Meta(max_length=MAX_LENGTH)]


class SignInRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    username: Annotated[str, msgspec.Meta(max_length=100)]
    password: Password


class SessionBegun(msgspec.Struct, frozen=True):
    """Somebody has signed in; what finds the session again is in the cookie alone."""

    id: int
    username: str
    roles: list[str]
    expires_at: datetime.datetime


class SessionList(msgspec.Struct, frozen=True):
    """A member's sessions, the newest first."""

    sessions: list[SessionInfo]


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    password: Password


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    old_password: Password
    new_password: Password


class Redemption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A one-time token that an administrator gave, and the password that it buys."""

    token: Annotated[str, msgspec.Meta(max_length=200)]
    new_password: Password


class Redeemed(msgspec.Struct, frozen=True):
    """Whose password is set; the token is used up."""

    username: str


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `roles` are those that this session or token lets them act in.

    `fresh`: the password was given just now, so that what needs that can be done.
    """

    username: str
    name: str
    roles: list[str]
    precincts: list[str]
    credential: str
    fresh: bool


@api.get("/me")
@members
@tag(["sessions"])
@document_response(Me)
async def me() -> Response:
    """Who one is here, by the session or token that asks."""
    who = await signed_in(request)
    member = await services().officials.get(who.username)
    found = Me(
        username=who.username,
        name=member.name,
        roles=sorted(who.roles),
        precincts=member.precincts,
        credential=who.credential.kind,
        fresh=is_fresh(who),
    )
    return json_response(found, cache=PRIVATE)


@api.post("/sessions")
@public
@limited(SIGN_IN)
@tag(["sessions"])
@json_body(SignInRequest)
@document_response(SessionBegun, 201)
async def begin(data: SignInRequest) -> Response:
    """Signs in: the answer sets the session's cookie. The session that the request came with ends.

    An unknown name and a wrong password are answered alike, and after as long.
    """
    replacing = await identity(request)
    check_origin(request)
    session = await services().sign_in.sign_in(
        data.username,
        data.password,
        public_actor(),
        agent=request.headers.get("User-Agent", ""),
        replacing=replacing,
    )
    begin_session(session.secret)
    begun = SessionBegun(session.id, session.username, session.roles, session.expires_at)
    return json_response(begun, 201, cache=PRIVATE)


@api.get("/sessions")
@members
@tag(["sessions"])
@document_response(SessionList)
async def sessions() -> Response:
    """Where one is signed in with a browser, the newest first; `current` is the session that asks."""
    found = await services().credentials.sessions(await signed_in(request))
    return json_response(SessionList(found), cache=PRIVATE)


@api.delete("/sessions")
@members
@tag(["sessions"])
@document_response(Nothing, 204)
async def end_own() -> Response:
    """Signs out: the session that asks ends on every server, and its cookie goes."""
    await services().sign_in.sign_out(await signed_in(request), await actor())
    end_session()
    return nothing()


@api.delete("/sessions/<int:session>")
@members
@tag(["sessions"])
@document_response(Nothing, 204)
@document_response(Problem, 404)
async def end_one(session: int) -> Response:
    """Ends one of one's own sessions, on every server at once."""
    await services().credentials.end_session(await signed_in(request), session, await actor())
    return nothing()


@api.post("/sessions/confirmation")
@members
@limited(SIGN_IN)
@tag(["sessions"])
@json_body(Confirmation)
@document_response(Nothing, 204)
async def confirm(data: Confirmation) -> Response:
    """The password given again, which makes the session fresh for what needs that."""
    await services().sign_in.confirm(await signed_in(request), data.password)
    return nothing()


@api.put("/password")
@members
@limited(SIGN_IN)
@tag(["sessions"])
@json_body(PasswordChange)
@document_response(Nothing, 204)
async def change_password(data: PasswordChange) -> Response:
    """Changes one's own password, with a session. One's other sessions end; tokens stay."""
    await services().sign_in.change_password(
        await signed_in(request), data.old_password, data.new_password, await actor()
    )
    return nothing()


@api.post("/password-resets/redemption")
@public
@limited(SIGN_IN)
@tag(["sessions"])
@json_body(Redemption)
@document_response(Redeemed)
async def redeem(data: Redemption) -> Response:
    """Sets a new password with a one-time token. All sessions of the member end."""
    username = await services().sign_in.set_password(data.token, data.new_password, public_actor())
    return json_response(Redeemed(username), cache=PRIVATE)
