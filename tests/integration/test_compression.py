"""What is public comes in zstd, br or gzip to whoever takes it, and nothing else does."""

import gzip
import zlib
from typing import Any

import brotli
import pytest
import zstandard
from quart.typing import TestClientProtocol as Client

from models.rights import Role
from quart_app.door.compression import SHORTEST, chosen
from services.packing import CODINGS, pack, pack_thoroughly, packer
from tests.building import every_tally
from tests.desk import Desk
from tests.sessions import cookie
from tests.streams import Stream

TAKES = {"Accept-Encoding": "gzip, deflate, br, zstd"}
HTML = {"Accept": "text/html"}


def unpacked(coding: str, content: bytes) -> bytes:
    """As a client does it, whatever the length that the bytes say of themselves."""
    if coding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(content)
    return brotli.decompress(content) if coding == "br" else gzip.decompress(content)


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("zstd", "zstd"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("br;q=0.9, gzip;q=0.9, zstd;q=0.1", "br"),
        ("zstd;q=0.2, gzip;q=0.8", "gzip"),
        ("zstd;q=0, br;q=0, gzip", "gzip"),
        ("gzip;q=0", ""),
        ("gzip; q=0.0, *", ""),
        ("*", "gzip"),
        ("*;q=0", ""),
        ("br;q=0.5, *;q=0.8", "gzip"),
        ("identity;q=0, *;q=0.5", "gzip"),
        ("identity", ""),
        ("identity, br;q=0.5", ""),
        ("identity;q=0.5, br;q=0.5", "br"),
        ("deflate", ""),
        ("gzip;q=much", ""),
        ("gzip;q = 0.5", "gzip"),
    ],
)
def test_the_coding_is_the_one_that_is_liked_best(asked: str, taken: str) -> None:
    assert chosen(asked) == taken


@pytest.mark.parametrize("coding", CODINGS)
def test_bytes_come_back_as_they_were_also_in_pieces(coding: str) -> None:
    body = b'{"votes": 1234, "name": "Ada"}' * 5000
    assert unpacked(coding, pack(coding, body)) == body == unpacked(coding, pack_thoroughly(coding, body))
    assert max(len(pack_thoroughly(coding, body)), len(pack(coding, body))) < len(body)
    packing = packer(coding)
    first = packing.pack(body[:7000])
    rest = packing.pack(body[7000:]) + packing.end()
    assert unpacked(coding, first + rest) == body


@pytest.mark.parametrize("coding", CODINGS)
def test_a_piece_can_be_read_before_the_next_one_is_there(coding: str) -> None:
    first = packer(coding).pack(b"a line\n")
    readers: dict[str, Any] = {
        "zstd": lambda: zstandard.ZstdDecompressor().decompressobj().decompress(first),
        "br": lambda: brotli.Decompressor().process(first),
        "gzip": lambda: zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(first),
    }
    assert readers[coding]() == b"a line\n"


PUBLIC = (
    "/elections/tiny",
    "/docs",
    "/openapi.json",
    "/api/v1/elections/tiny/results",
    "/api/v1/elections/tiny/results?x=1",
    "/api/v1/elections/tiny/results.csv",
    "/api/v1/elections/tiny/log.csv",
    "/static/{fingerprint}/style.css",
)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("path", PUBLIC)
async def test_what_is_public_is_the_same_in_every_coding(
    client: Client, desk: Desk, path: str, coding: str
) -> None:
    await desk.receipts(*every_tally())
    path = path.format(fingerprint=client.app.extensions["tallystream.assets"].fingerprint)
    for _ in range(2):
        plain = await client.get(path, headers=HTML)
        packed = await client.get(path, headers=HTML | {"Accept-Encoding": coding})
        assert packed.headers["Content-Encoding"] == coding
        assert "Content-Encoding" not in plain.headers
        assert "Accept-Encoding" in plain.headers["Vary"]
        assert "Accept-Encoding" in packed.headers["Vary"]
        content, same = await body(plain), unpacked(coding, await body(packed))
        assert without_nonce(same, packed) == without_nonce(content, plain)
        assert len(await body(packed)) < len(content)
        if "Content-Length" in packed.headers:
            assert int(packed.headers["Content-Length"]) == len(await body(packed))


async def body(response: Any) -> bytes:
    content: bytes = await response.get_data(as_text=False)
    return content


def without_nonce(content: bytes, response: Any) -> bytes:
    nonce = response.headers["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0]
    return content.replace(nonce.encode(), b"") if nonce else content


@pytest.mark.parametrize("path", ["results", "results?x=1", "contests/president/results", "results.csv"])
async def test_the_tag_of_either_is_known_again_whichever_is_asked_for(
    client: Client, desk: Desk, path: str
) -> None:
    address = f"{desk.path}/{path}"
    for _ in range(2):
        plain = (await client.get(address)).headers["ETag"]
        packed = (await client.get(address, headers=TAKES)).headers["ETag"]
        assert packed == f"W/{plain}"
        for tag in (plain, packed):
            for takes, expected in (({}, plain), (TAKES, packed)):
                same = await client.get(address, headers={"If-None-Match": tag, **takes})
                assert (same.status_code, same.headers["ETag"]) == (304, expected)
                assert "Content-Encoding" not in same.headers
                assert "Accept-Encoding" in same.headers["Vary"]


async def test_an_edit_is_held_against_the_tag_of_either(client: Client, desk: Desk) -> None:
    tag = (await client.get(desk.path, headers=TAKES)).headers["ETag"]
    administrator = await desk.official("ann", roles=["administrator"])
    edited = await client.patch(
        desk.path, json={"name": "Another name"}, headers={"If-Match": f"W/{tag}", **administrator.bearer}
    )
    assert edited.status_code != 412


@pytest.mark.parametrize("path", ["/account", "/admin", "/login", "/api/v1/audit", "/elections/tiny/results"])
async def test_what_is_for_one_reader_is_never_compressed(client: Client, desk: Desk, path: str) -> None:
    ann = await desk.official("ann", roles=list(Role))
    own = await cookie(client.app, desk, ann.identity)
    response = await client.get(path, headers={**HTML, **TAKES, **own})
    assert "Content-Encoding" not in response.headers


async def test_staffs_figures_are_not_compressed(client: Client, desk: Desk) -> None:
    await desk.receipts(*every_tally())
    ann = await desk.official("ann", roles=["auditor"])
    for path in ("results", "results.csv", "log.csv", "contests/president/units.csv"):
        response = await client.get(f"{desk.path}/{path}", headers={**TAKES, **ann.bearer})
        assert response.headers["Cache-Control"] == "private, no-store"
        assert "Content-Encoding" not in response.headers


async def test_streams_are_not_compressed(client: Client, desk: Desk) -> None:
    async with Stream(client, f"{desk.path}/results/stream", TAKES) as stream:
        await stream.event("results")
        assert "Content-Encoding" not in stream.headers


async def test_the_headers_alone_are_those_of_the_whole(client: Client, desk: Desk) -> None:
    for path in ("/openapi.json", f"{desk.path}/results", "/docs"):
        got = await client.get(path, headers=HTML | TAKES)
        head = await client.head(path, headers=HTML | TAKES)
        for name in ("Content-Encoding", "ETag", "Content-Type", "Vary"):
            assert head.headers.get(name) == got.headers.get(name), (path, name)


async def test_what_is_short_stays_as_it_is(client: Client, desk: Desk) -> None:
    response = await client.get(desk.path, headers=TAKES)
    assert len(await body(response)) < SHORTEST
    assert "Content-Encoding" not in response.headers
    assert "Accept-Encoding" in response.headers["Vary"]
