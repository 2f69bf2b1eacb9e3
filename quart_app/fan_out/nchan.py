"""The memory of an nginx with Nchan: channels that keep their newest message for whoever comes."""

from types import TracebackType
from typing import Self

import httpx
import msgspec

# nginx on the same machine answers in less than a millisecond unless its worker has thousands to write to.
SECONDS = 10.0
# Messages of one channel go one after the other; so many channels are written to at once.
CONNECTIONS = 8


class NchanAway(Exception):
    """nginx does not take messages; the message says why."""


class _Channel(msgspec.Struct):
    """What Nchan says of a channel, as far as it is needed."""

    messages: int


_read_channel = msgspec.json.Decoder(_Channel).decode


class Nchan:
    def __init__(self, address: str) -> None:
        """`address` is where nginx takes messages, as `http://127.0.0.1:8081`; nobody else may reach it."""
        self._client = httpx.AsyncClient(
            base_url=f"{address.rstrip('/')}/channels/",
            headers={"Accept": "application/json"},
            timeout=SECONDS,
            limits=httpx.Limits(max_connections=CONNECTIONS),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def publish(self, channel: str, message: bytes) -> None:
        """Sends a message to all who follow the channel, and keeps it in the place of the last one.

        Raises NchanAway.
        """
        await self._ask("POST", channel, message)

    async def holds(self, channel: str) -> bool:
        """Whether the channel has a message: a restart of nginx forgets all. Raises NchanAway."""
        answer = await self._ask("GET", channel)
        return answer.status_code == 200 and _read_channel(answer.content).messages > 0

    async def _ask(self, method: str, channel: str, content: bytes | None = None) -> httpx.Response:
        try:
            answer = await self._client.request(method, channel, content=content)
        except httpx.HTTPError as error:
            raise NchanAway(str(error) or type(error).__name__) from error
        if answer.is_success or (method == "GET" and answer.status_code == 404):
            return answer
        raise NchanAway(f"nginx answered {answer.status_code} to {method} {channel}")
