"""How texts of one kind are written, as patterns for programs and in words for people (pure)."""

from models.codes import CONTROLS
from models.wording import Worded, say

# `$` alone would also take a line feed behind the last letter.
_END = r"$(?!\n)"

CODE = rf"^[a-z0-9]+(-[a-z0-9]+)*{_END}"
DOTTED_CODE = rf"^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*{_END}"
USERNAME = rf"^[a-z0-9][a-z0-9._-]*{_END}"
UNIT_PATH = rf"^[^/\x00]+/[^/\x00]+{_END}"
ASCII = rf"^[!-~]([ -~]*[!-~])?{_END}"
LINE = rf"^[^{CONTROLS}]*[^ {CONTROLS}][^{CONTROLS}]*{_END}"
PERSON_NAME = rf"^[^\s{CONTROLS}][^{CONTROLS}]*{_END}"
SEEN = rf"^[^\x00]*[^\x00\s][^\x00]*{_END}"
"""Text with something to be seen in it, in as many lines as one likes."""
NO_NUL = r"^[^\x00]*$"
EMAIL = rf"^([^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+)?{_END}"
"""Or empty, like the next one."""
TELEPHONE = rf"^[0-9 +()./-]*{_END}"
COLOUR = r"^#[0-9a-f]{6}$"

WORDS: dict[str, Worded] = {
    CODE: say("must be written in lower-case letters and digits, with single hyphens between them"),
    DOTTED_CODE: say(
        "must be written in letters and digits, with single dots, hyphens or underscores between them"
    ),
    USERNAME: say("must be written in lower-case letters, digits, dots, hyphens and underscores"),
    UNIT_PATH: say("must be written as ELECTION/UNIT"),
    ASCII: say("must be written in letters, digits and signs of ASCII, without a space at its ends"),
    LINE: say("must be one line with something to be seen in it, and without control characters"),
    PERSON_NAME: say("must be one line that does not begin with a space, and without control characters"),
    SEEN: say("must have something to be seen in it"),
    NO_NUL: say("holds a NUL character (U+0000); leave it out"),
    EMAIL: say("must be written as name@example.org"),
    TELEPHONE: say("must be written in digits, spaces and + ( ) . / - only"),
    COLOUR: say("must be written as # and six digits from 0 to f, such as #1266a8"),
}
"""What a text that does not fit is told."""
