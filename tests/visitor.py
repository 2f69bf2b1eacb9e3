"""A browser without scripts, for tests of pages."""

import io
import re
from html.parser import HTMLParser
from urllib.parse import urlencode

from quart.datastructures import FileStorage
from quart.typing import TestClientProtocol as Client

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

PASSWORD = "several words that stay together"


class Parts(HTMLParser):
    """What a page loads, what it writes inline, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        self.ids += [given["id"] or ""] if "id" in given else []
        if (tag == "script" and "src" not in given) or tag == "style":
            self.inline.append(tag)
        if given.get("rel") in ("canonical", "alternate"):
            return
        for name in ("src", "href"):
            if tag in ("script", "link", "img") and (address := given.get(name)):
                self.loads.append(address)

    def handle_data(self, data: str) -> None:
        self.text += data


def squeezed(page: str) -> str:
    return " ".join(Parts(page).text.split())


class Visitor:
    """A browser without scripts: it keeps cookies and sends the token of the page that it is on."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.token = ""
        self.page = ""
        self.status = 0
        self.location = ""
        self.headers: dict[str, str] = {}

    async def get(self, path: str) -> str:
        return await self._take(await self.client.get(path.partition("#")[0], headers=HTML, scheme="https"))

    async def post(self, path: str, *, frm: str = "", follow: bool = True, **form: object) -> str:
        headers = {**HTML, "Referer": f"https://localhost{frm}"} if frm else dict(HTML)
        body = urlencode({"csrf_token": self.token, **form}, doseq=True)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = await self.client.post(path, data=body, headers=headers, scheme="https")
        await self._take(answer)
        return await self.get(self.location) if follow and self.status == 303 else self.page

    async def upload(self, path: str, content: bytes, name: str = "rows.csv") -> str:
        files = {"file": FileStorage(io.BytesIO(content), name)}
        form = {"csrf_token": self.token}
        answer = await self.client.post(path, form=form, files=files, headers=HTML, scheme="https")
        return await self._take(answer)

    def hidden(self, name: str) -> str:
        """A value that the page sends along with its form."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found, f"the page sends no {name}"
        return found[1]

    async def _take(self, answer: object) -> str:
        self.page = await answer.get_data(as_text=True)  # type: ignore[attr-defined]
        self.status = answer.status_code  # type: ignore[attr-defined]
        self.headers = dict(answer.headers)  # type: ignore[attr-defined]
        self.location = self.headers.get("location", "")
        if found := re.search(r'name="csrf_token" value="([^"]+)"', self.page):
            self.token = found[1]
        return self.page

    @property
    def text(self) -> str:
        return squeezed(self.page)

    async def sign_in(self, username: str = "ann", password: str = PASSWORD, follow: str = "/account") -> str:
        await self.get(f"/login?next={follow}")
        return await self.post("/login", username=username, password=password, next=follow)
