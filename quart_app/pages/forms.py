"""Forms of pages: read by WTForms, safe from other sites, and told what a service refuses.

The CSRF token of a form stands in Quart's own session, a cookie that nothing else needs.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from quart import Blueprint, Quart, Response, session
from quart_wtf import CSRFError, CSRFProtect, QuartForm
from quart_wtf.meta import QuartFormMeta

from models.errors import DomainError, FieldError
from models.reading import read_struct
from models.wording import say
from quart_app.errors import Problem, problem_of, problem_response
from quart_app.languages import said
from quart_app.pages.form_words import FormWords

T = TypeVar("T", bound=msgspec.Struct)

BAD_FORM = "form-not-known"
_REMEDY = say(
    "This form was not sent from a page that this site gave to your browser, so nothing was changed. "
    "Go back, load the page again and send the form once more; the browser must keep cookies."
)


class PageForm(QuartForm):
    """A form of a page. What WTForms finds, and what a service refuses, is shown at the same places."""

    class Meta(QuartFormMeta):
        def get_translations(self, form: QuartForm) -> FormWords:
            return FormWords()

    _refused_with = 422
    retry_after: int | None = None
    """Seconds after which the same form may be taken."""

    @property
    def status(self) -> int:
        """That of the answer which shows the form."""
        return self._refused_with if self.errors else 200

    def read(self, kind: type[T], **others: Any) -> T:
        """What the form says as a `kind`, out of the fields of the same names; empty ones say nothing.

        Programs are held to the same bounds. Raises Invalid.
        """
        said = {
            field.encode_name: self[field.encode_name].data
            for field in msgspec.structs.fields(kind)
            if field.encode_name in self.data and self[field.encode_name].data not in (None, "")
        }
        return read_struct(said | others, kind, strict=False)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """What is refused within is shown with the form, which the view then answers with."""
        try:
            yield
        except DomainError as error:
            self.refuse(error)

    def refuse(self, error: DomainError) -> None:
        """Puts each fault beside its field, the others above all."""
        problem = problem_of(error)
        self._refused_with, self.retry_after = problem.status, problem.retry_after
        for fault in error.errors:
            whole = fault.field.partition("[")[0]
            name = whole if whole in self._fields else whole.partition(".")[0]
            if name in self._fields and name in self.data:
                field = self[name]
                field.errors = [*field.errors, _sentence(said(fault.message))]
            else:
                self.form_errors.append(_sentence(said(_with_field(fault))))
        if not error.errors:
            self.form_errors.append(said(error.title))


def _with_field(fault: FieldError) -> str:
    if not fault.field:
        return fault.message
    return say("%(field)s: %(fault)s", field=fault.field, fault=fault.message)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?", "!", "؟")) else ".")


def install_forms(app: Quart, programs: Iterable[Blueprint]) -> None:
    """Every post to a page carries its token. Call it when it is already decided who may enter.

    `programs` are for programs, which have no such token: there a browser's session is taken only from
    our own pages (`quart_app/auth.py`).
    """
    # A form may lie open for as long as its session lasts.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    # Browsers that send no Referer are welcome; the cookie's prefix already keeps other hosts out.
    app.config["WTF_CSRF_SSL_STRICT"] = False
    protection = CSRFProtect(app)
    for blueprint in programs:
        protection.exempt(blueprint)

    @app.errorhandler(CSRFError)
    async def not_from_here(error: CSRFError) -> Response:
        return problem_response(Problem(status=400, code=BAD_FORM, title=_REMEDY))


def forget_token() -> None:
    """Whoever signs in or out goes on with forms of their own."""
    session.pop("csrf_token", None)


def local(address: str | None, otherwise: str = "/account") -> str:
    """An address on this site, as a path with its query; anything else becomes `otherwise`."""
    if not address or not address.startswith("/") or address.startswith("//"):
        return otherwise
    # Browsers read a backslash as a slash and leave out control characters.
    if "\\" in address or not address.isprintable():
        return otherwise
    parts = urlsplit(address)
    return otherwise if parts.scheme or parts.netloc else address
