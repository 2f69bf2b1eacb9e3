"""Texts for people that can be said in another language later (pure).

`say` makes the English text at once, so that logs and commands read as they always did, and the text
remembers what it was made of. Whoever stands before a person says it in that person's language
(`quart_app/languages`); here nobody knows which that is.
"""

from collections.abc import Iterable
from functools import reduce
from typing import Any


class Figure(int):
    """A number as people read it, in groups of three: a part of a text, written `%(name)s`."""

    def __str__(self) -> str:
        return format(int(self), ",")


class Worded(str):
    """An English text with the template and the parts that it was made of.

    Where a number decides which template it is, `many` is that for several and `number` the number.
    """

    __slots__ = ("many", "number", "parts", "template")

    template: str
    many: str | None
    number: int
    parts: dict[str, Any]

    def __mod__(self, parts: Any) -> "Worded":
        """Fills in more parts, as WTForms does with its messages; the text still remembers them."""
        return _worded(self.template, self.many, self.number, {**self.parts, **parts})


def say(template: str, /, **parts: Any) -> Worded:
    """A text out of a template with named places, `%(name)s`; a part may be a Worded text itself.

    A number that names something (a revision, an entry) is a plain int; one that counts is a Figure.
    The template is what translators see, so write it as a literal, where extraction finds it. A per cent
    sign in it is written twice.
    """
    return _worded(template, None, 0, parts)


def say_many(one: str, many: str, number: int, /, **parts: Any) -> Worded:
    """Like `say`, with the template that fits the number, which is the part `number` too."""
    return _worded(one, many, number, {"number": Figure(number), **parts})


def listed(items: Iterable[str]) -> str:
    """`this, that, other`: each of them may be Worded, and so is the comma. Empty where there is none."""
    listing = iter(items)
    return reduce(
        lambda before, last: say("%(before)s, %(last)s", before=before, last=last), listing, next(listing, "")
    )


def either(items: Iterable[str]) -> str:
    """`this or that`, like `listed`."""
    choices = iter(items)
    return reduce(
        lambda one, other: say("%(one)s or %(other)s", one=one, other=other), choices, next(choices, "")
    )


def _worded(one: str, many: str | None, number: int, parts: dict[str, Any]) -> Worded:
    template = one if many is None or number == 1 else many
    text = Worded(template % parts if parts else template.replace("%%", "%"))
    text.template, text.many, text.number, text.parts = one, many, number, parts
    return text
