"""Codes: the short names that stand in addresses, messages and exports.

A code is lower-case ASCII letters, digits and single hyphens: `U.S. House 12` becomes `u-s-house-12`.
"""

import hashlib
import re
import unicodedata

CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
"""What no name holds, as part of a class of a pattern: control characters, breaks of lines, and what turns
the direction of writing, by which figures that stand behind a name could be read the other way round."""
MAX_CODE = 100
"""Longest code that a tally may name; the same bound as `models.submissions.Code`."""

_MAX_BASE = 80
_MAX_PARTY = 12
_MAX_REF = 64

_SEPARATORS = re.compile(r"[^a-z0-9]+")

# Letters that Unicode does not take apart into a base letter and a mark.
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def make_code(text: str) -> str:
    """The code of `text`; an empty string where it holds no letter or digit that ASCII can spell."""
    spelled = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(letter for letter in spelled if not unicodedata.combining(letter))
    return _SEPARATORS.sub("-", plain).strip("-")


class CodeBook:
    """Gives each thing of one set a code of its own, in the order in which they come."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, text: str, *, party: str = "", otherwise: str = "unnamed") -> str:
        """The code of `text`, or `otherwise` where it has none.

        A collision adds the party, then a number.
        """
        base = (make_code(text) or otherwise)[:_MAX_BASE].strip("-")
        code = base
        suffix = make_code(party)[:_MAX_PARTY].strip("-")
        if code in self._given and suffix:
            code = base = f"{base}-{suffix}"
        number = 1
        while code in self._given:
            number += 1
            code = f"{base}-{number}"
        self._given.add(code)
        return code


def tally_ref(contest: str, precinct: str, attempt: int = 1) -> str:
    """A sender's key for a precinct's tally of a contest: the same for the same three, and never above 64."""
    ref = f"{contest}/{precinct}" if attempt == 1 else f"{contest}/{precinct}/{attempt}"
    if len(ref) <= _MAX_REF:
        return ref
    digest = hashlib.sha256(ref.encode()).hexdigest()[:20]
    return f"{ref[: _MAX_REF - 21]}~{digest}"
