"""Pages that are somebody's own: never cached, with their name, a way out, and what was just done."""

from typing import Any

import msgspec
from quart import Response, flash, redirect, request
from werkzeug.wrappers import Response as Redirect

from models.rights import Actor, Role
from quart_app.answers import PRIVATE
from quart_app.auth import actor, identity
from quart_app.languages import said
from quart_app.languages.in_templates import to
from quart_app.pages.forms import PageForm
from quart_app.pages.rendering import page

STAFF = tuple(role for role in Role if role is not Role.VOTER)


async def private_page(template: str, status: int = 200, **context: Any) -> Response:
    """A page that only whoever asks may see. `who` is their Identity, None for the public."""
    who = await identity(request)
    staff = who is not None and not who.roles.isdisjoint(STAFF)
    return await page(template, status, cache=PRIVATE, who=who, staff=staff, **context)


async def visitor() -> Actor:
    """Who sends a form that needs no sign-in."""
    return msgspec.structs.replace(await actor(), channel="web")


async def form_page(template: str, form: PageForm, **context: Any) -> Response:
    """A form as it was sent, or empty, with what is wrong with it."""
    response = await private_page(template, form.status, form=form, **context)
    if form.retry_after is not None:
        response.headers["Retry-After"] = str(form.retry_after)
    return response


async def see(address: str, notice: str = "") -> Redirect:
    """After a post: the page to look at, which says once what was done. Notices name nobody."""
    if notice:
        await flash(said(notice))
    found = redirect(to(address), 303)
    found.headers["Cache-Control"] = PRIVATE
    return found
