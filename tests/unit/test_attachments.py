"""Files that the public attaches: what is in them decides, and of a picture only what is seen stays."""

import asyncio
import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from models.complaints import MAX_ATTACHMENT_BYTES
from models.errors import Invalid, TooLarge, Unavailable
from services import attachments
from services.attachments import MAX_PIXELS, AttachmentChecks
from tests.complaining import PDF, SVG, picture

SECRET = b"secret of the one who took it"


@pytest.fixture
def checks() -> AttachmentChecks:
    return AttachmentChecks()


async def fault(checks: AttachmentChecks, content: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        await checks.prepare([content])
    (error,) = refused.value.errors
    assert error.field == "attachments[0]"
    return error.message


def bomb(width: int, height: int) -> bytes:
    """A PNG of so many black pixels, in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = b"\0" * ((width + 7) // 8 + 1)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "media"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
async def test_a_picture_stays_what_it_shows(checks: AttachmentChecks, kind: str, media: str) -> None:
    (kept,) = await checks.prepare([picture(kind, (64, 48))])
    assert kept.media == media
    with Image.open(io.BytesIO(kept.content)) as seen:
        assert (seen.format, seen.size) == (kind, (64, 48))
        assert seen.convert("L").getpixel((5, 5)) < 20 and seen.convert("L").getpixel((60, 5)) > 235


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
async def test_a_png_of_every_mode_is_taken(checks: AttachmentChecks, mode: str) -> None:
    (kept,) = await checks.prepare([picture(mode=mode)])
    with Image.open(io.BytesIO(kept.content)) as seen:
        assert seen.size == (40, 30)


async def test_a_jpeg_for_printers_is_taken(checks: AttachmentChecks) -> None:
    (kept,) = await checks.prepare([picture("JPEG", mode="CMYK")])
    with Image.open(io.BytesIO(kept.content)) as seen:
        assert seen.mode == "RGB"


async def test_where_and_by_whom_a_picture_was_taken_is_gone(checks: AttachmentChecks) -> None:
    exif = Image.Exif()
    exif[0x013B] = SECRET.decode()
    exif.get_ifd(0x8825)[2] = (41.0, 53.0, 24.0)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    sent = [
        picture("JPEG", exif=exif, comment=SECRET, icc_profile=SECRET) + SECRET,
        picture("PNG", pnginfo=text, exif=exif, icc_profile=SECRET) + SECRET,
        picture("WEBP", exif=exif, xmp=SECRET, icc_profile=SECRET) + SECRET,
    ]
    assert all(SECRET in content for content in sent)
    for kept in await checks.prepare(sent):
        assert SECRET not in kept.content
        with Image.open(io.BytesIO(kept.content)) as seen:
            assert not dict(seen.getexif())
            assert not {"comment", "icc_profile", "xmp", "Comment", "exif"} & seen.info.keys()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_that_was_taken_upright_stays_upright(checks: AttachmentChecks, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (kept,) = await checks.prepare([picture(kind, (64, 32), exif=exif)])
    with Image.open(io.BytesIO(kept.content)) as seen:
        assert seen.size == (32, 64)


async def test_of_a_picture_that_moves_the_first_frame_stays(checks: AttachmentChecks) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("#101010", "#f0f0f0")]
    written = io.BytesIO()
    frames[0].save(written, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    (kept,) = await checks.prepare([written.getvalue()])
    with Image.open(io.BytesIO(kept.content)) as seen:
        assert getattr(seen, "n_frames", 1) == 1
        assert seen.convert("L").getpixel((10, 10)) < 40


async def test_a_pdf_is_kept_as_it_came(checks: AttachmentChecks) -> None:
    (kept,) = await checks.prepare([PDF])
    assert (kept.media, kept.content) == ("application/pdf", PDF)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (SVG, "SVG"),
        (SVG.decode().encode("utf-16"), "SVG"),
        (b"<html><script>alert(1)</script></html>", "no JPEG, PNG or WebP picture and no PDF"),
        (b"GIF89a" + bytes(40), "no JPEG, PNG or WebP picture and no PDF"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
        (b"", "empty"),
        (b"\0" * 100, "no JPEG"),
        (picture()[:-40], "damaged or cut short"),
        (picture("JPEG", (400, 400))[:500], "damaged or cut short"),
        (picture("WEBP", (400, 400))[:60], "damaged or cut short"),
        (b"\x89PNG\r\n\x1a\n" + b"nonsense" * 20, "damaged or cut short"),
        (b"\xff\xd8\xff" + SVG, "damaged or cut short"),
        (PDF[:-20], "without its end"),
        (PDF + SVG, "without its end"),
        (PDF.replace(b"/Root", b"/Encrypt 5 0 R/Root"), "password"),
    ],
)
async def test_what_is_no_picture_and_no_pdf_is_refused_with_its_reason(
    checks: AttachmentChecks, content: bytes, says: str
) -> None:
    assert says in await fault(checks, content)


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (50_001, 1001), (9_000, 9_000)])
async def test_a_bomb_is_not_decoded(checks: AttachmentChecks, width: int, height: int) -> None:
    sent = bomb(width, height)
    assert len(sent) < 200_000 and width * height > MAX_PIXELS
    assert "more than 50 million pixels" in await fault(checks, sent)


async def test_every_file_that_does_not_fit_is_named(checks: AttachmentChecks) -> None:
    with pytest.raises(Invalid) as refused:
        await checks.prepare([picture(), SVG, PDF, b"x"])
    assert [error.field for error in refused.value.errors] == ["attachments[1]", "attachments[3]"]


async def test_of_more_than_five_files_and_of_more_than_five_megabytes_none_is_looked_at(
    checks: AttachmentChecks,
) -> None:
    with pytest.raises(Invalid, match="more than 5 files"):
        await checks.prepare([PDF] * 6)
    assert len(await checks.prepare([PDF] * 5)) == 5
    with pytest.raises(TooLarge) as refused:
        await checks.prepare([PDF, bytes(MAX_ATTACHMENT_BYTES + 1)])
    assert [error.field for error in refused.value.errors] == ["attachments[1]"]


async def test_where_too_many_wait_the_next_is_told_to_come_again(
    checks: AttachmentChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "_WAITING", 1)
    first = asyncio.create_task(checks.prepare([picture("JPEG", (2000, 2000))]))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await checks.prepare([PDF])
    assert len(await first) == 1
    assert len(await checks.prepare([PDF])) == 1
