"""Whoever uses the API with a cookie: it keeps what is set, and remembers everything that came back."""

from typing import Any

import msgspec
from quart import Quart

from models.editions import edition
from models.members import MemberEdit, MemberInfo
from models.rights import OPERATOR
from quart_app.wiring import Services
from tests.sockets import client_of

PASSWORD = "copper lantern seldom weeps"
ANOTHER = "seven quiet herons cross"


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: Any
    """JSON, or None where nothing came."""
    headers: Any

    @property
    def code(self) -> str:
        return str(self.body["code"])


class Browser:
    """`heard` is every body, and every header but `Set-Cookie`, as text."""

    def __init__(self, app: Quart, **headers: str) -> None:
        self.client = client_of(app)
        self.headers = headers
        self.heard: list[str] = []

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        response = await self.client.open(
            f"/api/v1{path}",
            method=method,
            scheme="https",
            headers={**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}},
            **({} if body is None else {"json": body}),
        )
        text = await response.get_data(as_text=True)
        headers_seen = [line for line in response.headers.items() if line[0].lower() != "set-cookie"]
        self.heard.append(f"{method} {path} {response.status_code} {headers_seen} {text}")
        return Answer(response.status_code, msgspec.json.decode(text) if text else None, response.headers)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, **headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return await self.ask("POST", path, body, **headers)

    async def put(self, path: str, body: Any, **headers: str) -> Answer:
        return await self.ask("PUT", path, body, **headers)

    async def delete(self, path: str, **headers: str) -> Answer:
        return await self.ask("DELETE", path, **headers)

    async def sign_in(self, username: str, password: str = PASSWORD) -> Answer:
        return await self.post("/sessions", {"username": username, "password": password})

    @property
    def cookie(self) -> str:
        """What the session's cookie holds; empty without one."""
        return next((cookie.value or "" for cookie in self.client.cookie_jar), "")


async def edit_member(house: Services, username: str, **changes: Any) -> MemberInfo:
    """What an operator's command changes in a member."""
    info = await house.officials.get(username)
    values = {name: getattr(info, name) for name in MemberEdit.__struct_fields__}
    edit = MemberEdit(**{**values, **changes})
    return await house.officials.edit(username, edit, edition(info), OPERATOR)


async def signed_in(app: Quart, username: str, *roles: str, password: str = PASSWORD) -> Browser:
    """The browser of a member who was added, and has just given the password."""
    house: Services = app.extensions["tallystream"]
    await house.officials.add(username, roles, [], password=password)
    browser = Browser(app)
    answer = await browser.sign_in(username, password)
    assert answer.status == 201, answer
    return browser
