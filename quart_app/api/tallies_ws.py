"""Tallies over WebSocket: precinct officers send, and get a receipt once each is durable."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from quart import Blueprint, websocket
from quart_schema import tag

from models.batch import Receipt
from models.errors import (
    DomainError,
    FieldError,
    Invalid,
    NotSignedIn,
    TooLarge,
    Unreadable,
)
from models.reading import fault_of
from models.rights import PUBLIC, Access, Identity, Role
from models.submissions import MAX_ITEMS, NOT_READ, TallySubmission, ref_of
from models.wording import Figure, say
from quart_app.access import access_of, only, require, takes
from quart_app.api.tallies import Receipts, framed, read
from quart_app.auth import identity
from quart_app.errors import ProblemFrame, problem_frame
from quart_app.sockets import UNSENT_ANSWERS, converse, send_frame, turn_away
from quart_app.wiring import Services, services
from services.intake import Answer

api = Blueprint("api_tallies_ws", __name__, url_prefix="/api/v1/elections/<election>")

# A connection without a token in its header has so long to say hello.
HELLO_SECONDS = 10.0
# For each tally that is refused its connection rests so long; an honest officer does not notice.
REFUSAL_SECONDS = 0.001
# Characters of a frame that is read in no time.
SHORT_FRAME = 4096


# `?by=hello`: the first frame says who it is, whoever else the browser's cookie may name.
BY_HELLO = "hello"


class Hello(msgspec.Struct, frozen=True, tag_field="type", tag="hello", forbid_unknown_fields=True):
    token: str


class Tallies(msgspec.Struct, frozen=True, tag_field="type", tag="tallies", forbid_unknown_fields=True):
    items: list[msgspec.Raw]


class Welcome(msgspec.Struct, frozen=True, tag_field="type", tag="welcome"):
    election: str
    is_test: bool
    username: str
    precincts: list[str]
    version: int


class _Kind(msgspec.Struct):
    """Of a frame that could not be taken, only what it wanted to be."""

    type: Any = None


MESSAGES = TallySubmission | Hello | Tallies

_fast = msgspec.json.Decoder(MESSAGES)


_OFFICERS = Access(roles=frozenset({Role.OFFICER}))


@api.websocket("/tallies/ws")
@only(Role.OFFICER)
@takes({Hello: PUBLIC, TallySubmission: _OFFICERS, Tallies: _OFFICERS})
@tag(["tallies"])
async def tallies_ws(election: str) -> None:
    """WebSocket: tallies in, a receipt or a problem for each.

    Text frames of JSON: `tally`, or `tallies` with up to 500 items; where no header can be sent, `hello` with
    the token comes first (with `?by=hello` also where a cookie is sent). The connection stays open after a
    problem. See docs/tallies.md.
    """
    await websocket.accept()
    house = services()
    try:
        who = await _admitted()
        await send_frame(await _welcome(house, election, who))
    except DomainError as error:
        await turn_away(error)
        return
    await _Conversation(house, election, who).run()


async def _signed_in() -> Identity:
    """By the header, or by the cookie, or by the first frame. Raises NotSignedIn.

    Browsers send their cookie by themselves, and no header: who wants to be known by a token there,
    whoever else is signed in, says so in the address.
    """
    hello = websocket.args.get("by") == BY_HELLO and "Authorization" not in websocket.headers
    if not hello and (who := await identity(websocket)):
        return who
    try:
        frame = await asyncio.wait_for(websocket.receive(), HELLO_SECONDS)
    except TimeoutError:
        raise NotSignedIn(say("No token came: the first frame is hello with a token.")) from None
    message = _decode(frame)
    if not isinstance(message, Hello):
        raise NotSignedIn(say('Say {"type": "hello", "token": …} first, or send a token in the header.'))
    return await services().credentials.by_token(message.token)


async def _admitted() -> Identity:
    who = await _signed_in()
    require(access_of(tallies_ws), who)
    return who


async def _welcome(house: Services, election: str, who: Identity) -> Welcome:
    version = await house.log.head(election)
    book = await house.intake.book(election)
    return Welcome(election, book.is_test, who.username, book.covered(who.units), version)


class _Answering(NamedTuple):
    """Answers to come, and the frame that is made of them."""

    answers: asyncio.Future[list[Answer]]
    frame: Callable[[list[Answer]], Any]


class _Conversation:
    """One officer's connection: frames are read while earlier ones wait for their receipts."""

    def __init__(self, house: Services, election: str, who: Identity) -> None:
        self._house = house
        self._election = election
        self._who = who
        # Answers in the order of their frames. When it is full, no further frame is read.
        self._outbox: asyncio.Queue[_Answering] = asyncio.Queue(UNSENT_ANSWERS)
        self._refused = 0

    async def run(self) -> None:
        watchers = self._house.watchers
        with watchers.officer_sockets, self._house.standing.watch(self._who) as lost:
            await converse(self._read, self._write, watchers, lost, self._outbox.join)

    async def _read(self) -> None:
        while True:
            frame = await websocket.receive()
            await self._outbox.put(await self._answering(frame))
            refused, self._refused = self._refused, 0
            # Explaining what is wrong costs more than taking what is right: whoever sends much that is
            # refused is read slowly. After a frame of many tallies it is everybody's turn.
            if refused or (isinstance(frame, str) and len(frame) > SHORT_FRAME):
                await asyncio.sleep(refused * REFUSAL_SECONDS)

    async def _write(self) -> None:
        while True:
            answering = await self._outbox.get()
            frame = answering.frame(await asyncio.shield(answering.answers))
            self._refused += _refusals(frame)
            await send_frame(frame)
            self._outbox.task_done()

    async def _answering(self, frame: Any) -> _Answering:
        """What the frame will be answered with. Raises nothing that a client can cause."""
        try:
            message = _decode(frame)
            if isinstance(message, TallySubmission):
                return await self._one(message)
            if isinstance(message, Tallies):
                return await self._many(message)
            raise Invalid((FieldError("type", say("hello comes once, and first"), "unexpected-type"),))
        except DomainError as error:
            await self._house.intake.tell_refused("ws", [error])
            return _refused(problem_frame(error, ref_of(frame) if isinstance(frame, str) else None))

    async def _one(self, tally: TallySubmission) -> _Answering:
        answers = await self._house.intake.enqueue(self._election, self._who, "ws", [tally])
        return _Answering(answers, lambda given: _frame_of(given[0], tally))

    async def _many(self, message: Tallies) -> _Answering:
        raws = message.items
        if len(raws) > MAX_ITEMS:
            raise TooLarge(
                say(
                    "%(number)s tallies in a frame; send at most %(most)s.",
                    number=Figure(len(raws)),
                    most=Figure(MAX_ITEMS),
                )
            )
        sent = [read(raw) for raw in raws]
        answers = await self._house.intake.enqueue(self._election, self._who, "ws", sent)

        def receipts(given: list[Answer]) -> Any:
            return Receipts([framed(a, item, raw) for a, item, raw in zip(given, sent, raws, strict=True)])

        return _Answering(answers, receipts)


def _refused(problem: ProblemFrame) -> _Answering:
    """What is known at once takes its place behind the answers to earlier frames."""
    answers: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
    answers.set_result([])
    return _Answering(answers, lambda _: problem)


def _refusals(frame: Any) -> int:
    items = frame.items if isinstance(frame, Receipts) else [frame]
    return sum(isinstance(item, ProblemFrame) for item in items)


def _frame_of(answer: Answer, tally: TallySubmission) -> Any:
    return answer if isinstance(answer, Receipt) else problem_frame(answer, tally.ref)


def _decode(frame: Any) -> TallySubmission | Hello | Tallies:
    """The message in a frame. Raises Unreadable and Invalid, which names every bad field of a tally."""
    if not isinstance(frame, str):
        raise Unreadable(say("Frames are text with JSON in it; this one was binary."))
    try:
        message: TallySubmission | Hello | Tallies = _fast.decode(frame)
        return message
    except NOT_READ:
        pass
    kind = _kind(frame)
    if kind == "tally":
        found = read(frame)
        raise found if isinstance(found, DomainError) else Unreadable(say("This is not a message."))
    if kind not in ("hello", "tallies"):
        remedy = say('must be one of "hello", "tally" and "tallies"')
        raise Invalid((FieldError("type", remedy, "unknown-type"),))
    try:
        return msgspec.json.decode(frame, type=Hello | Tallies)
    except msgspec.ValidationError as error:
        raise Invalid((fault_of(kind, error),)) from None


def _kind(frame: str) -> Any:
    try:
        return msgspec.json.decode(frame, type=_Kind).type
    except msgspec.ValidationError:
        raise Unreadable(say("A frame must be one JSON object.")) from None
    except NOT_READ:
        raise Unreadable(say("This is not JSON.")) from None
