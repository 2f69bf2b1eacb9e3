"""Problems as pages, for people: everywhere but under the addresses that programs use.

Whoever has not signed in, or must give the password again, is led to where they can, and back.
"""

from urllib.parse import urlencode, urlsplit

import msgspec
from quart import Quart, Response, request
from quart.wrappers import Request
from werkzeug.wrappers import Response as Redirect

from models.errors import NotFresh, NotSignedIn
from models.wording import say
from quart_app.errors import PROBLEM_JSON, Problem
from quart_app.pages.forms import BAD_FORM, local
from quart_app.pages.private import see
from quart_app.pages.rendering import page

_FOR_PROGRAMS = ("/api/", "/health/", "/metrics", "/openapi.json", "/static/")

_HEADINGS = {
    403: say("This is not for you"),
    404: say("There is nothing at this address"),
    413: say("This is too much at once"),
    429: say("These were too many tries"),
    500: say("Something went wrong on our side"),
    503: say("This is not available just now"),
}
_LOGIN, _CONFIRM = "/login", "/confirm"
_ELSEWHERE = {NotSignedIn.code: _LOGIN, NotFresh.code: _CONFIRM}
_NOTHING_YET = {
    _LOGIN: say("Your session has ended, so nothing was changed. Sign in; then you come back to the page."),
    _CONFIRM: say(
        "Nothing was changed yet. Give your password; then you come back to the page, and do it again."
    ),
}


def install_error_pages(app: Quart) -> None:
    @app.after_request
    async def for_people(response: Response) -> Response | Redirect:
        if response.content_type != PROBLEM_JSON or not _wants_page(request):
            return response
        body: bytes = await response.get_data(as_text=False)
        problem = msgspec.json.decode(body, type=Problem)
        if (way := _ELSEWHERE.get(problem.code)) is not None and way != request.path:
            return await _lead(way)
        found = await _error_page(problem)
        for name in ("Retry-After", "WWW-Authenticate", "Allow"):
            if name in response.headers:
                found.headers[name] = response.headers[name]
        return found


def _wants_page(asked: Request) -> bool:
    """Whoever names HTML first gets a page; a program that takes anything gets the problem itself."""
    if asked.path.startswith(_FOR_PROGRAMS):
        return False
    return asked.accept_mimetypes.best_match([PROBLEM_JSON, "application/json", "text/html"]) == "text/html"


async def _lead(way: str) -> Redirect:
    """Nothing of a post is done afterwards by itself: whoever sent it comes back to its form."""
    reads = request.method in ("GET", "HEAD")
    back = request.full_path.rstrip("?") if reads else _form_page()
    return await see(f"{way}?{urlencode({'next': local(back)})}", "" if reads else _NOTHING_YET[way])


def _form_page() -> str:
    """The page of ours that sent this, as far as the browser says."""
    sent_from = urlsplit(request.referrer or "")
    if sent_from.netloc != request.host:
        return ""
    return f"{sent_from.path}?{sent_from.query}" if sent_from.query else sent_from.path


async def _error_page(problem: Problem) -> Response:
    heading = _HEADINGS.get(problem.status, say("This did not work"))
    if problem.code == BAD_FORM:
        heading = say("This form was not taken")
    back = local(_form_page(), "") if request.method == "POST" else ""
    return await page(
        "error.html", problem.status, cache="no-store", problem=problem, heading=heading, back=back
    )
