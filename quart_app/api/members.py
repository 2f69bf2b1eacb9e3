"""Members: who somebody is here, and what administrators make of others."""

from typing import Annotated

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag, validate_querystring

from models.members import MemberEdit, MemberInfo, NewMember
from models.patterns import NO_NUL
from models.rights import Role
from quart_app.access import only
from quart_app.answers import PRIVATE, Nothing, editable, if_match, json_response, nothing, page
from quart_app.api.elections import PageLimit
from quart_app.api.sessions import SessionList
from quart_app.api.tokens import TokenList
from quart_app.auth import actor
from quart_app.bodies import json_body
from quart_app.errors import Problem
from quart_app.wiring import services
from services.officials import Reset

api = Blueprint("api_members", __name__, url_prefix="/api/v1/members")


class MembersQuery(msgspec.Struct):
    limit: PageLimit = 100
    after: Annotated[
        str, msgspec.Meta(max_length=64, pattern=NO_NUL, description="Username of the last one seen")
    ] = ""


class MemberPage(msgspec.Struct):
    members: list[MemberInfo]
    next: str | None


@api.get("")
@only(Role.ADMINISTRATOR)
@tag(["members"])
@validate_querystring(MembersQuery)
@document_response(MemberPage)
async def every_member(query_args: MembersQuery) -> Response:
    """Members by username, with how they are reached."""
    found = await services().officials.page(after=query_args.after, limit=query_args.limit)
    response = page("members", found, limit=query_args.limit, key="username")
    response.headers["Cache-Control"] = PRIVATE
    return response


@api.post("")
@only(Role.ADMINISTRATOR, fresh=True)
@tag(["members"])
@json_body(NewMember)
@document_response(MemberInfo, 201)
@document_response(Problem, 409)
async def add_member(data: NewMember) -> Response:
    """Adds a member, who signs in once a password is set with a one-time token."""
    response = editable(await services().officials.create(data.username, data, await actor()), 201)
    response.headers["Location"] = f"{request.path}/{data.username}"
    return response


@api.get("/<username>")
@only(Role.ADMINISTRATOR)
@tag(["members"])
@document_response(MemberInfo)
@document_response(Problem, 404)
async def member(username: str) -> Response:
    """One member; the `ETag` is what a change is held against."""
    return editable(await services().officials.get(username))


@api.put("/<username>")
@only(Role.ADMINISTRATOR, fresh=True)
@tag(["members"])
@json_body(MemberEdit)
@document_response(MemberInfo)
@document_response(Problem, 404)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def edit_member(username: str, data: MemberEdit) -> Response:
    """Changes a member; the whole is sent, with `If-Match`. Their rights change at once, everywhere.

    Disabling ends their sessions and tokens. The last administrator stays one.
    """
    return editable(await services().officials.edit(username, data, if_match(), await actor()))


@api.post("/<username>/password-reset")
@only(Role.ADMINISTRATOR, fresh=True)
@tag(["members"])
@document_response(Reset, 201)
@document_response(Problem, 404)
async def reset_password(username: str) -> Response:
    """A one-time token for a new password, shown this once. Until it is used nothing changes."""
    return json_response(await services().officials.reset(username, await actor()), 201, cache=PRIVATE)


@api.get("/<username>/sessions")
@only(Role.ADMINISTRATOR)
@tag(["members"])
@document_response(SessionList)
@document_response(Problem, 404)
async def member_sessions(username: str) -> Response:
    """Where a member is signed in with a browser."""
    return json_response(SessionList(await services().credentials.sessions_of(username)), cache=PRIVATE)


@api.delete("/<username>/sessions/<int:session>")
@only(Role.ADMINISTRATOR)
@tag(["members"])
@document_response(Nothing, 204)
@document_response(Problem, 404)
async def end_member_session(username: str, session: int) -> Response:
    """Ends a member's session, on every server at once."""
    await services().credentials.end_session_of(username, session, await actor())
    return nothing()


@api.get("/<username>/tokens")
@only(Role.ADMINISTRATOR)
@tag(["members"])
@document_response(TokenList)
@document_response(Problem, 404)
async def member_tokens(username: str) -> Response:
    """A member's tokens, without their secrets."""
    return json_response(TokenList(await services().credentials.tokens_of(username)), cache=PRIVATE)


@api.delete("/<username>/tokens/<int:token>")
@only(Role.ADMINISTRATOR)
@tag(["members"])
@document_response(Nothing, 204)
@document_response(Problem, 404)
async def revoke_member_token(username: str, token: int) -> Response:
    """Ends a member's token, on every server at once."""
    await services().credentials.revoke_token_of(username, token, await actor())
    return nothing()
