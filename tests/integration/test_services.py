"""The services of a process, put together and let go of."""

import gc
import weakref

from quart_app.settings import Settings
from quart_app.wiring import Services


async def test_nothing_holds_services_that_are_closed(settings: Settings) -> None:
    house = Services(settings)
    house.start()
    await house.close()
    held = weakref.ref(house)
    del house
    gc.collect()
    assert held() is None
