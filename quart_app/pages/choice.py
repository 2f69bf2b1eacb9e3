"""Choosing a language: remembered by a cookie, which says nothing else."""

from quart import Blueprint, abort, redirect, request
from quart_schema import hide
from werkzeug.wrappers import Response as Redirect

from quart_app.access import public
from quart_app.languages import languages
from quart_app.languages.asked import COOKIE
from quart_app.pages.forms import local

pages = Blueprint("choice", __name__, url_prefix="/language")

A_YEAR = 365 * 24 * 3600


@pages.get("/<code>")
@public
@hide
async def choose(code: str) -> Redirect:
    """Back to the page that led here (`next`), in another language from now on."""
    if languages().get(code) is None:
        abort(404)
    response = redirect(local(request.args.get("next"), "/"), 303)
    response.set_cookie(COOKIE, code, max_age=A_YEAR, secure=request.is_secure, httponly=True, samesite="Lax")
    response.headers["Cache-Control"] = "private, no-store"
    return response
