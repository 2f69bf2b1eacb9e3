"""The language of whoever is asking now, and saying things in it.

The address decides (`?lang=fr`), then the choice that a cookie remembers, then what the browser asks
for; English is for everybody else, and for everything outside a request.
"""

from typing import Any, cast

from babel.numbers import format_decimal
from quart import current_app, g, has_request_context, has_websocket_context, request, websocket
from quart.wrappers import Request, Websocket

from models.wording import Figure, Worded
from quart_app.languages.catalogues import Language, Languages, load

COOKIE = "language"
PARAMETER = "lang"


def languages() -> Languages:
    """All that this application speaks."""
    return cast(Languages, current_app.extensions["tallystream.languages"])


def language() -> Language:
    """That of whoever is asking; English outside a request."""
    carrier: Request | Websocket
    if has_request_context():
        carrier = request
    elif has_websocket_context():
        carrier = websocket
    else:
        return load().source
    if not hasattr(g, "language"):
        g.language = _asked_for(carrier, languages())
    return cast(Language, g.language)


def _asked_for(carrier: Request | Websocket, known: Languages) -> Language:
    named = known.get(carrier.args.get(PARAMETER)) or known.get(carrier.cookies.get(COOKIE))
    if named is not None:
        return named
    # By quality; whoever likes Canadian French best likes ours more than English, which comes behind it.
    liked = (tag.partition("-")[0].lower() for tag, quality in carrier.accept_languages if quality > 0)
    return next(filter(None, map(known.get, liked)), known.source)


def by_address() -> str | None:
    """The language that the address of this request names, if it does; links then lead on in it."""
    if not has_request_context():
        return None
    named = request.args.get(PARAMETER)
    return named if languages().get(named) else None


def said(text: str) -> str:
    """A text in the language of whoever is asking; one that was made without `say` stays as it is."""
    if not isinstance(text, Worded):
        return text
    template = _template(text)
    if not text.parts:
        return template.replace("%%", "%")
    return template % {name: _part(part) for name, part in text.parts.items()}


def _template(text: Worded) -> str:
    """In the language of whoever is asking. A catalogue's text for the empty one is its own header."""
    texts = language().texts
    if text.many is not None:
        return texts.ngettext(text.template, text.many, text.number)
    return texts.gettext(text.template) if text.template else ""


def _part(part: Any) -> Any:
    if isinstance(part, Figure):
        return format_decimal(int(part), locale=language().locale)
    return said(part) if isinstance(part, str) else part


def spoken(value: Any) -> Any:
    """What msgspec asks about values that it does not know (`enc_hook`): worded texts are said."""
    if isinstance(value, Worded):
        return said(value)
    raise NotImplementedError(f"{type(value).__name__} cannot be encoded")


def gettext(text: str) -> str:
    return language().texts.gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    return language().texts.ngettext(one, many, number)
