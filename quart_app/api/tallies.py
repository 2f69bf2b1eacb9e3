"""Tallies over HTTP: one, or an array of them, each answered on its own."""

import asyncio
from typing import Any

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_request, document_response, tag

from models.batch import Receipt
from models.errors import DomainError, Overloaded, TooLarge, Unreadable
from models.rights import Identity, Role
from models.submissions import NOT_READ, TallySubmission, read_tally, ref_of
from models.wording import Figure, say
from quart_app.access import only
from quart_app.answers import json_response
from quart_app.auth import signed_in
from quart_app.door.limits import STREAMS, limited
from quart_app.errors import Problem, ProblemFrame, problem_frame, problem_of, problem_response
from quart_app.wiring import services
from services.intake import Answer, Sent

api = Blueprint("api_tallies", __name__, url_prefix="/api/v1/elections/<election>")

MAX_ARRAY = 1000
# So long a request waits for room among the tallies that wait already.
ROOM_SECONDS = 5.0

_raws = msgspec.json.Decoder(list[msgspec.Raw])


class Receipts(msgspec.Struct, tag_field="type", tag="receipts"):
    """A receipt or a problem for each tally, in the order they were sent."""

    items: list[Receipt | ProblemFrame]


# What quart-schema's decorators take as well, and do not say so.
# An item that is no tally is refused by itself and not with the array, which may hold anything.
_ONE_OR_MANY: Any = TallySubmission | list[Any]
_RECEIPT_OR_RECEIPTS: Any = Receipt | Receipts


@api.post("/tallies")
@only(Role.OFFICER)
@limited(STREAMS)
@tag(["tallies"])
@document_request(_ONE_OR_MANY)
@document_response(_RECEIPT_OR_RECEIPTS)
@document_response(Problem, 404)
@document_response(Problem, 409)
async def send_tallies(election: str) -> Response:
    """One tally, answered by its receipt; or an array of at most 1,000, answered one by one.

    An answer comes only once the tally is durable. Send the same `ref` again after a lost connection.
    """
    identity = await signed_in(request)
    body: bytes = await request.get_data(as_text=False)  # type: ignore[assignment]
    single = not body.lstrip().startswith(b"[")
    raws = [msgspec.Raw(body)] if single else _array(body)
    sent = [read(raw) for raw in raws]
    answers = await asyncio.shield(await _enqueued(election, identity, sent))
    if not single:
        frames = [framed(answer, item, raw) for answer, item, raw in zip(answers, sent, raws, strict=True)]
        return json_response(Receipts(frames))
    if isinstance(answers[0], DomainError):
        return problem_response(problem_of(answers[0]))
    return json_response(answers[0])


async def _enqueued(election: str, identity: Identity, sent: list[Sent]) -> asyncio.Future[list[Answer]]:
    """The answers to come, once there is room. Raises Overloaded where there is none for too long.

    A socket is just not read meanwhile; who waits for the answer to a request only sees it hang.
    """
    try:
        async with asyncio.timeout(ROOM_SECONDS):
            return await services().intake.enqueue(election, identity, "http", sent)
    except TimeoutError:
        raise Overloaded from None


def _array(body: bytes) -> list[msgspec.Raw]:
    try:
        raws = _raws.decode(body)
    except NOT_READ:
        raise Unreadable(say("This is not JSON.")) from None
    if len(raws) > MAX_ARRAY:
        raise TooLarge(
            say(
                "%(number)s tallies at once; send at most %(most)s.",
                number=Figure(len(raws)),
                most=Figure(MAX_ARRAY),
            )
        )
    return raws


def read(raw: msgspec.Raw | str) -> Sent:
    """The tally, or the error that says why it cannot be read."""
    try:
        return read_tally(raw)
    except DomainError as error:
        return error


def framed(answer: Answer, sent: Sent, raw: msgspec.Raw | str) -> Any:
    """A receipt as it is, a problem with the ref of the tally that it is about."""
    if not isinstance(answer, DomainError):
        return answer
    return problem_frame(answer, sent.ref if isinstance(sent, TallySubmission) else ref_of(raw))
