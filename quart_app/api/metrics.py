"""Figures about load, for those who run the servers."""

import hmac

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from quart import Blueprint, Request, Response

from models.rights import Role
from quart_app.access import only, opened_by
from quart_app.answers import PRIVATE, bytes_response
from quart_app.metrics.exposition import measured
from quart_app.wiring import services

api = Blueprint("metrics", __name__)


def has_operators_token(asked: Request) -> bool:
    """Whether it is the token of the environment, TALLYSTREAM_METRICS_TOKEN, that came."""
    wanted = services().settings.metrics_token
    scheme, _, given = asked.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(given.strip().encode(), wanted.encode())
    return bool(wanted) and scheme.lower() == "bearer" and same


@api.get("/metrics")
@only(Role.ADMINISTRATOR)
@opened_by(has_operators_token)
async def metrics() -> Response:
    """What Prometheus scrapes, for its token or an administrator. See docs/operating.md."""
    return bytes_response(await measured().text(), cache=PRIVATE, content_type=CONTENT_TYPE_PLAIN_0_0_4)
