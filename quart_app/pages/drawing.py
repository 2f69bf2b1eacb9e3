"""A picture of how results stand, 1200 by 630 pixels, as those who show a preview of a link want it.

Nothing here asks anything of anybody: a `Poster` holds all words and parts, so that it can be drawn in a
thread of its own.
"""

import functools
import io
from collections.abc import Sequence

import msgspec
from PIL import Image, ImageDraw, ImageFont, features

WIDTH, HEIGHT = 1200, 630

# Drawn twice as large and made smaller: that is how edges become smooth.
_LARGER = 2
_MARGIN = 56
# Columns of figures, in pixels.
_SHARE, _VOTES = 128, 150
_ENDS = WIDTH - _MARGIN

_PAPER, _INK, _QUIET, _TRACK, _LINE = "#ffffff", "#14201f", "#4a5856", "#e3e9e7", "#d5dcda"
_ACCENT, _BAR, _TEST, _TEST_LIGHT, _TEST_INK = "#0a5a63", "#5f6f6c", "#ffd84d", "#ffe68a", "#2b2100"
_MARK, _WARN, _WARN_INK = "#17693a", "#fdf0d0", "#6a4100"

# Latin, Greek, Cyrillic, Arabic and Hebrew; Debian calls the package fonts-dejavu-core.
_FONTS = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Line(msgspec.Struct, frozen=True):
    """A bar with what it stands for. `part` goes from 0 to 1; `mark` says that it leads or is elected."""

    name: str
    figure: str
    share: str
    part: float
    colour: str | None = None
    party: str = ""
    mark: str = ""


class Poster(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that stands in a picture, said in the reader's language."""

    right_to_left: bool
    above: str
    title: str
    status: str
    test: str
    """What says that it is a test; empty where it is none."""
    notice: str
    """What is said in place of figures that nobody may see yet; else empty."""
    lines: tuple[Line, ...]
    reported: str
    part_reported: float
    at: str


def can_shape() -> bool:
    """Whether letters are joined and turned as Arabic needs it."""
    return bool(features.check("raqm"))


def draw(poster: Poster) -> bytes:
    """The poster as PNG."""
    sheet = _Sheet(poster.right_to_left)
    top = _banner(sheet, poster.test) if poster.test else 0
    top = _head(sheet, poster, top + 44)
    if poster.notice:
        _notice(sheet, poster.notice, top + 24)
    else:
        _lines(sheet, poster.lines, top + 16)
    _foot(sheet, poster)
    return sheet.png()


class _Sheet:
    """Draws in pixels of the finished picture, from the side where reading begins."""

    def __init__(self, right_to_left: bool) -> None:
        self._turned = right_to_left
        # That of lines; names and figures in them turn by themselves.
        self._direction = ("rtl" if right_to_left else "ltr") if can_shape() else None
        self._image = Image.new("RGB", (WIDTH * _LARGER, HEIGHT * _LARGER), _PAPER)
        self._pen = ImageDraw.Draw(self._image)

    def box(
        self, start: float, top: float, end: float, bottom: float, colour: str, radius: float = 0
    ) -> None:
        if self._turned:
            start, end = WIDTH - end, WIDTH - start
        corners = tuple(round(place * _LARGER) for place in (start, top, end, bottom))
        self._pen.rounded_rectangle(corners, round(radius * _LARGER), fill=colour)

    def stripes(self, top: float, bottom: float, colour: str) -> None:
        for start in range(-80, WIDTH, 64):
            corners = ((start, bottom), (start + 32, bottom), (start + 32 + 48, top), (start + 48, top))
            self._pen.polygon([(x * _LARGER, y * _LARGER) for x, y in corners], fill=colour)

    def text(
        self, place: float, base: float, text: str, size: int, *, bold: bool = False, colour: str = _INK,
        ends: bool = False, at_most: float = _ENDS - _MARGIN,
    ) -> float:  # fmt: skip
        """Writes on the line `base`, from or up to `place`. Returns how wide it became."""
        text = self.fitting(text, size, bold=bold, at_most=at_most)
        x = (WIDTH - place if self._turned else place) * _LARGER
        anchor = "rs" if ends != self._turned else "ls"
        self._pen.text(
            (x, base * _LARGER), text, colour, _font(size, bold), anchor=anchor, direction=self._direction
        )
        return self.width(text, size, bold=bold)

    def figure(
        self, end: float, base: float, text: str, column: int, size: int, *, bold: bool = False,
        colour: str = _INK,
    ) -> None:  # fmt: skip
        """Figures stand below each other by their last digit, whatever the direction of the page."""
        before = max(0, column - self.width(text, size, bold=bold)) if self._turned else 0
        self.text(end - before, base, text, size, bold=bold, colour=colour, ends=True)

    def fitting(self, text: str, size: int, *, bold: bool, at_most: float) -> str:
        """The text, or as much of its beginning as fits, with an ellipsis."""
        if self.width(text, size, bold=bold) <= at_most:
            return text
        while text and self.width(f"{text}…", size, bold=bold) > at_most:
            text = text[:-1].rstrip()
        return f"{text}…"

    def width(self, text: str, size: int, *, bold: bool = False) -> float:
        return float(self._pen.textlength(text, _font(size, bold), direction=self._direction)) / _LARGER

    def png(self) -> bytes:
        made = io.BytesIO()
        whole = self._image.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
        # So few colours are drawn that a palette holds them with all their edges, in a third of the bytes.
        whole.quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(made, "PNG")
        return made.getvalue()


@functools.lru_cache(maxsize=32)
def _font(size: int, bold: bool) -> Font:
    """DejaVu where the machine has it; else the one that Pillow brings, which has only Latin letters."""
    try:
        return ImageFont.truetype(_FONTS[bold], size * _LARGER)
    except OSError:
        return ImageFont.load_default(size * _LARGER)


def _banner(sheet: _Sheet, words: str) -> int:
    height = 56
    sheet.box(0, 0, WIDTH, height, _TEST)
    sheet.stripes(0, height, _TEST_LIGHT)
    sheet.text(_MARGIN, 38, words, 26, bold=True, colour=_TEST_INK)
    return height


def _head(sheet: _Sheet, poster: Poster, top: int) -> int:
    pill = sheet.width(poster.status, 22, bold=True)
    sheet.box(_ENDS - pill - 36, top - 8, _ENDS, top + 34, _TRACK, 21)
    sheet.text(_ENDS - 18, top + 21, poster.status, 22, bold=True, ends=True)
    sheet.text(_MARGIN, top + 21, poster.above, 26, colour=_QUIET, at_most=_ENDS - _MARGIN - pill - 72)
    # A long name is made smaller before it is cut.
    size = next((s for s in (56, 48, 40) if sheet.width(poster.title, s, bold=True) <= _ENDS - _MARGIN), 36)
    sheet.text(_MARGIN, top + 96, poster.title, size, bold=True)
    return top + 112


def _notice(sheet: _Sheet, words: str, top: int) -> None:
    sheet.box(_MARGIN, top, _ENDS, top + 96, _WARN, 12)
    sheet.box(_MARGIN, top, _MARGIN + 10, top + 96, _WARN_INK, 5)
    sheet.text(_MARGIN + 36, top + 59, words, 32, bold=True, colour=_WARN_INK, at_most=_ENDS - _MARGIN - 72)


def _lines(sheet: _Sheet, lines: Sequence[Line], top: int) -> None:
    bottom = HEIGHT - 124
    step = min(108, (bottom - top) // max(1, len(lines)))
    for line in lines:
        _line(sheet, line, top, step)
        top += step


def _line(sheet: _Sheet, line: Line, top: int, step: int) -> None:
    base, size = top + step * 0.46, 34 if step > 100 else 30 if step > 70 else 26
    sheet.figure(_ENDS, base, line.share, _SHARE, size, bold=True)
    sheet.figure(_ENDS - _SHARE - 24, base, line.figure, _VOTES, size - 4, colour=_QUIET)
    room = _ENDS - _MARGIN - _SHARE - _VOTES - 64
    said = sheet.width(line.mark, 20, bold=True) + 44 if line.mark else 0
    party = sheet.width(line.party, 20) + 16 if line.party else 0
    end = _MARGIN + sheet.text(
        _MARGIN, base, line.name, size, bold=bool(line.mark), at_most=room - said - party
    )
    if line.party:
        end += 16 + sheet.text(end + 16, base, line.party, 20, colour=_QUIET)
    if line.mark:
        sheet.box(end + 18, base - 24, end + 18 + said - 20, base + 8, _MARK, 16)
        sheet.text(end + 30, base - 1, line.mark, 20, bold=True, colour=_PAPER)
    low, high = top + step * 0.62, top + step * 0.62 + 18
    sheet.box(_MARGIN, low, _ENDS, high, _TRACK, 5)
    if line.part:
        sheet.box(
            _MARGIN, low, _MARGIN + max(10, (_ENDS - _MARGIN) * line.part), high, line.colour or _BAR, 5
        )


def _foot(sheet: _Sheet, poster: Poster) -> None:
    top = HEIGHT - 92
    sheet.box(_MARGIN, top - 18, _ENDS, top - 16, _LINE)
    written = sheet.text(_ENDS, top + 28, poster.at, 22, colour=_QUIET, ends=True)
    sheet.text(_MARGIN, top + 28, poster.reported, 26, bold=True, at_most=_ENDS - _MARGIN - written - 40)
    sheet.box(_MARGIN, top + 48, _ENDS, top + 58, _TRACK, 5)
    if poster.part_reported:
        sheet.box(
            _MARGIN,
            top + 48,
            _MARGIN + (_ENDS - _MARGIN) * min(1, poster.part_reported),
            top + 58,
            _ACCENT,
            5,
        )
