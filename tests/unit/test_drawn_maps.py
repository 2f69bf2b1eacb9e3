"""Maps that are kept for a moment: drawn once for all who ask, and again where they have to be."""

import asyncio

import pytest

from quart_app.pages.maps import DrawnMaps


class Pen:
    """Draws what it is told to, and counts."""

    def __init__(self) -> None:
        self.drawn = 0
        self.failing = False

    async def __call__(self) -> bytes:
        self.drawn += 1
        await asyncio.sleep(0)
        if self.failing:
            raise LookupError
        return b"map %d" % self.drawn


async def test_many_who_ask_at_once_share_one_drawing() -> None:
    maps, pen = DrawnMaps(), Pen()
    assert set(await asyncio.gather(*(maps.get("here", 7, pen) for _ in range(50)))) == {b"map 1"}
    assert await maps.get("here", 7, pen) == b"map 1"


async def test_whoever_leaves_takes_the_drawing_from_nobody_else() -> None:
    maps, pen = DrawnMaps(), Pen()
    leaving, staying = (asyncio.create_task(maps.get("here", 7, pen)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == b"map 1"
    assert pen.drawn == 1


async def test_a_newer_version_is_drawn_anew_and_is_good_for_those_who_know_of_an_older_one() -> None:
    maps, pen = DrawnMaps(), Pen()
    await maps.get("here", 7, pen)
    assert await maps.get("here", 8, pen) == b"map 2"
    assert await maps.get("here", 7, pen) == b"map 2"


async def test_a_map_that_could_not_be_drawn_is_tried_again() -> None:
    maps, pen = DrawnMaps(), Pen()
    pen.failing = True
    with pytest.raises(LookupError):
        await maps.get("here", 7, pen)
    pen.failing = False
    assert await maps.get("here", 7, pen) == b"map 2"


async def test_only_so_many_maps_are_kept() -> None:
    maps, pen = DrawnMaps(), Pen()
    for number in range(65):
        await maps.get(number, 7, pen)
    assert await maps.get(64, 7, pen) == b"map 65"
    assert await maps.get(0, 7, pen) == b"map 66"
