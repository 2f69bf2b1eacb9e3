"""Files that the public attaches: known by what is in them, whatever their names say, and made harmless.

Pictures are decoded whole and encoded anew, so that nothing stays of them but what is seen: no place where
they were taken, no comment, no thumbnail, no colour profile, nothing hidden behind their end; of a picture
that moves only the first frame. A picture taken upside down is turned.

A PDF is stored as it came, once it begins and ends like one and needs no password. It is not looked at
what else is in it: scripts, links, attached files and metadata stay. So it is handed to staff as a
download that a browser does not open by itself, and they read it in a viewer without scripts.
"""

import asyncio
import io
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from models.complaints import MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS, Media
from models.errors import FieldError, Invalid, TooLarge, Unavailable
from models.wording import Figure, say

MAX_PIXELS = 50_000_000
"""Of a picture; the largest of today's telephones have 50 million. Decoded it takes 200 MB at most."""

FIELD = "attachments"

# Requests whose pictures may wait for the one thread that decodes.
_WAITING = 8
_PDF_END = re.compile(rb"startxref\s+\d+\s+%%EOF\s*\Z")
# PDF 32000-1, 7.5.5: readers look for the end of a file within its last bytes.
_END_BYTES = 1024
_JPEG, _PNG, _PDF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-"

_ONLY = say("is no JPEG, PNG or WebP picture and no PDF, whatever its name says; send one of these")
_SVG = say("is an SVG drawing, which can hold scripts; send a JPEG, PNG or WebP picture, or a PDF")
_HEIC = say("is a HEIC picture; save it as JPEG and send that")
_BROKEN = say("is a picture that cannot be decoded: damaged or cut short; send it anew")
_CUT_SHORT = say("is a PDF without its end: cut short or damaged; send it anew")
_LOCKED = say("is a PDF that needs a password; save it without one and send that")
_EMPTY = say("is an empty file; leave it out, or send the right one")


class Attachment(msgspec.Struct, frozen=True):
    """A file as it is stored and handed out."""

    media: Media
    content: bytes


class _Unfit(Exception):
    """Why a file is not taken."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class AttachmentChecks:
    """One picture at a time is decoded in a process, in a thread, so that tallies never wait for it."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="attachments")
        self._waiting = 0

    async def prepare(self, contents: Sequence[bytes]) -> list[Attachment]:
        """The files as they are to be stored.

        Raises TooLarge for one of more than 5 MB, Invalid for more than five and for each that is none of
        the kinds that are taken or is damaged, and Unavailable while too many wait.
        """
        check_sizes(list(map(len, contents)))
        if not contents:
            return []
        if self._waiting >= _WAITING:
            raise Unavailable(say("Too many attachments are being looked at just now; try again shortly."))
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, _prepared, contents)
        finally:
            self._waiting -= 1


def check_sizes(sizes: Sequence[int]) -> None:
    """Raises TooLarge and Invalid, as from the sizes of files in bytes."""
    if len(sizes) > MAX_ATTACHMENTS:
        message = say("are more than %(most)s files; send the most telling", most=Figure(MAX_ATTACHMENTS))
        raise Invalid((FieldError(FIELD, message, "too-many"),))
    large = [place for place, size in enumerate(sizes) if size > MAX_ATTACHMENT_BYTES]
    if large:
        most = Figure(MAX_ATTACHMENT_BYTES // 1024**2)
        message = say("is larger than %(most)s MB; send a smaller one", most=most)
        faults = tuple(FieldError(_field(place), message, TooLarge.code) for place in large)
        raise TooLarge(say("An attachment is larger than %(most)s MB.", most=most), faults)


def _prepared(contents: Sequence[bytes]) -> list[Attachment]:
    prepared, faults = [], []
    for place, content in enumerate(contents):
        try:
            prepared.append(_checked(content))
        except _Unfit as unfit:
            faults.append(FieldError(_field(place), unfit.message, unfit.code))
    if faults:
        raise Invalid(tuple(faults))
    return prepared


def _field(place: int) -> str:
    return f"{FIELD}[{place}]"


def _checked(content: bytes) -> Attachment:
    """Raises _Unfit."""
    if content.startswith(_PDF):
        return Attachment("application/pdf", _pdf(content))
    if content.startswith(_JPEG):
        return Attachment("image/jpeg", _picture(content, "JPEG", _as_jpeg))
    if content.startswith(_PNG):
        return Attachment("image/png", _picture(content, "PNG", _as_png))
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Attachment("image/webp", _picture(content, "WEBP", _as_webp))
    raise _other(content)


def _other(content: bytes) -> _Unfit:
    if not content:
        return _Unfit(_EMPTY, "empty-file")
    if b"<svg" in content[:4096].replace(b"\0", b"").lower():
        return _Unfit(_SVG, "unknown-kind-of-file")
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"mif1", b"heif"):
        return _Unfit(_HEIC, "unknown-kind-of-file")
    return _Unfit(_ONLY, "unknown-kind-of-file")


def _pdf(content: bytes) -> bytes:
    if not _PDF_END.search(content[-_END_BYTES:]):
        raise _Unfit(_CUT_SHORT, "damaged-file")
    # The dictionary that names it is never encrypted nor compressed itself (7.5.5, 7.5.8, 7.6.1).
    if b"/Encrypt" in content:
        raise _Unfit(_LOCKED, "encrypted-file")
    return content


def _picture(content: bytes, kind: str, write: Callable[[Image.Image, io.BytesIO], None]) -> bytes:
    written = io.BytesIO()
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _many_pixels()
            image.load()
            write(image, written)
    except _Unfit:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _many_pixels() from None
    except Exception:
        # Pillow's decoders raise whatever they stumble over; none of it is a fault of ours.
        raise _Unfit(_BROKEN, "damaged-file") from None
    return written.getvalue()


def _many_pixels() -> _Unfit:
    message = say("has more than %(most)s million pixels; send a smaller one", most=MAX_PIXELS // 10**6)
    return _Unfit(message, "too-many-pixels")


def _as_jpeg(image: Image.Image, to: io.BytesIO) -> None:
    """With the tables it came with: neither coarser nor larger than it was."""
    assert isinstance(image, JpegImageFile)
    tables, sampling = image.quantization, get_sampling(image)
    _bare(image)
    if image.mode in ("L", "RGB"):
        image.save(to, "JPEG", qtables=tables, subsampling=sampling)
    else:
        image.convert("RGB").save(to, "JPEG", quality=90)


def _as_png(image: Image.Image, to: io.BytesIO) -> None:
    _bare(image)
    image.save(to, "PNG")


def _as_webp(image: Image.Image, to: io.BytesIO) -> None:
    _bare(image)
    image.save(to, "WEBP", quality=90)


def _bare(image: Image.Image) -> None:
    """Turns a picture upright, and forgets what is said about it but which colour is seen through.

    In its place: a copy of a large one is 200 MB.
    """
    ImageOps.exif_transpose(image, in_place=True)
    image.info = {name: value for name, value in image.info.items() if name == "transparency"}
