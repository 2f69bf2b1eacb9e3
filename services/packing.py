"""Content codings (RFC 9110, 8.4.1): the same bytes made smaller, once a version or piece by piece."""

import gzip
import zlib
from typing import Protocol

import brotli
import zstandard

ZSTD, BR, GZIP = "zstd", "br", "gzip"
# Those that a client likes alike are taken in this order: zstd unpacks quickest, and packs as small as br.
CODINGS = (ZSTD, BR, GZIP)

# What is made while the event loop waits: 61 kB, which is 50 contests, take 0.4 ms in zstd, 0.7 in br and
# 0.5 in gzip. The levels above gain 3 % more and take twice as long and worse; two milliseconds are the most
# that officers and viewers should wait for a reader.
_QUICK_ZSTD, _QUICK_BR, _QUICK_GZIP = 7, 5, 6
# What is made once and kept as long as the process: as small as it gets.
_THOROUGH_ZSTD, _THOROUGH_BR, _THOROUGH_GZIP = 19, 11, 9
# What comes in pieces, by the hundred at once and of any length. 128 kB of what went before (2 to the 17th)
# are looked back at, for zstd's and br's own megabytes would be held for each reader.
_WINDOW_BITS = 17
_PIECES_ZSTD, _PIECES_BR, _PIECES_GZIP = 3, 4, 5

_GZIP_FRAME = 16 + zlib.MAX_WBITS


def pack(coding: str, body: bytes) -> bytes:
    """The same bytes for the same body, whenever they are made."""
    if coding == ZSTD:
        return zstandard.compress(body, _QUICK_ZSTD)
    if coding == BR:
        return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=_QUICK_BR))
    return gzip.compress(body, _QUICK_GZIP, mtime=0)


def pack_thoroughly(coding: str, body: bytes) -> bytes:
    """The same, for a tenth fewer bytes and a hundred times the time: some tens of milliseconds a file."""
    if coding == ZSTD:
        return zstandard.compress(body, _THOROUGH_ZSTD)
    if coding == BR:
        return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=_THOROUGH_BR))
    return gzip.compress(body, _THOROUGH_GZIP, mtime=0)


class Packer(Protocol):
    """A body that comes in pieces; what `pack` returns can be unpacked at once."""

    def pack(self, piece: bytes) -> bytes: ...

    def end(self) -> bytes: ...


def packer(coding: str) -> Packer:
    if coding == ZSTD:
        return _InZstd()
    return _InBrotli() if coding == BR else _InGzip()


class _InZstd:
    def __init__(self) -> None:
        chosen = zstandard.ZstdCompressionParameters.from_level(_PIECES_ZSTD, window_log=_WINDOW_BITS)
        self._packing = zstandard.ZstdCompressor(compression_params=chosen).compressobj()

    def pack(self, piece: bytes) -> bytes:
        return self._packing.compress(piece) + self._packing.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def end(self) -> bytes:
        return self._packing.flush()


class _InBrotli:
    def __init__(self) -> None:
        self._packing = brotli.Compressor(mode=brotli.MODE_TEXT, quality=_PIECES_BR, lgwin=_WINDOW_BITS)

    def pack(self, piece: bytes) -> bytes:
        return bytes(self._packing.process(piece) + self._packing.flush())

    def end(self) -> bytes:
        return bytes(self._packing.finish())


class _InGzip:
    def __init__(self) -> None:
        self._packing = zlib.compressobj(_PIECES_GZIP, zlib.DEFLATED, _GZIP_FRAME)

    def pack(self, piece: bytes) -> bytes:
        return self._packing.compress(piece) + self._packing.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._packing.flush()
