"""The audit trail: who changed what, and when."""

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag, validate_querystring

from models.members import AuditRecord
from models.patterns import NO_NUL
from models.rights import Role
from quart_app.access import only
from quart_app.answers import PRIVATE, json_response
from quart_app.api.elections import PageLimit
from quart_app.errors import Problem
from quart_app.wiring import services

api = Blueprint("api_audit", __name__, url_prefix="/api/v1/audit")

# PostgreSQL's bigint: everything lies before it.
MAX_ID = 2**63 - 1


class AuditQuery(msgspec.Struct):
    limit: PageLimit = 100
    before: Annotated[int, msgspec.Meta(ge=1, le=MAX_ID, description="Id of the oldest entry seen")] = MAX_ID
    election: Annotated[
        str, msgspec.Meta(max_length=100, pattern=NO_NUL, description="Only of this election")
    ] = ""


class AuditPage(msgspec.Struct):
    """Entries, the newest first; `next` leads to older ones."""

    entries: list[AuditRecord]
    next: str | None


@api.get("")
@only(Role.AUDITOR, Role.ADMINISTRATOR)
@tag(["members"])
@validate_querystring(AuditQuery)
@document_response(AuditPage)
@document_response(Problem, 404)
async def audit(query_args: AuditQuery) -> Response:
    """Every change that somebody made, the newest first. What is private of people does not stand here."""
    limit = query_args.limit
    found = await services().audit.before(
        query_args.before, limit=limit, election=query_args.election or None
    )
    following = None
    if len(found) == limit:
        following = f"{request.path}?{urlencode({**request.args, 'limit': limit, 'before': found[-1].id})}"
    response = json_response(AuditPage(found, following), cache=PRIVATE)
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response
