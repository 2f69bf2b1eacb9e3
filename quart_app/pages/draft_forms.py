"""The parts that forms of a draft share."""

from models.wording import say
from quart_app.pages.fields import code, edition
from quart_app.pages.forms import PageForm


class CodeForm(PageForm):
    """Of a new thing, before its other fields."""

    code = code(say("Code"))


class RemoveForm(PageForm):
    """A button; what it removes is held against the edition that was read."""

    edition = edition()
