"""What templates know of languages: `_()`, `{% trans %}`, worded texts, and links that keep the language."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import pass_context
from jinja2.runtime import Context
from quart import Quart, request

from models.wording import Worded
from quart_app.languages.asked import PARAMETER, by_address, gettext, language, languages, ngettext, said
from quart_app.languages.catalogues import load


def install_languages(app: Quart) -> None:
    """Call it before the first template is compiled."""
    app.extensions["tallystream.languages"] = load()
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    known = environment.globals
    known["gettext"] = known["_"] = _saying_parts(known["gettext"])
    known["ngettext"] = _saying_parts(known["ngettext"])
    environment.policies["ext.i18n.trimmed"] = True
    environment.finalize = _finalized
    environment.globals.update(
        to=to,
        language=language,
        languages=languages,
        this_page=this_page,
        alternates=alternates,
        by_address=by_address,
    )


def _finalized(value: Any) -> Any:
    """Every worded text is said in the reader's language wherever a template writes it."""
    return said(value) if isinstance(value, Worded) else value


def _saying_parts(worded: Any) -> Callable[..., Any]:
    """A worded text within another one is said too."""

    @pass_context
    def complete(context: Context, *texts: Any, **parts: Any) -> Any:
        return worded(context, *texts, **{name: _finalized(part) for name, part in parts.items()})

    return complete


def to(path: str, **query: str) -> str:
    """A link on this site. Where the address of this page names the language, the link names it too."""
    named = by_address()
    parts = urlsplit(path)
    asked = urlencode({**query, **({PARAMETER: named} if named else {})})
    together = "&".join(part for part in (parts.query, asked) if part)
    return parts._replace(query=together).geturl()


def this_page() -> str:
    """Where this page is on this site, with all that is asked of it but the language."""
    asked = urlencode(_asked())
    return f"{request.path}?{asked}" if asked else request.path


def alternates() -> dict[str, str]:
    """The whole address of this page in every language, by its code."""
    whole = request.host_url.rstrip("/") + request.path
    return {one.code: f"{whole}?{urlencode([*_asked(), (PARAMETER, one.code)])}" for one in languages()}


def _asked() -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.args.items(multi=True) if name != PARAMETER]
