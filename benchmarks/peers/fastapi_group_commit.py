"""FastAPI, with a WebSocket route as its documentation shows it, before the product's own services.

The same intake with its group commit, credentials, checks, tables and announcements; only what stands
between the socket and them is another's.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from models.submissions import read_tally
from quart_app.settings import load_settings
from quart_app.wiring import Services


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    house = app.state.house = Services(load_settings())
    house.start()
    yield
    await house.close()


app = FastAPI(lifespan=lifespan)


@app.websocket("/api/v1/elections/{election}/tallies/ws")
async def tallies(websocket: WebSocket, election: str) -> None:
    house: Services = websocket.app.state.house
    await websocket.accept()
    token = websocket.headers["authorization"].removeprefix("Bearer ")
    officer = await house.credentials.by_token(token)
    await websocket.send_text('{"type":"welcome"}')
    try:
        while True:
            tally = read_tally(await websocket.receive_text())
            [answer] = await house.intake.submit(election, officer, "ws", [tally])
            await websocket.send_text(msgspec.json.encode(answer).decode())
    except WebSocketDisconnect:
        pass
