"""Live results over WebSocket: subscribe to contests, or ask for a single count."""

import asyncio
from typing import Any

import msgspec
from quart import Blueprint, websocket
from quart_schema import tag

from models.errors import DomainError, FieldError, Invalid, Unreadable
from models.reading import fault_of
from models.rights import PUBLIC, Identity
from models.submissions import NOT_READ
from models.wording import say
from quart_app.access import public, takes
from quart_app.auth import identity
from quart_app.errors import problem_frame
from quart_app.sockets import converse, send_frame, turn_away
from quart_app.wiring import Services, services
from services.results import Feed, View

api = Blueprint("api_results_ws", __name__, url_prefix="/api/v1/elections/<election>")


class Subscribe(msgspec.Struct, frozen=True, tag_field="type", tag="subscribe", forbid_unknown_fields=True):
    """Adds contests; none named means all of them."""

    contests: list[str] | None = None


class Unsubscribe(
    msgspec.Struct, frozen=True, tag_field="type", tag="unsubscribe", forbid_unknown_fields=True
):
    """Takes contests away; none named means all of them."""

    contests: list[str] | None = None


class Count(msgspec.Struct, frozen=True, tag_field="type", tag="count", forbid_unknown_fields=True):
    contest: str
    selection: str
    unit: str | None = None


class CountAnswer(msgspec.Struct, frozen=True, tag_field="type", tag="count"):
    """`votes` is null while results are withheld."""

    contest: str
    selection: str
    unit: str | None
    votes: int | None
    version: int


MESSAGES = Subscribe | Unsubscribe | Count

_decoder = msgspec.json.Decoder(MESSAGES)


@api.websocket("/results/ws")
@public
@takes({Subscribe: PUBLIC, Unsubscribe: PUBLIC, Count: PUBLIC})
@tag(["results"])
async def results_ws(election: str) -> None:
    """WebSocket: results as they change, for the contests subscribed to, and single counts.

    Text frames of JSON: `subscribe`, `unsubscribe` and `count`. See docs/results.md.
    """
    await websocket.accept()
    house = services()
    try:
        who = await identity(websocket)
        feed = await house.results.feed(election)
        house.watchers.check()
    except DomainError as error:
        await turn_away(error)
        return
    with house.watchers.result_sockets:
        await _Conversation(house, feed, who).run()


class _Conversation:
    def __init__(self, house: Services, feed: Feed, who: Identity | None) -> None:
        self._house = house
        self._feed = feed
        self._who = who
        self._staff = who is not None and who.sees_withheld_results
        self._seen: dict[str, int] = {}
        """Version last sent, for each contest subscribed to."""
        self._subscribed = asyncio.Event()
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        with self._house.standing.watch(self._who) as lost:
            await converse(self._read, self._write, self._house.watchers, lost)

    async def _read(self) -> None:
        while True:
            frame = await websocket.receive()
            try:
                await self._take(_decode(frame))
            except DomainError as error:
                await self._send(problem_frame(error))

    async def _take(self, message: Subscribe | Unsubscribe | Count) -> None:
        if isinstance(message, Count):
            await self._send(await self._count(message))
            return
        view = self._feed.view
        contests = list(view.contests) if message.contests is None else message.contests
        for contest in contests:
            view.contest(contest)
        for contest in contests:
            if isinstance(message, Subscribe):
                self._seen.setdefault(contest, -1)
            else:
                self._seen.pop(contest, None)
        self._subscribed.set()

    async def _count(self, question: Count) -> CountAnswer:
        election = self._feed.view.election.code
        if question.unit is None:
            view = await self._feed.settled()
            results = view.contest(question.contest, staff=self._staff).results
        else:
            results = await self._house.results.in_unit(
                election, question.contest, question.unit, staff=self._staff
            )
        for selection in results.selections:
            if selection.code == question.selection:
                return CountAnswer(
                    question.contest, selection.code, question.unit, selection.votes, results.version
                )
        message = say("is not a selection of %(contest)r", contest=question.contest)
        raise Invalid((FieldError("selection", message, "unknown-selection"),))

    async def _write(self) -> None:
        while True:
            view = await self._feed.settled()
            # Before sending: a subscription that comes meanwhile is for the next turn, and not forgotten.
            self._subscribed.clear()
            await self._send_newer(view)
            news = asyncio.ensure_future(self._feed.newer(view.version))
            change = asyncio.ensure_future(self._subscribed.wait())
            try:
                await asyncio.wait({news, change}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
                change.cancel()
            if not change.done() or change.cancelled():
                await asyncio.sleep(self._house.settings.live.pause)

    async def _send_newer(self, view: View) -> None:
        for contest, seen in list(self._seen.items()):
            found = view.contest(contest, staff=self._staff)
            if found.results.version > seen and contest in self._seen:
                self._seen[contest] = found.results.version
                await self._send({"type": "results", **msgspec.to_builtins(found.results)})

    async def _send(self, value: Any) -> None:
        async with self._turn:
            await send_frame(value)


def _decode(frame: Any) -> Subscribe | Unsubscribe | Count:
    if not isinstance(frame, str):
        raise Unreadable(say("Frames are text with JSON in it; this one was binary."))
    try:
        message: Subscribe | Unsubscribe | Count = _decoder.decode(frame)
        return message
    except msgspec.ValidationError as error:
        raise Invalid((fault_of("", error),)) from None
    except NOT_READ:
        raise Unreadable(say("This is not JSON.")) from None
