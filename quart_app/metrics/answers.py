"""Answers to requests, counted by kind and class of status: plain numbers, because each request pays."""

from collections import Counter

from quart import Quart, Response, request

from quart_app.auth import SAFE
from quart_app.front import FrontDoor

Kinds = Counter[tuple[str, str]]
"""How many answers there were, by kind of request and class of status such as `2xx`."""

_READS = ("/api/", "/health/", "/metrics", "/openapi.json")


class Answers:
    """What was answered since the process began, by Quart and ahead of it."""

    def __init__(self) -> None:
        self.front: FrontDoor | None = None
        self._counted: Kinds = Counter()

    def count(self, kind: str, status: int) -> None:
        self._counted[kind, f"{status // 100}xx"] += 1

    def all(self) -> Kinds:
        found = self._counted.copy()
        if self.front is not None:
            found["read", "2xx"] += self.front.answered
            found["read", "3xx"] += self.front.unchanged
        return found


def install_answers(app: Quart) -> Answers:
    """Counts whatever goes through Quart; whoever answers ahead of it is to be told of as `front`."""
    answers = Answers()

    @app.after_request
    async def count(response: Response) -> Response:
        answers.count(kind_of(request.method, request.path), response.status_code)
        return response

    return answers


def kind_of(method: str, path: str) -> str:
    """One of `read`, `stream`, `page`, `change` and `tally`."""
    if method not in SAFE:
        return "tally" if path.endswith("/tallies") or "/tally/" in path else "change"
    if path.endswith("/stream"):
        return "stream"
    return "read" if path.startswith(_READS) else "page"
