"""A process that serves looks for garbage seldom, and still finds it."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from quart_app.garbage import OLD, YOUNG, look_seldom


class Knot:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def threshold_as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("threshold_as_before")
def test_what_refers_to_itself_goes_once_enough_is_new() -> None:
    look_seldom()
    assert (gc.get_threshold()[0], gc.get_threshold()[2]) == (YOUNG, OLD)
    held = weakref.ref(Knot())
    new = [[number] for number in range(2 * YOUNG)]
    assert held() is None
    assert len(new) == 2 * YOUNG
