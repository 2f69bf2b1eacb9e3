"""The audit trail for people: who changed what, the newest first."""

from typing import Annotated

import msgspec
from quart import Blueprint
from quart.typing import ResponseReturnValue
from quart_schema import hide, validate_querystring

from models.rights import Role
from quart_app.access import only
from quart_app.pages.audit_words import action_words, field_words, made_by, value_words
from quart_app.pages.private import private_page
from quart_app.wiring import services

pages = Blueprint("audit", __name__, url_prefix="/admin/audit")

SHOWN = 50


class AuditQuery(msgspec.Struct):
    """Entries older than `before`, of one election where one is named."""

    before: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] | None = None
    election: Annotated[str, msgspec.Meta(max_length=100)] = ""


@pages.get("")
@only(Role.ADMINISTRATOR, Role.AUDITOR)
@hide
@validate_querystring(AuditQuery)
async def audit(query_args: AuditQuery) -> ResponseReturnValue:
    entries = await services().audit.before(
        query_args.before, limit=SHOWN + 1, election=query_args.election or None
    )
    return await private_page(
        "audit/audit.html",
        entries=entries[:SHOWN],
        elections=await services().elections.all(),
        chosen=query_args.election,
        before=query_args.before,
        older=entries[SHOWN - 1].id if len(entries) > SHOWN else None,
        action_words=action_words,
        field_words=field_words,
        value_words=value_words,
        made_by=made_by,
    )
