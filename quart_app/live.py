"""Live results to browsers: one broadcaster for each election drives every viewer's `send` itself.

An event is encoded once and its bytes are shared. For each viewer the send is started and, if it
would block, left to a task of its own while the broadcaster goes on; a viewer that is still busy
gets only the newest state when it is free again. Nobody queues, and nobody waits for the slowest.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from typing import Any, cast

import msgspec
from hypercorn.typing import ASGISendCallable, HTTPResponseBodyEvent
from quart import Response
from quart.asgi import ASGIHTTPConnection
from quart.typing import ResponseTypes
from quart.utils import encode_headers

from quart_app.door.incoming import PacesItsBody
from quart_app.listening import EndsWithItsHandler
from services.clock import utc_now
from services.results import Feed, View
from services.tasks import end

# The event loop gets a turn after this many viewers, so that intake never waits for a large crowd.
TURN = 500
# Seconds after which figures that nobody could look up are late enough to be told of at once.
LATE_SECONDS = 10.0

_logger = logging.getLogger(__name__)

EVENT_STREAM = "text/event-stream"
STREAM_HEADERS = {
    "Content-Type": f"{EVENT_STREAM}; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}
# Milliseconds after which a browser that lost its stream comes back.
RETRY = b"retry: 2000\n\n"


def event(name: str, id: int, data: bytes) -> bytes:
    """One server-sent event; JSON holds no newline, so one data line is enough."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (id, name.encode(), data)


class LiveResponse(Response):
    """A stream that is driven from outside: `drive` gets the connection's `send` and returns at its end."""

    def __init__(self, drive: Callable[[ASGISendCallable], Awaitable[None]]) -> None:
        super().__init__(b"", headers=STREAM_HEADERS)
        del self.headers["Content-Length"]
        self.timeout = None
        self.drive = drive


class LiveConnection(EndsWithItsHandler, PacesItsBody, ASGIHTTPConnection):
    """Quart's HTTP connection, which hands its `send` to a LiveResponse, and reads as it is read."""

    async def _send_response(self, send: ASGISendCallable, response: ResponseTypes) -> None:
        if not isinstance(response, LiveResponse):
            await super()._send_response(send, response)
            return
        headers = encode_headers(response.headers)
        await send({"type": "http.response.start", "status": 200, "headers": headers, "trailers": False})
        await response.drive(send)


def _body(data: bytes, more: bool = True) -> HTTPResponseBodyEvent:
    return {"type": "http.response.body", "body": data, "more_body": more}


class _RestOf:
    """What is left of a coroutine that was started by hand and waits for something."""

    def __init__(self, started: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._started = started
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        while True:
            failure, value = None, None
            try:
                value = yield self._waits_for
            except BaseException as error:
                failure = error
            try:
                resumed = self._started
                self._waits_for = resumed.throw(failure) if failure else resumed.send(value)
            except StopIteration:
                return


class Viewer:
    """One connection. It is busy while its last send has not been taken by the network."""

    __slots__ = ("_send", "_sending", "behind", "busy_since", "contests", "ended", "sent_at")

    def __init__(self, send: ASGISendCallable, contests: frozenset[str] | None) -> None:
        self._send = send
        self.contests = contests
        self.behind: set[str] = set()
        self.busy_since: float | None = None
        self.sent_at = time.monotonic()
        self.ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._sending: asyncio.Task[None] | None = None

    def push(self, data: bytes, caught_up: Callable[["Viewer"], None]) -> None:
        """Starts to send; `caught_up` is called when a send that had to wait is through."""
        self.sent_at = time.monotonic()
        sending = cast(Coroutine[Any, Any, None], self._send(_body(data)))
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        except Exception:
            self.end(complete=False)
            return
        self.busy_since = self.sent_at
        self._sending = asyncio.create_task(self._finish(sending, waits_for, caught_up))

    async def _finish(
        self, sending: Coroutine[Any, Any, None], waits_for: Any, caught_up: Callable[["Viewer"], None]
    ) -> None:
        try:
            await _RestOf(sending, waits_for)
        except Exception:
            self.end(complete=False)
            return
        self.busy_since = None
        caught_up(self)

    def end(self, *, complete: bool) -> None:
        if not self.ended.done():
            self.ended.set_result(complete)

    def release(self) -> None:
        if self._sending is not None:
            self._sending.cancel()


async def _end_when(lost: asyncio.Event, viewer: Viewer) -> None:
    """Lets a viewer go; one that still takes what was sent before gets no proper end."""
    await lost.wait()
    viewer.end(complete=viewer.busy_since is None)


# Other processes are heard, and the figures are not late.
ALL_WELL = (True, False)


class Broadcaster:
    """Sends one election's results to all who watch it in this process."""

    def __init__(
        self,
        feed: Feed,
        *,
        staff: bool,
        pause: float,
        heartbeat: float,
        stuck: float,
        connected: Callable[[], bool],
    ) -> None:
        self._feed = feed
        self._staff = staff
        self._connected = connected
        self._told = ALL_WELL
        self._pause = pause
        self._heartbeat = heartbeat
        self._stuck = stuck
        self._viewers: set[Viewer] = set()
        self._task = asyncio.create_task(self._run(), name=f"broadcaster of {feed.view.election.code}")

    async def watch(
        self, send: ASGISendCallable, contests: frozenset[str] | None, lost: asyncio.Event | None = None
    ) -> None:
        """Drives one viewer until it leaves, is dropped, the server stops, or its rights are `lost`."""
        viewer = Viewer(send, contests)
        leaving = asyncio.create_task(_end_when(lost, viewer)) if lost is not None else None
        # In the set before the snapshot is sent: an update in between is caught up with, not lost.
        self._viewers.add(viewer)
        try:
            view = self._feed.view
            first = RETRY + self._events(view, view.changed_since(-1, contests))
            if self._condition != ALL_WELL:
                first += self._heartbeat_now()
            viewer.push(first, self._catch_up)
            if await viewer.ended:
                await send(_body(b"", more=False))
        finally:
            self._viewers.discard(viewer)
            viewer.release()
            if leaving is not None:
                leaving.cancel()

    @property
    def _condition(self) -> tuple[bool, bool]:
        """Whether other processes are heard, and whether the figures are late."""
        return self._connected(), self._feed.lag > LATE_SECONDS

    def _heartbeat_now(self) -> bytes:
        return heartbeat(self._feed, broker=self._connected())

    def _events(self, view: View, codes: Iterable[str]) -> bytes:
        contests = (view.contest(code, staff=self._staff) for code in codes)
        return b"".join(event("results", contest.results.version, contest.json) for contest in contests)

    def _catch_up(self, viewer: Viewer) -> None:
        if viewer.behind:
            behind, viewer.behind = viewer.behind, set()
            viewer.push(self._events(self._feed.view, behind), self._catch_up)

    async def _run(self) -> None:
        seen = self._feed.view.version
        while True:
            try:
                seen = await self._turn(seen)
            except Exception:
                _logger.exception("the broadcaster failed and goes on")
                await asyncio.sleep(1)

    async def _turn(self, seen: int) -> int:
        view = None
        with contextlib.suppress(TimeoutError):
            view = await asyncio.wait_for(self._feed.newer(seen), self._heartbeat / 3)
        if view is not None:
            await self._broadcast(view.changed_since(seen))
            seen = view.version
        await self._tend()
        if view is not None:
            await asyncio.sleep(self._pause)
        return seen

    async def _broadcast(self, changed: list[str]) -> None:
        """Tells each viewer of the contests that changed, as they stand when its turn comes.

        So nobody who caught up with something newer meanwhile is shown something older after it.
        """
        chunks: dict[tuple[int, frozenset[str] | None], bytes] = {}
        for number, viewer in enumerate(tuple(self._viewers)):
            if viewer.busy_since is not None:
                viewer.behind.update(c for c in changed if viewer.contests is None or c in viewer.contests)
                continue
            view = self._feed.view
            chunk = chunks.get((view.version, viewer.contests))
            if chunk is None:
                codes = [c for c in changed if viewer.contests is None or c in viewer.contests]
                chunk = chunks[view.version, viewer.contests] = self._events(view, codes)
            if chunk:
                viewer.push(chunk, self._catch_up)
            if number % TURN == TURN - 1:
                await asyncio.sleep(0)

    async def _tend(self) -> None:
        """Shows quiet viewers that the stream is alive, and lets go of those that take nothing.

        Where the server's own condition has changed, everybody hears of it at once.
        """
        now = time.monotonic()
        beat = self._heartbeat_now()
        changed, self._told = self._condition != self._told, self._condition
        for number, viewer in enumerate(tuple(self._viewers)):
            if viewer.busy_since is not None:
                if now - viewer.busy_since > self._stuck:
                    viewer.end(complete=False)
            elif changed or now - viewer.sent_at >= self._heartbeat * 2 / 3:
                viewer.push(beat, self._catch_up)
            if number % TURN == TURN - 1:
                await asyncio.sleep(0)

    async def close(self) -> None:
        """Ends every viewer's stream properly."""
        await end([self._task])
        for viewer in tuple(self._viewers):
            viewer.end(complete=True)


def heartbeat(feed: Feed, *, broker: bool) -> bytes:
    """A comment for machines that only want bytes, and an event for browsers, which see no comments.

    `lag` is the seconds since this process last knew for certain that its figures were the newest.
    Without the `broker` it still learns by itself what other processes count, but some seconds later.
    """
    return beat(feed.view.version, feed.lag, broker=broker)


def beat(version: int, lag: float, *, broker: bool) -> bytes:
    """What `heartbeat` says, of any stream whose state has a version."""
    data = {"version": version, "at": utc_now(), "lag": round(lag, 1), "broker": broker}
    return b": heartbeat\n" + event("heartbeat", version, msgspec.json.encode(data))


class Broadcasters:
    """The broadcasters of a process, made when the first viewer comes: one for the public, one for staff."""

    def __init__(
        self, *, pause: float, heartbeat: float, stuck: float, connected: Callable[[], bool]
    ) -> None:
        """`connected` tells whether announcements of other processes are heard just now."""
        self._pause = pause
        self._heartbeat = heartbeat
        self._stuck = stuck
        self._connected = connected
        self._broadcasters: dict[tuple[str, bool], Broadcaster] = {}

    def of(self, feed: Feed, *, staff: bool) -> Broadcaster:
        key = (feed.view.election.code, staff)
        if key not in self._broadcasters:
            self._broadcasters[key] = Broadcaster(
                feed,
                staff=staff,
                pause=self._pause,
                heartbeat=self._heartbeat,
                stuck=self._stuck,
                connected=self._connected,
            )
        return self._broadcasters[key]

    async def close(self) -> None:
        for broadcaster in self._broadcasters.values():
            await broadcaster.close()
