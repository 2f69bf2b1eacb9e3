"""Bodies of requests: JSON of one type, read strictly, every fault named by its field."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import msgspec
from quart import request
from quart_schema import document_request
from werkzeug.exceptions import UnsupportedMediaType

from models.errors import Unreadable
from models.reading import read_struct
from models.submissions import NOT_READ
from models.wording import say

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T", bound=msgspec.Struct)


def json_body(kind: type[msgspec.Struct]) -> Callable[[F], F]:
    """The view gets the body as `data`, a `kind`.

    What is not JSON is refused with 415 or Unreadable, what does not fit with Invalid.
    """

    def decorate(view: F) -> F:
        @wraps(view)
        async def reading(*args: Any, **kwargs: Any) -> Any:
            return await view(*args, data=await json_of(kind), **kwargs)

        return document_request(kind)(reading)  # type: ignore[return-value]

    return decorate


async def json_of(kind: type[T]) -> T:
    """The body as a `kind`. Raises as told above."""
    if not request.is_json:
        raise UnsupportedMediaType(say("Send JSON, as Content-Type: application/json."))
    body: bytes = await request.get_data(as_text=False)  # type: ignore[assignment]
    try:
        raw = msgspec.json.decode(body)
    except NOT_READ:
        raise Unreadable(say("The body is not JSON.")) from None
    if not isinstance(raw, dict):
        raise Unreadable(say("The body must be one JSON object."))
    return read_struct(raw, kind)
