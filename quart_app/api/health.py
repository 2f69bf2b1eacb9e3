"""Whether the process lives, and whether it can do its work."""

import msgspec
from quart import Blueprint, Response
from quart_schema import document_response, tag

from models.errors import DatabaseAway
from quart_app.access import public
from quart_app.answers import json_response
from quart_app.wiring import services

api = Blueprint("health", __name__, url_prefix="/health")


class Health(msgspec.Struct):
    """`status` is ok, degraded (it works, with something missing) or unavailable."""

    status: str
    database: str = "ok"
    broker: str = "ok"


@api.get("/live")
@public
@tag(["health"])
@document_response(Health)
async def live() -> Response:
    """The process answers."""
    return json_response({"status": "ok"})


@api.get("/ready")
@public
@tag(["health"])
@document_response(Health)
@document_response(Health, 503)
async def ready() -> Response:
    """200 while tallies can be taken; `degraded` when Redis is away, 503 when PostgreSQL is."""
    broker = "ok" if services().broker.connected else "away"
    try:
        await services().database.ping()
    except DatabaseAway:
        return json_response(Health("unavailable", "away", broker), 503)
    return json_response(Health("ok" if broker == "ok" else "degraded", "ok", broker))
