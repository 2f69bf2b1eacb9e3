"""Live results to browsers: one broadcaster for each election drives every viewer's `send` itself.

An event is encoded once and its bytes are shared. For each viewer the send is started and, if it
would block, left to a task of its own while the broadcaster goes on; a viewer that is still busy
gets only the newest state when it is free again. Nobody queues, and nobody waits for the slowest.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec
from hypercorn.typing import ASGISendCallable, HTTPResponseBodyEvent
from quart import Response
from quart.asgi import ASGIHTTPConnection
from quart.typing import ResponseTypes
from quart.utils import encode_headers

from quart_app.door.incoming import PacesItsBody
from quart_app.listening import EndsWithItsHandler
from quart_app.viewer import END, Viewer, body
from services.clock import utc_now
from services.results import Feed, View
from services.signals import results_sent
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


# Other processes are heard, and the figures are not late.
ALL_WELL = (True, False)


class Broadcaster:
    """Sends one election's results to all who watch it in this process."""

    def __init__(
        self,
        feed: Feed,
        *,
        staff: bool,
        pause: Callable[[], float],
        heartbeat: float,
        stuck: float,
        connected: Callable[[], bool],
        sent: Callable[[float], None],
    ) -> None:
        """`sent` is told how many seconds after its commit was announced each event was handed to all."""
        self._feed = feed
        self._staff = staff
        self._connected = connected
        self._sent = sent
        self._told = ALL_WELL
        self._pause = pause
        self._heartbeat = heartbeat
        self._stuck = stuck
        self._viewers: set[Viewer] = set()
        self._closed = False
        self._openings: dict[str | None, bytes] = {}
        self._openings_of = feed.view
        self._task = asyncio.create_task(self._run(), name=f"broadcaster of {feed.view.election.code}")

    async def watch(
        self, send: ASGISendCallable, contest: str | None, leaving: Callable[[], Awaitable[bool]]
    ) -> None:
        """Drives one viewer until it is dropped, the server stops, or `leaving` returns.

        What `leaving` returns tells whether the client is still there, to be told that this is the end.
        """
        viewer = Viewer(send, contest)
        try:
            async with viewer.deadline:
                # In the set before the snapshot is sent: an update in between is caught up with, not lost.
                self._viewers.add(viewer)
                viewer.push(self._opening(contest), time.monotonic(), self._catch_up)
                if self._closed:
                    viewer.end(complete=True)
                # One that still takes what was sent before gets no proper end.
                viewer.complete = await leaving() and viewer.busy_since is None
        except TimeoutError:
            """Somebody has ended it."""
        finally:
            self._viewers.discard(viewer)
        try:
            if viewer.complete:
                await send(END)
        finally:
            viewer.release()

    def _opening(self, contest: str | None) -> HTTPResponseBodyEvent:
        """What a stream begins with: all as it stands, the same bytes for all who come meanwhile."""
        if self._openings_of is not self._feed.view:
            self._openings_of, self._openings = self._feed.view, {}
        if contest not in self._openings:
            view = self._openings_of
            codes = view.changed_since(-1, None if contest is None else (contest,))
            self._openings[contest] = RETRY + self._events(view, codes)
        opening = self._openings[contest]
        return body(opening if self._condition == ALL_WELL else opening + self._heartbeat_now())

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
            behind, viewer.behind = viewer.behind, None
            viewer.push(body(self._events(self._feed.view, behind)), time.monotonic(), self._catch_up)

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
            changed = view.changed_since(seen)
            await self._broadcast(changed)
            self._tell_of(changed, seen)
            seen = view.version
        await self._tend()
        if view is not None:
            await asyncio.sleep(self._pause())
        return seen

    def _tell_of(self, changed: list[str], seen: int) -> None:
        waited = self._feed.waited(seen)
        if changed and self._viewers and waited is not None:
            self._sent(waited)

    async def _broadcast(self, changed: list[str]) -> None:
        """Tells each viewer of the contests that changed, as they stand when its turn comes.

        So nobody who caught up with something newer meanwhile is shown something older after it.
        """
        view = self._feed.view
        messages = self._messages(view, changed)
        for viewers in self._turns():
            if view is not self._feed.view:
                view = self._feed.view
                messages = self._messages(view, changed)
            self._tell(viewers, messages, changed)
            await asyncio.sleep(0)

    def _messages(self, view: View, changed: list[str]) -> dict[str | None, HTTPResponseBodyEvent]:
        """What whoever watches one contest is sent, and under None what whoever watches all is."""
        events = {code: self._events(view, (code,)) for code in changed}
        messages: dict[str | None, HTTPResponseBodyEvent] = {code: body(events[code]) for code in events}
        return messages | {None: body(b"".join(events.values()))} if events else messages

    def _tell(
        self,
        viewers: Sequence[Viewer],
        messages: dict[str | None, HTTPResponseBodyEvent],
        changed: list[str],
    ) -> None:
        # All that does not differ from viewer to viewer is outside: this runs for each delivery.
        now, caught_up = time.monotonic(), self._catch_up
        for viewer in viewers:
            if viewer.busy_since is not None:
                viewer.miss(changed)
            elif message := messages.get(viewer.contest):
                viewer.push(message, now, caught_up)

    def _turns(self) -> list[Sequence[Viewer]]:
        """All who watch just now: whoever comes or goes while they are served changes nothing."""
        viewers = tuple(self._viewers)
        return [viewers[begin : begin + TURN] for begin in range(0, len(viewers), TURN)]

    async def _tend(self) -> None:
        """Shows quiet viewers that the stream is alive, and lets go of those that take nothing.

        Where the server's own condition has changed, everybody hears of it at once.
        """
        beat = body(self._heartbeat_now())
        changed, self._told = self._condition != self._told, self._condition
        for viewers in self._turns():
            now = time.monotonic()
            for viewer in viewers:
                if viewer.busy_since is not None:
                    if now - viewer.busy_since > self._stuck:
                        viewer.end(complete=False)
                elif changed or now - viewer.sent_at >= self._heartbeat * 2 / 3:
                    viewer.push(beat, now, self._catch_up)
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Ends every viewer's stream properly."""
        self._closed = True
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
        self, *, pause: Callable[[], float], heartbeat: float, stuck: float, connected: Callable[[], bool]
    ) -> None:
        """`pause` tells the seconds from one event to the next, which are more under pressure.

        `connected` tells whether announcements of other processes are heard just now.
        """
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
                sent=self._tell,
            )
        return self._broadcasters[key]

    def _tell(self, seconds: float) -> None:
        results_sent.send(self, seconds=seconds)

    async def close(self) -> None:
        for broadcaster in self._broadcasters.values():
            await broadcaster.close()
