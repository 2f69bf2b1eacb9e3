"""Complaints with files over the network, to a server in a process of its own."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from models.complaints import MAX_ATTACHMENT_BYTES
from quart_app.wiring import Services
from tests.building import tiny_election
from tests.complaining import PDF, SVG, a_complaint, picture
from tests.e2e.running import Server
from tests.e2e.test_bad_clients import memory_of

PATH = "/api/v1/elections/tiny/complaints"
FORTY_MB = 40 * 1024 * 1024
PIECE = bytes(64 * 1024)


@pytest.fixture(params=["HTTP/1.1", "HTTP/2"])
async def wire(
    request: pytest.FixtureRequest, server: Server, desk: Services
) -> AsyncIterator[httpx.AsyncClient]:
    await desk.elections.define(tiny_election(), opened=True)
    two = request.param == "HTTP/2"
    url = server.tls_url if two else server.url
    async with httpx.AsyncClient(base_url=url, http1=not two, http2=two, verify=False, timeout=60) as client:
        yield client


async def begun_and_endless() -> AsyncIterator[bytes]:
    yield b'--end\r\nContent-Disposition: form-data; name="attachments"; filename="a.png"\r\n\r\n'
    for _ in range(FORTY_MB // len(PIECE)):
        yield PIECE


async def test_five_good_files_arrive_and_bad_ones_are_refused(
    wire: httpx.AsyncClient, desk: Services
) -> None:
    large = PDF[:9] + b"%" * (MAX_ATTACHMENT_BYTES - len(PDF)) + PDF[9:]
    files = [("attachments", ("a", content)) for content in (picture(), picture("JPEG"), large, large, large)]
    filed = await wire.post(PATH, data=a_complaint(), files=files)
    assert filed.status_code == 201, filed.text
    assert [one.size for one in (await desk.complaint_desk.get("tiny", 1)).files][2:] == [len(large)] * 3
    refused = await wire.post(PATH, data=a_complaint(), files=[("attachments", ("photo.png", SVG))])
    assert refused.status_code == 422 and "SVG drawing" in refused.text
    assert len(await desk.complaints.page("tiny")) == 1


@pytest.mark.parametrize("says", [True, False])
async def test_forty_megabytes_are_refused_and_never_held_in_memory(
    wire: httpx.AsyncClient, server: Server, desk: Services, says: bool
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=end"}
    if says:
        headers["Content-Length"] = str(FORTY_MB)

    async def refused() -> bool:
        try:
            answer = await wire.post(PATH, content=begun_and_endless(), headers=headers)
        except httpx.TransportError:
            # Whoever is refused may be cut off while they still send.
            return True
        return answer.status_code == 413

    assert await refused()
    before = memory_of(server)
    assert all(await asyncio.gather(*(refused() for _ in range(4))))
    assert memory_of(server) - before < FORTY_MB
    assert await desk.complaints.page("tiny") == []
    assert (await wire.get(PATH)).status_code == 200
