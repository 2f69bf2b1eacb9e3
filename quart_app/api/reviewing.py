"""The reviewers' desk: what waits for a person, one case with all that is known of it, and decisions."""

import contextlib
from collections.abc import AsyncGenerator

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag, validate_querystring

from models.batch import Receipt
from models.canvass import Decided, Resolution, Verdict
from models.reviewing import DESK, DESK_READERS, CaseFile, ReviewQuery, ReviewQueue
from quart_app.access import only
from quart_app.answers import PRIVATE, json_response, linked, next_page
from quart_app.auth import actor, signed_in
from quart_app.bodies import json_body
from quart_app.errors import Problem
from quart_app.live import EVENT_STREAM, beat, event
from quart_app.openapi import also_answers
from quart_app.openapi_examples_reviewing import REVIEW_STREAM
from quart_app.sse import alive, stream_response
from quart_app.wiring import Services, services

api = Blueprint("api_reviewing", __name__, url_prefix="/api/v1/elections/<election>")


class ReviewPage(ReviewQueue, frozen=True, kw_only=True):
    next: str | None


@api.get("/review")
@only(*DESK_READERS)
@tag(["review"])
@validate_querystring(ReviewQuery)
@document_response(ReviewPage)
async def review_queue(election: str, query_args: ReviewQuery) -> Response:
    """Quarantined tallies and recalls that were asked for, those that have waited longest first."""
    queue = await services().reviewing.queue(election, query_args, await signed_in(request))
    following = next_page(queue.cases, query_args.limit, "position")
    page = ReviewPage(**msgspec.structs.asdict(queue), next=following)
    return linked(json_response(page, cache=PRIVATE), following)


@api.get("/review/stream")
@only(*DESK_READERS)
@tag(["review"])
@also_answers(EVENT_STREAM, REVIEW_STREAM)
@document_response(Problem, 503)
async def review_stream(election: str) -> Response:
    """Server-sent events `queue`: how the queue stands, first at once and then whenever it has changed.

    Each holds the whole queue, its first 100 cases; `id` is the log position. `heartbeat` events tell that
    the stream is alive and how old its state may be.
    """
    staff = await signed_in(request)
    house = services()
    await house.review_following.check(election)
    house.watchers.check()
    return stream_response(alive(_chunks(house, election), house, staff))


@api.get("/review/<int:seq>")
@only(*DESK_READERS)
@tag(["review"])
@document_response(CaseFile)
@document_response(Problem, 409)
async def review_case(election: str, seq: int) -> Response:
    """All that is known of the tally of log entry `seq`, counted or not, and what you may decide on it."""
    found = await services().reviewing.case(election, seq, await signed_in(request))
    return json_response(found, cache=PRIVATE)


@api.post("/review/<int:seq>")
@only(*DESK)
@tag(["review"])
@json_body(Verdict)
@document_response(Decided, 201)
@document_response(Problem, 409)
async def decide_tally(election: str, seq: int, data: Verdict) -> Response:
    """Accepts, rejects or asks again for a quarantined tally; asks for, approves or refuses a recall.

    Nobody decides on what they sent, and a recall takes two people. The reason stands in the public log.
    """
    return json_response(await services().canvass.decide(election, seq, data, await actor()), 201)


@api.post("/review/<int:seq>/resolution")
@only(*DESK)
@tag(["review"])
@json_body(Resolution)
@document_response(Receipt, 201)
@document_response(Problem, 409)
async def resolve_tally(election: str, seq: int, data: Resolution) -> Response:
    """Counts the figures that hold in the place of the quarantined ones, of two entries or of one."""
    return json_response(await services().canvass.resolve(election, seq, data, await actor()), 201)


async def _chunks(house: Services, election: str) -> AsyncGenerator[bytes]:
    quiet = house.settings.live.heartbeat * 2 / 3
    states = house.review_following.follow(election, quiet)
    async with contextlib.aclosing(states):
        async for state, lag, is_news in states:
            if is_news:
                yield event("queue", state.version, state.json)
            else:
                yield beat(state.version, lag, broker=house.broker.connected)
