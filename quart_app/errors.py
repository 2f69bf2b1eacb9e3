"""Domain errors become problems here, and nowhere else: RFC 9457 over HTTP, the same object in a frame."""

import logging

import msgspec
from quart import Quart, Response, has_websocket_context, request, websocket
from quart_schema import RequestSchemaValidationError
from werkzeug.exceptions import HTTPException, default_exceptions

from models.errors import (
    ConditionNeeded,
    Conflict,
    DomainError,
    FieldError,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Stale,
    TooLarge,
    TooLong,
    TooMany,
    Unavailable,
    Unreadable,
)
from models.reading import fault_of
from models.wording import Worded, say
from quart_app.languages import spoken

PROBLEM_JSON = "application/problem+json"

# RFC 6455, 7.4.1: a WebSocket that the server cannot go on with.
INTERNAL_ERROR = 1011

_logger = logging.getLogger(__name__)

# The first class that an error is an instance of decides.
_STATUS: tuple[tuple[type[DomainError], int], ...] = (
    (Unreadable, 400),
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Stale, 412),
    (TooLarge, 413),
    (TooLong, 414),
    (Invalid, 422),
    (ConditionNeeded, 428),
    (TooMany, 429),
    (Unavailable, 503),
)


# What werkzeug and Quart refuse by themselves; they only have English for it.
_TITLES = {
    400: say("This request cannot be read."),
    404: say("This address leads nowhere; perhaps there is a mistake in it."),
    405: say("This address does not take this method; the Allow header names those that it takes."),
    408: say("The request came too slowly; send it again."),
    413: say("This is more than is taken at once; send it in several parts."),
    414: say("This address is too long."),
    415: say("This kind of content is not taken here; look at its Content-Type."),
    431: say("The headers of this request are too large."),
    500: say("Something went wrong on our side; it has been logged."),
}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457. `code` is stable and for programs; `errors` names fields and remedies."""

    type: str = "about:blank"
    status: int
    code: str
    title: str
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None
    """Seconds after which the same request may succeed."""


class ProblemFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="problem"):
    """A problem as a WebSocket frame; `ref` is that of the message which could not be taken."""

    ref: str | None
    status: int
    code: str
    title: str
    errors: tuple[FieldError, ...]
    retry_after: int | None = None


def problem_of(error: DomainError) -> Problem:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    retry_after = error.retry_after if isinstance(error, Unavailable | TooMany) else None
    return Problem(
        status=status, code=error.code, title=error.title, errors=error.errors, retry_after=retry_after
    )


def problem_frame(error: DomainError, ref: str | None = None) -> ProblemFrame:
    problem = problem_of(error)
    return ProblemFrame(
        ref=ref,
        status=problem.status,
        code=problem.code,
        title=problem.title,
        errors=problem.errors,
        retry_after=problem.retry_after,
    )


def problem_response(problem: Problem) -> Response:
    # `type` has a default and is sent all the same: readers of RFC 9457 look for it.
    body = msgspec.json.encode({"type": problem.type, **msgspec.to_builtins(problem, enc_hook=spoken)})
    response = Response(body, problem.status, content_type=PROBLEM_JSON)
    response.headers["Cache-Control"] = "no-store"
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def install_error_handlers(app: Quart) -> None:
    @app.errorhandler(DomainError)
    async def domain_error(error: DomainError) -> Response:
        return problem_response(problem_of(error))

    @app.errorhandler(RequestSchemaValidationError)
    async def bad_query(error: RequestSchemaValidationError) -> Response:
        fault = fault_of("", error.validation_error)
        if not fault.field:
            fault = msgspec.structs.replace(fault, field="query")
        return problem_response(problem_of(Invalid((fault,))))

    @app.errorhandler(HTTPException)
    async def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        name = default_exceptions[status].__name__ if status in default_exceptions else "error"
        code = "".join("-" + c.lower() if c.isupper() else c for c in name).strip("-")
        ours = isinstance(error.description, Worded)
        title = (error.description if ours else _TITLES.get(status)) or error.description or name
        response = problem_response(Problem(status=status, code=code, title=title))
        for key, value in error.get_headers():
            if key.lower() in ("allow", "location"):
                response.headers[key] = value
        return response

    @app.errorhandler(Exception)
    async def unexpected(error: Exception) -> Response:
        if has_websocket_context():
            _logger.error("WebSocket %s failed", websocket.path, exc_info=error)
            await websocket.close(INTERNAL_ERROR, "internal-error")
        else:
            _logger.error("%s %s failed", request.method, request.path, exc_info=error)
        return problem_response(Problem(status=500, code="internal-error", title=_TITLES[500]))
