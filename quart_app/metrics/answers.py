"""Answers to requests, counted by kind and class of status: plain numbers, because each request pays."""

from collections import Counter

from quart import Quart, Response, request

from quart_app.door.shedding import kind_of
from quart_app.front import FrontDoor
from services.pressure import Kind

Kinds = Counter[tuple[Kind, str]]
"""How many answers there were, by kind of request and class of status such as `2xx`."""


class Answers:
    """What was answered since the process began, by Quart and ahead of it."""

    def __init__(self) -> None:
        self.front: FrontDoor | None = None
        self._counted: Kinds = Counter()

    def count(self, kind: Kind, status: int) -> None:
        self._counted[kind, f"{status // 100}xx"] += 1

    def all(self) -> Kinds:
        found = self._counted.copy()
        if self.front is not None:
            found[Kind.RESULTS, "2xx"] += self.front.answered
            found[Kind.RESULTS, "3xx"] += self.front.unchanged
            found[Kind.STREAM, "2xx"] += self.front.streams
        return found


def install_answers(app: Quart) -> Answers:
    """Counts whatever goes through Quart; whoever answers ahead of it is to be told of as `front`."""
    answers = Answers()

    @app.after_request
    async def count(response: Response) -> Response:
        answers.count(kind_of(request.scope), response.status_code)
        return response

    return answers
