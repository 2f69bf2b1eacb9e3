"""One connection that watches a stream, and how it is sent to without waiting for it."""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterable
from typing import Any, cast

from hypercorn.typing import ASGISendCallable, HTTPResponseBodyEvent

Sending = Coroutine[Any, Any, None]


def body(data: bytes, more: bool = True) -> HTTPResponseBodyEvent:
    """Bytes as a server takes them; one may be handed to any number of viewers."""
    return {"type": "http.response.body", "body": data, "more_body": more}


END = body(b"", more=False)


class _RestOf:
    """What is left of a coroutine that was started by hand and waits for something."""

    def __init__(self, started: Sending, waits_for: Any) -> None:
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
    """One connection. It is busy while its last send has not been taken by the network.

    The coroutine that the server runs for it waits inside `deadline`, a timeout without an end, until
    the client leaves; `end` brings that deadline about. So a viewer needs no task of its own.
    """

    # There are thousands: what most of them never need is made when one of them does.
    __slots__ = ("_send", "_sending", "behind", "busy_since", "complete", "contest", "deadline", "sent_at")

    def __init__(self, send: ASGISendCallable, contest: str | None) -> None:
        """`contest` is the only one that it asked for, None for all."""
        self._send = cast(Callable[[HTTPResponseBodyEvent], Sending], send)
        self._sending: asyncio.Task[None] | None = None
        self.contest = contest
        self.behind: set[str] | None = None
        self.busy_since: float | None = None
        self.sent_at = 0.0
        self.deadline = asyncio.timeout(None)
        self.complete: bool | None = None
        """Once it has been ended: whether its stream gets a proper end."""

    def push(self, message: HTTPResponseBodyEvent, now: float, caught_up: Callable[["Viewer"], None]) -> None:
        """Starts to send; `caught_up` is called when a send that had to wait is through.

        `now` is the monotonic time in seconds.
        """
        self.sent_at = now
        sending = self._send(message)
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        except Exception:
            self.end(complete=False)
            return
        self.busy_since = now
        self._sending = asyncio.create_task(self._finish(sending, waits_for, caught_up))

    async def _finish(self, sending: Sending, waits_for: Any, caught_up: Callable[["Viewer"], None]) -> None:
        try:
            await _RestOf(sending, waits_for)
        except Exception:
            self.end(complete=False)
            return
        self.busy_since = self._sending = None
        caught_up(self)

    def miss(self, changed: Iterable[str]) -> None:
        """It is busy while these contests change: it gets them, as they stand then, when it is free."""
        mine = changed if self.contest is None else (code for code in changed if code == self.contest)
        for code in mine:
            self.behind = self.behind or set()
            self.behind.add(code)

    def end(self, *, complete: bool) -> None:
        if self.complete is None:
            self.complete = complete
            self.deadline.reschedule(0.0)

    def release(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
