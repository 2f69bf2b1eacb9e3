"""What pages put around data within texts: names that nobody translates, codes, and moments.

A name may run the other way than the text it stands in, so each is isolated.
"""

import datetime
from collections.abc import Sequence
from functools import reduce

from markupsafe import Markup

from quart_app.languages import gettext, ngettext, said
from quart_app.languages.figures import figure, utc

_NAME = Markup('<bdi translate="no">{}</bdi>')
_CODE = Markup('<code translate="no" dir="auto">{}</code>')
_TIME = Markup('<time datetime="{}" dir="auto">{}</time>')


def named(name: object) -> Markup:
    """Data as it stands alone or within a text: a name, an address, what somebody typed."""
    return _NAME.format(name)


def isolated(name: str) -> str:
    """A name within plain text that may run in another direction (U+2068, U+2069)."""
    return f"\u2068{name}\u2069"


def coded(code: object) -> Markup:
    """What is to be typed or copied exactly so."""
    return _CODE.format(code)


def stamp(at: datetime.datetime) -> Markup:
    """Date and time in UTC, for programs too."""
    return _TIME.format(at.isoformat(), utc(at))


def few(names: Sequence[str], most: int = 3) -> Markup:
    """The first of some names, and how many more there are."""
    shown = reduce(together, map(named, names[:most]))
    more = len(names) - most
    if more <= 0:
        return shown
    text = ngettext("%(names)s and %(count)s more", "%(names)s and %(count)s more", more)
    return Markup(text) % {"names": shown, "count": figure(more)}


def together(before: str, last: str) -> Markup:
    """One more thing behind others."""
    return Markup(gettext("%(before)s, %(last)s")) % {"before": before, "last": last}


def capital(text: str) -> str:
    """A text that stands alone, though its words could stand within a sentence."""
    words = said(text)
    return words[:1].upper() + words[1:]
