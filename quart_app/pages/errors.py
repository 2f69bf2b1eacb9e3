"""Problems as pages, for people: everywhere but under the addresses that programs use."""

import msgspec
from quart import Quart, Response, request
from quart.wrappers import Request

from quart_app.errors import PROBLEM_JSON, Problem
from quart_app.pages.rendering import page

_FOR_PROGRAMS = ("/api/", "/health/", "/metrics", "/openapi.json", "/static/")

_HEADINGS = {
    404: "There is nothing at this address",
    500: "Something went wrong on our side",
    503: "This is not available just now",
}


def install_error_pages(app: Quart) -> None:
    @app.after_request
    async def for_people(response: Response) -> Response:
        if response.content_type != PROBLEM_JSON or not _wants_page(request):
            return response
        body: bytes = await response.get_data(as_text=False)
        found = await _error_page(msgspec.json.decode(body, type=Problem))
        for name in ("Retry-After", "WWW-Authenticate", "Allow"):
            if name in response.headers:
                found.headers[name] = response.headers[name]
        return found


def _wants_page(asked: Request) -> bool:
    """Whoever names HTML first gets a page; a program that takes anything gets the problem itself."""
    if asked.path.startswith(_FOR_PROGRAMS):
        return False
    return asked.accept_mimetypes.best_match([PROBLEM_JSON, "application/json", "text/html"]) == "text/html"


async def _error_page(problem: Problem) -> Response:
    heading = _HEADINGS.get(problem.status, "This did not work")
    return await page("error.html", problem.status, cache="no-store", problem=problem, heading=heading)
