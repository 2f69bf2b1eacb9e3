"""A map of equal squares for elections without shapes: one a unit, those of one parent together (pure)."""

import math
from collections.abc import Sequence

import msgspec

# How much wider than high a map of tiles is, about.
_ASPECT = 1.6
_WIDTH = 1000
_LARGEST = 96


class Tiles(msgspec.Struct, frozen=True):
    """Squares of `side` units in a box; `places` are their upper left corners, by code."""

    width: int
    height: int
    side: int
    places: dict[str, tuple[int, int]]


class _Block(msgspec.Struct, frozen=True):
    """The tiles of one group, row by row."""

    codes: Sequence[str]
    columns: int

    @property
    def rows(self) -> int:
        return -(-len(self.codes) // self.columns)


def tile(groups: Sequence[Sequence[str]]) -> Tiles:
    """Lays groups of codes out in the order in which they come, in blocks that stand in rows.

    Blocks are half a tile apart. One group alone fills the whole width.
    """
    blocks = _blocks([group for group in groups if group])
    columns = max([block.columns for block in blocks], default=1)
    if len(blocks) > 1:
        area = sum((block.columns + 0.5) * (block.rows + 0.5) for block in blocks)
        columns = max(columns, math.ceil(math.sqrt(area * _ASPECT)))
    # Even, so that half a tile is a whole number.
    pitch = max(2, min(_LARGEST, _WIDTH // columns) // 2 * 2)
    places, height = _shelved(blocks, columns, pitch)
    gap = max(1, pitch // 10)
    width = max((x for x, _ in places.values()), default=0) + pitch - gap
    return Tiles(width, max(1, height - gap), pitch - gap, places)


def _blocks(groups: Sequence[Sequence[str]]) -> list[_Block]:
    if len(groups) == 1:
        return [_Block(groups[0], math.ceil(math.sqrt(len(groups[0]) * _ASPECT)))]
    return [_Block(group, math.ceil(math.sqrt(len(group)))) for group in groups]


def _shelved(blocks: Sequence[_Block], columns: int, pitch: int) -> tuple[dict[str, tuple[int, int]], int]:
    """Fills shelf after shelf, each as high as its highest block; tells the places and the whole height."""
    places: dict[str, tuple[int, int]] = {}
    left = top = height = 0
    for block in blocks:
        if left and left + block.columns * pitch > columns * pitch:
            left, top, height = 0, top + height + pitch // 2, 0
        for number, code in enumerate(block.codes):
            row, column = divmod(number, block.columns)
            places[code] = (left + column * pitch, top + row * pitch)
        left += block.columns * pitch + pitch // 2
        height = max(height, block.rows * pitch)
    return places, top + height
