"""Bearer tokens for programs: one's own."""

import datetime
from typing import Annotated

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag

from models.members import Line, RoleName, TokenInfo
from models.rights import ROLES
from quart_app.access import fresh_members, members
from quart_app.answers import PRIVATE, Nothing, json_response, nothing
from quart_app.auth import actor, signed_in
from quart_app.bodies import json_body
from quart_app.errors import Problem
from quart_app.wiring import services
from services.credentials import MAX_TOKEN_DAYS, NewToken

api = Blueprint("api_tokens", __name__, url_prefix="/api/v1/tokens")


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`scopes` are those of one's roles that the token acts in: no more than its program needs."""

    name: Line
    scopes: Annotated[list[RoleName], msgspec.Meta(min_length=1, max_length=len(ROLES))]
    days: Annotated[int, msgspec.Meta(ge=1, le=MAX_TOKEN_DAYS)] = 90


class TokenList(msgspec.Struct, frozen=True):
    """A member's tokens without their secrets, the newest first."""

    tokens: list[TokenInfo]


@api.get("")
@members
@tag(["sessions"])
@document_response(TokenList)
async def tokens() -> Response:
    """One's tokens, without their secrets."""
    found = await services().credentials.tokens(await signed_in(request))
    return json_response(TokenList(found), cache=PRIVATE)


@api.post("")
@fresh_members
@tag(["sessions"])
@json_body(TokenRequest)
@document_response(NewToken, 201)
@document_response(Problem, 409)
async def issue(data: TokenRequest) -> Response:
    """Makes a token, which is shown this once. Needs a session whose password was given just now."""
    who = await signed_in(request)
    made = await services().credentials.issue_token(
        who.username,
        datetime.timedelta(days=data.days),
        name=data.name,
        scopes=data.scopes,
        by=await actor(),
    )
    return json_response(made, 201, cache=PRIVATE)


@api.delete("/<int:token>")
@members
@tag(["sessions"])
@document_response(Nothing, 204)
@document_response(Problem, 404)
async def revoke(token: int) -> Response:
    """Ends one of one's own tokens, on every server at once."""
    await services().credentials.revoke_token(await signed_in(request), token, await actor())
    return nothing()
