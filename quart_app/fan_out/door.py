"""Where nginx asks whether a viewer may follow Nchan's channels, and which.

Yes is said only while they hold the newest state, so that viewers who come while this process is not
there, or nginx has just begun, are answered by the application as if there were no Nchan.
"""

import contextlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from models.errors import DomainError
from quart_app.fan_out.nchan import Nchan
from quart_app.fan_out.telling import Telling
from quart_app.settings import LiveSettings
from services.results import ResultsService

# The first viewer of an election waits until it is read and told; nginx waits somewhat longer.
PATIENCE_SECONDS = 2.0
NO_CONTENT = 204
FORBIDDEN = 403


class Door:
    """An ASGI application: `GET /tiny?contest=president` is answered with the channels, or with 403.

    An election is followed from when it is first asked for.
    """

    def __init__(
        self, results: ResultsService, nchan: Nchan, live: LiveSettings, connected: Callable[[], bool]
    ) -> None:
        self._results = results
        self._nchan = nchan
        self._live = live
        self._connected = connected
        self._tellings: dict[str, Telling] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _live_on(receive, send)
        elif scope["type"] == "http":
            asked = parse_qs(scope["query_string"].decode("latin-1")).get("contest", [""])
            await _answer(send, await self._channels(scope["path"].strip("/"), asked[0]))

    async def _channels(self, election: str, contest: str) -> list[str]:
        with contextlib.suppress(DomainError):
            telling = await self._telling(election)
            return await telling.channels(contest, PATIENCE_SECONDS)
        return []

    async def _telling(self, election: str) -> Telling:
        feed = await self._results.feed(election)
        if election not in self._tellings:
            self._tellings[election] = Telling(
                feed,
                self._nchan,
                pause=self._live.pause,
                beat=self._live.heartbeat * 2 / 3,
                connected=self._connected,
            )
        return self._tellings[election]

    async def close(self) -> None:
        for telling in self._tellings.values():
            await telling.close()


async def _answer(send: Any, channels: list[str]) -> None:
    status = NO_CONTENT if channels else FORBIDDEN
    headers = [(b"x-channels", ",".join(channels).encode())] if channels else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _live_on(receive: Any, send: Any) -> None:
    """The lifespan has nothing to begin or end: whoever serves this has opened everything before."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
