"""A precinct officer's program: one WebSocket connection that survives a bad network and a restart.

What was not answered is sent again under the same ref, so that it is recorded once.
"""

import asyncio
import contextlib
import random
import ssl
from collections.abc import Iterator

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from models.batch import Receipt
from models.errors import FieldError
from models.submissions import TallySubmission
from quart_app.cli.addresses import Server
from quart_app.cli.running import Failure

GIVE_UP_SECONDS = 60.0
ANSWER_SECONDS = 30.0
OPEN_SECONDS = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0

_UNAVAILABLE = 503


class Problem(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="problem"):
    """What a server says in place of a receipt or a welcome."""

    status: int
    code: str
    title: str
    errors: tuple[FieldError, ...] = ()


class Welcome(msgspec.Struct, frozen=True, tag_field="type", tag="welcome"):
    precincts: list[str]
    version: int


Answer = Receipt | Problem

_decoder: msgspec.json.Decoder[Receipt | Problem | Welcome] = msgspec.json.Decoder(
    Receipt | Problem | Welcome
)
_encode = msgspec.json.Encoder().encode


class _Away(Exception):
    """The server cannot be reached or cannot work just now; the message says why."""


class Patience:
    """Shared by officers: ends when none of them has been answered for a minute."""

    def __init__(self) -> None:
        self._answered_at = asyncio.get_running_loop().time()

    def answered(self) -> None:
        self._answered_at = asyncio.get_running_loop().time()

    def check(self, since: float, reason: Exception) -> None:
        """Raises Failure for somebody who has tried since `since` and for the last time got `reason`."""
        if asyncio.get_running_loop().time() - max(since, self._answered_at) > GIVE_UP_SECONDS:
            raise Failure(f"Gave up after {GIVE_UP_SECONDS:.0f} seconds without an answer: {reason}")


class Officer:
    def __init__(
        self, server: Server, election: str, token: str, trust: ssl.SSLContext | None, patience: Patience
    ) -> None:
        self._server = server
        self._address = f"{server.ws}/api/v1/elections/{election}/tallies/ws"
        self._token = token
        self._trust = trust if server.secure else None
        self._patience = patience
        self._connection: ClientConnection | None = None

    async def start(self) -> None:
        """Connects, however often that must be tried. Raises Failure."""
        await self._persistently(None)

    async def send(self, tally: TallySubmission) -> Answer:
        """The answer to a tally, however often the connection must be made again for it. Raises Failure."""
        answer = await self._persistently(_encode(tally).decode())
        assert answer is not None
        self._patience.answered()
        return answer

    async def _persistently(self, frame: str | None) -> Answer | None:
        pauses = _pauses()
        since = asyncio.get_running_loop().time()
        while True:
            try:
                connection = self._connection or await self._connect()
                return await _ask(connection, frame) if frame else None
            except _Away as reason:
                self._patience.check(since, reason)
                await self.stop()
            await asyncio.sleep(next(pauses))

    async def _connect(self) -> ClientConnection:
        with _away_is_said():
            connection = await connect(
                self._address,
                ssl=self._trust,
                additional_headers={"Authorization": f"Bearer {self._token}"},
                compression=None,
                open_timeout=OPEN_SECONDS,
                close_timeout=1,
                proxy=None if self._server.is_loopback else True,
            )
        self._connection = connection
        with _away_is_said():
            greeting = _decoder.decode(await asyncio.wait_for(connection.recv(), OPEN_SECONDS))
        if isinstance(greeting, Problem):
            if greeting.status == _UNAVAILABLE:
                raise _Away(greeting.title)
            raise Failure(greeting.title)
        return connection

    async def stop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


async def _ask(connection: ClientConnection, frame: str) -> Answer:
    """One tally is on its way at a time, so the next frame is its answer. Raises _Away."""
    with _away_is_said():
        await connection.send(frame)
        answer = _decoder.decode(await asyncio.wait_for(connection.recv(), ANSWER_SECONDS))
    if isinstance(answer, Problem) and answer.status == _UNAVAILABLE:
        raise _Away(answer.title)
    if isinstance(answer, Welcome):
        raise Failure("The server sent a second welcome where an answer was due.")
    return answer


@contextlib.contextmanager
def _away_is_said() -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise Failure(
            f"The server's certificate is not trusted ({error.verify_message}); on the server's own machine "
            "name its data folder in TALLYSTREAM_DATA."
        ) from error
    except InvalidStatus as error:
        status = error.response.status_code
        if status < 500:
            raise Failure(f"The server answered {status}; is --url its base address?") from error
        raise _Away(f"the server answered {status}") from error
    except TimeoutError as error:
        raise _Away("the server does not answer") from error
    except (ConnectionClosed, InvalidHandshake, OSError) as error:
        raise _Away(getattr(error, "strerror", None) or str(error)) from error
    except msgspec.DecodeError as error:
        raise Failure(f"The server sent what is no answer to a tally: {error}") from error


def _pauses() -> Iterator[float]:
    """Seconds between attempts, longer each time; by chance, so that officers do not return all at once."""
    pause = _FIRST_PAUSE
    while True:
        yield pause * random.uniform(0.5, 1.5)
        pause = min(2 * pause, _LONGEST_PAUSE)
