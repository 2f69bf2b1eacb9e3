"""Fixtures: a tiny election on real engines, and a second house beside the first."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from quart import Quart
from quart.typing import TestClientProtocol

from models.rights import Role
from quart_app import create_app
from quart_app.settings import Settings
from quart_app.wiring import Services
from tests.building import tiny_election
from tests.desk import Desk, define
from tests.office import ELECTIONS, MADE, Office, build
from tests.visitor import PASSWORD, Visitor


@pytest.fixture
async def desk(house: Services) -> Desk:
    """The desk of the tiny election, open and released."""
    return await define(house, tiny_election())


@pytest.fixture
async def office(app: Quart, client: TestClientProtocol, house: Services) -> Office:
    """The office of an election `made` that is not there yet."""
    return await Office.of(app, client, Desk(house, MADE["code"]))


@pytest.fixture
async def draft(office: Office) -> Office:
    """The tiny election as a draft that was made through the API."""
    await build(office, tiny_election("made"))
    return office


@pytest.fixture
async def empty_draft(office: Office) -> Office:
    """A draft that consists of nothing."""
    assert (await office.add(ELECTIONS, MADE)).status == 201
    return office


@pytest.fixture
async def visitor(client: TestClientProtocol, desk: Desk) -> Visitor:
    """A browser on no page yet; ann, who may do everything, has a login."""
    await desk.house.officials.add("ann", list(Role), ["country"], "tiny", password=PASSWORD)
    return Visitor(client)


@pytest.fixture
async def make_app(settings: Settings) -> AsyncIterator[Callable[..., object]]:
    """Makes serving applications with settings of their own; all are closed after the test."""
    async with AsyncExitStack() as stack:

        async def make(given: Settings = settings) -> Quart:
            made = create_app(given)
            await stack.enter_async_context(made.test_app())
            return made

        yield make


def house_of(app: Quart) -> Services:
    found: Services = app.extensions["tallystream"]
    return found
