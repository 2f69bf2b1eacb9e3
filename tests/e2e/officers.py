"""Officers and viewers for end-to-end tests, written against the contract and not against our code."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import msgspec
import websockets

from models.submissions import TallySubmission


def any_certificate() -> ssl.SSLContext:
    """For whoever connects to a server that has signed its certificate itself."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


ANY_CERTIFICATE = any_certificate()


class Officer:
    """Sends tallies one after the other, comes back after every lost connection, keeps every receipt."""

    def __init__(
        self,
        url: str,
        election: str,
        token: str,
        tallies: Sequence[TallySubmission],
        pause: float = 0.0,
    ) -> None:
        self._url = f"{url.replace('http', 'ws', 1)}/api/v1/elections/{election}/tallies/ws"
        self._token = token
        self._waiting = list(tallies)
        self.places = [(tally.precinct, tally.contest) for tally in tallies]
        self._pause = pause
        self.receipts: dict[str, list[dict[str, Any]]] = {}
        self.problems: list[dict[str, Any]] = []

    async def work(self) -> None:
        while self._waiting:
            with contextlib.suppress(OSError, websockets.WebSocketException, asyncio.TimeoutError):
                await self._connected()
            if self._waiting:
                await asyncio.sleep(0.1)

    async def _connected(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        # One of its own: HTTP clients that share the other one have told it to ask for HTTP/2.
        tls = any_certificate() if self._url.startswith("wss") else None
        async with websockets.connect(
            self._url, additional_headers=headers, open_timeout=5, ssl=tls
        ) as connection:
            assert json.loads(await connection.recv())["type"] == "welcome"
            while self._waiting:
                await connection.send(msgspec.json.encode(self._waiting[0]).decode())
                self._take(json.loads(await asyncio.wait_for(connection.recv(), 15)))
                await asyncio.sleep(self._pause)

    def _take(self, answer: dict[str, Any]) -> None:
        if answer["type"] == "problem" and answer["status"] == 503:
            return
        tally = self._waiting.pop(0)
        if answer["type"] == "receipt":
            assert answer["ref"] == tally.ref
            self.receipts.setdefault(tally.ref, []).append(answer)
        else:
            self.problems.append(answer)


def share(tallies: Sequence[TallySubmission], among: int) -> list[list[TallySubmission]]:
    return [list(tallies[start::among]) for start in range(among)]


class Viewer:
    """Watches the results stream, comes back when it is cut, and remembers the newest of each contest."""

    def __init__(self, client: httpx.AsyncClient, url: str, election: str) -> None:
        self._client = client
        self._url = f"{url}/api/v1/elections/{election}/results/stream"
        self.contests: dict[str, dict[str, Any]] = {}
        self.events = 0
        self.connections = 0
        self.http_version = ""

    def use(self, client: httpx.AsyncClient) -> None:
        """Comes back over another connection."""
        self._client = client

    async def watch(self) -> None:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                await self.watch_once()
            await asyncio.sleep(0.1)

    async def watch_once(self, cut_when: Callable[["Viewer"], bool] | None = None) -> None:
        """One connection, until it ends or `cut_when` says to cut it."""
        async with self._client.stream("GET", self._url, timeout=30) as response:
            assert response.status_code == 200
            self.connections += 1
            self.http_version = response.http_version
            name = ""
            async for line in response.aiter_lines():
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "data" and name == "results":
                    self._take(json.loads(value))
                    if cut_when and cut_when(self):
                        return
                elif field == "data":
                    self._hear(name, json.loads(value))

    def _hear(self, name: str, data: dict[str, Any]) -> None:
        """What the stream says of itself; not heeded here."""

    def _take(self, results: dict[str, Any]) -> None:
        self.events += 1
        known = self.contests.get(results["contest"])
        assert known is None or results["version"] >= known["version"], "a viewer went back in time"
        self.contests[results["contest"]] = results


async def current(url: str, election: str) -> dict[str, dict[str, Any]]:
    """The results as the API gives them, by contest."""
    async with httpx.AsyncClient(verify=ANY_CERTIFICATE, http2=True) as client:
        answer = await client.get(f"{url}/api/v1/elections/{election}/results")
        return {contest["contest"]: contest for contest in answer.json()["contests"]}


async def whole_log(url: str, election: str) -> list[dict[str, Any]]:
    """Every entry of the log, page by page, as the public gets it."""
    entries: list[dict[str, Any]] = []
    async with httpx.AsyncClient(base_url=url, verify=ANY_CERTIFICATE) as client:
        following = f"/api/v1/elections/{election}/log?limit=500"
        while True:
            page = (await client.get(following)).json()
            if not page["entries"]:
                return entries
            entries += page["entries"]
            following = page["next"]
