"""Whoever complains in tests: complaints, the files that come with them, and the staff who see to them."""

import io
from typing import Any

import msgspec
from PIL import Image
from quart.datastructures import FileStorage
from quart.typing import TestClientProtocol as Client

from models.complaints import ComplaintFiled, ComplaintFiling
from tests.desk import Desk, Official

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
WORDS = "The ramp at the back entrance is blocked."


def a_complaint(**changes: Any) -> dict[str, Any]:
    return {"category": "access", "role": "voter", "text": WORDS, **changes}


def filing(**changes: Any) -> ComplaintFiling:
    return msgspec.convert(a_complaint(**changes), ComplaintFiling)


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **given: Any) -> bytes:
    """A picture whose left half is dark and whose right half is light; `given` is said when it is saved."""
    drawn = Image.new("L", size, 255)
    drawn.paste(0, (0, 0, size[0] // 2, size[1]))
    written = io.BytesIO()
    drawn.convert(mode).save(written, kind, **given)
    return written.getvalue()


async def file(desk: Desk, **changes: Any) -> ComplaintFiled:
    return await desk.house.complaint_filings.file(desk.election, filing(**changes))


async def send(
    client: Client, desk: Desk, *attachments: bytes, names: str = "photo.png", **changes: Any
) -> Any:
    """Files as a browser's form does; returns the response."""
    form = {name: str(value) for name, value in a_complaint(**changes).items()}
    files = FilesOf(attachments, names)
    return await client.post(f"{desk.path}/complaints", form=form, files=files)


class FilesOf:
    """Several files of one field, which Quart's client takes as the items of a dictionary."""

    def __init__(self, contents: tuple[bytes, ...], name: str) -> None:
        self._contents = contents
        self._name = name

    def items(self) -> list[tuple[str, FileStorage]]:
        return [
            ("attachments", FileStorage(io.BytesIO(content), filename=self._name))
            for content in self._contents
        ]

    def __len__(self) -> int:
        return len(self._contents)


class Staff:
    """A member of staff with a token, at the desk for complaints."""

    def __init__(self, client: Client, desk: Desk, official: Official) -> None:
        self._client = client
        self._desk = desk
        self.official = official
        self.status = 0
        self.etag = ""
        self.headers: Any = {}

    @classmethod
    async def of(cls, client: Client, desk: Desk, username: str, role: str = "reviewer") -> "Staff":
        return cls(client, desk, await desk.official(username, roles=[role], units=[]))

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        response = await self._client.open(
            f"{self._desk.path}/complaints{path}",
            method=method,
            headers={**self.official.bearer, **headers},
            **({} if body is None else {"json": body}),
        )
        self.status, self.headers = response.status_code, response.headers
        self.etag = response.headers.get("ETag", self.etag)
        return await response.get_json(silent=True)

    async def see(self, number: int) -> Any:
        return await self.ask("GET", f"/desk/{number}")

    async def move(self, number: int, change: str, *, match: str | None = None, **said: str) -> Any:
        headers = {"If-Match": match or self.etag}
        return await self.ask("POST", f"/desk/{number}/moves", {"change": change, **said}, **headers)

    async def settle(self, number: int, assignee: str | None, due_on: str | None) -> Any:
        body = {"assignee": assignee, "due_on": due_on}
        return await self.ask("PUT", f"/desk/{number}", body, **{"If-Match": self.etag})

    async def decide(self, number: int, change: str = "uphold") -> Any:
        """Begins and decides."""
        await self.see(number)
        await self.move(number, "review")
        return await self.move(number, change, outcome="It was so.", reason="A photograph shows it.")
