"""Texts for people that can be said in another language later (pure).

`say` makes the English text at once, so that logs and commands read as they always did, and the text
remembers what it was made of. Whoever stands before a person says it in that person's language
(`quart_app/languages`); here nobody knows which that is.
"""

from typing import Any


class Figure(int):
    """A number as people read it, in groups of three: a part of a text, written `%(name)s`."""

    def __str__(self) -> str:
        return format(int(self), ",")


class Worded(str):
    """An English text with the template and the parts that it was made of."""

    __slots__ = ("parts", "template")

    template: str
    parts: dict[str, Any]

    def __mod__(self, parts: Any) -> "Worded":
        """Fills in more parts, as WTForms does with its messages; the text still remembers them."""
        return say(self.template, **{**self.parts, **parts})


def say(template: str, /, **parts: Any) -> Worded:
    """A text out of a template with named places, `%(name)s`; a part may be a Worded text itself.

    A number that names something (a revision, an entry) is a plain int; one that counts is a Figure.
    The template is what translators see, so write it as a literal, where extraction finds it. A per cent
    sign in it is written twice.
    """
    text = Worded(template % parts if parts else template.replace("%%", "%"))
    text.template = template
    text.parts = parts
    return text
