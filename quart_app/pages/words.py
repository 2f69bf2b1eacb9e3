"""What pages call states and moves. `static/figures.js` calls what changes while a page is open the same."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from models.check_settings import DOUBLE_ENTRY, CheckName
from models.checks import FailedCheck
from models.complaints import CATEGORY_WORDS
from models.complaints import STANDING_WORDS as COMPLAINANT_WORDS
from models.results import ContestResults, write_ins_share
from models.rights import role_word
from models.wording import Figure, listed, say, say_many
from quart_app.languages import said
from quart_app.languages.figures import day, figure, fine_percent, moment, percent, utc, whole_percent
from quart_app.pages.entry_words import STANDS, decided_words, since_words
from quart_app.pages.headlines import headline
from quart_app.pages.marks import capital, coded, few, isolated, named, stamp
from quart_app.pages.outlooks import is_to_be_recounted, outlook_words

ELECTION_WORDS = {
    "draft": say("Not open yet"),
    "open": say("Counting"),
    "closed": say("Closed"),
    "certified": say("Certified"),
    "correction": say("Being corrected"),
}
STATUS_WORDS = {
    "pre-election": say("Not begun"),
    "unofficial-partial": say("Unofficial, partial"),
    "unofficial-complete": say("Unofficial, complete"),
    "certified": say("Certified"),
    "correction": say("Being corrected"),
    "recount": say("Recount"),
}
VARIATION_WORDS = {
    "approval": say("Approval: as many choices as one likes"),
    "borda": say("Borda: points by rank"),
    "cumulative": say("Cumulative: several votes may go to one choice"),
    "majority": say("Majority: more than half is needed"),
    "n-of-m": say("Several choices of one's own"),
    "other": say("Another way"),
    "plurality": say("Plurality: the most votes win"),
    "proportional": say("Proportional: seats by share"),
    "range": say("Range: a score for each choice"),
    "rcv": say("Ranked choice"),
    "super-majority": say("Qualified majority"),
}

STANDING_WORDS = {"leads": say("Leads"), "tied": say("Tied"), "elected": say("Elected")}

_BROWSERS = (
    ("Firefox/", "Firefox"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Chrom", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)

ORDER_WORDS = {
    "given": say("As they were entered"),
    "alphabetical": say("By last name, or by name"),
    "lot": say("By lot, from the election's seed"),
}
CANDIDATE_WORDS = {
    "filed": say("Waiting to be decided on"),
    "qualified": say("Qualified"),
    "rejected": say("Rejected"),
    "withdrawn": say("Withdrawn"),
}
# What a decision on a filing is called, and the same one on several.
DECISION_WORDS = {
    "qualify": (say("Qualify"), say("Qualify those chosen")),
    "reject": (say("Reject"), say("Reject those chosen")),
    "withdraw": (say("Withdraw"), say("Withdraw those chosen")),
}
# What a move is called, and what comes of it.
MOVE_WORDS = {
    "open": (
        say("Open the election"),
        say("From then on officers send tallies. What stands on the ballots is settled for good."),
    ),
    "close": (say("Close the election"), say("No tally is taken any more.")),
    "certify": (say("Certify the results"), say("They are final then; only a correction can change them.")),
    "correct": (
        say("Correct what was certified"),
        say("Tallies are taken again, and everybody reads that the results are being corrected, and why."),
    ),
    "release": (
        say("Release the results"),
        say("Everybody sees the figures then, and every change at once."),
    ),
    "withhold": (say("Withhold the results"), say("Everybody sees only how many precincts have reported.")),
}


# The log keeps a check's message in English for ever, and of these only the message says what its figures
# are of.
_CHECKS_BY_MESSAGE = (
    (
        re.compile(r".* but (?P<ballots>\d+) ballots with (?P<allowed>\d+) vote\(s\) each make \d+"),
        say(
            "votes, write-ins, overvotes and undervotes add up to %(found)s, "
            "but the ballots cast (%(ballots)s) times the votes on each (%(allowed)s) make %(expected)s"
        ),
    ),
    (
        re.compile(r"\d+ ballots cast, but only \d+ registered voters"),
        say("%(found)s ballots cast, but only %(expected)s registered voters"),
    ),
    (
        re.compile(r"\d+ votes for (?P<selection>.*), but only \d+ ballots cast", re.DOTALL),
        say("%(found)s votes for %(selection)s, but only %(expected)s ballots cast"),
    ),
)
_CHECKS: dict[str, str] = {
    CheckName.SAME_BALLOTS: say("%(found)s ballots cast, but %(expected)s in the precinct's other contests"),
    CheckName.ALL_ZERO: say("every count is zero, but there are %(expected)s registered voters"),
    CheckName.DUPLICATE_VECTOR: say(
        "all figures, with %(found)s votes, are identical with those of the precinct %(about)s"
    ),
}
_OUTLYING_TURNOUT = say("a turnout of %(found)s, but %(expected)s on average in the precincts around")
_OUTLYING_SHARE = say(
    "a share of %(found)s for %(about)s, but %(expected)s on average in the precincts around"
)


def check_words(check: FailedCheck, names: Mapping[str, str] | None = None) -> str:
    """What a failed check found, as a clause, in the language of whoever reads it.

    `names` are those of the contest's selections; without them selections are told by their codes.
    """
    parts: dict[str, Any] = {"found": Figure(check.found), "expected": Figure(check.expected)}
    about = (names or {}).get(check.about, check.about)
    if check.check == CheckName.OUTLIER:
        return _outlier_words(check, about)
    if check.check == DOUBLE_ENTRY:
        return said(
            say_many(
                "%(number)s figure differs between the two entries",
                "%(number)s figures differ between the two entries",
                check.found,
            )
        )
    if words := _CHECKS.get(check.check):
        return said(words % {**parts, "about": isolated(check.about)})
    if check.check == CheckName.CEILING and names and check.about in names:
        parts["selection"] = isolated(about)
    for pattern, words in _CHECKS_BY_MESSAGE:
        if match := pattern.fullmatch(check.message):
            named = {name: Figure(it) if it.isdigit() else it for name, it in match.groupdict().items()}
            return said(words % {**named, **parts})
    return check.message


def _outlier_words(check: FailedCheck, about: str) -> str:
    words = _OUTLYING_SHARE if about else _OUTLYING_TURNOUT
    shares = {"found": percent(check.found / 1000), "expected": percent(check.expected / 1000)}
    return said(words % {**shares, "about": isolated(about)})


def browser(agent: str) -> str:
    """`Firefox on Linux`, of what a browser says of itself; the first name that fits is the most honest."""
    name = next((word for mark, word in _BROWSERS if mark in agent), None)
    system = next((word for mark, word in _SYSTEMS if mark in agent), None)
    if name and system:
        return say("%(browser)s on %(system)s", browser=name, system=system)
    return name or say("A browser")


def roles_listed(roles: Iterable[str]) -> str:
    """Roles as the part of a text."""
    return said(listed(map(role_word, roles)))


def overall(contests: Iterable[ContestResults]) -> str:
    """The status of a whole election in words: certified when all are, partial while one is."""
    found = {contest.status for contest in contests}
    for status in ("correction", "recount", "unofficial-partial", "unofficial-complete", "pre-election"):
        if status in found:
            return STATUS_WORDS[status]
    return STATUS_WORDS["certified" if found else "pre-election"]


FILTERS: dict[str, Callable[..., Any]] = {
    "figure": figure,
    "percent": percent,
    "whole_percent": whole_percent,
    "fine_percent": fine_percent,
    "write_ins_share": write_ins_share,
    "headline": headline,
    "outlook_words": outlook_words,
    "to_be_recounted": is_to_be_recounted,
    "moment": moment,
    "utc": utc,
    "day": day,
    "tr": said,
    "browser": browser,
    "check_words": check_words,
    "status_words": STATUS_WORDS.__getitem__,
    "standing_words": STANDING_WORDS.__getitem__,
    "election_words": ELECTION_WORDS.__getitem__,
    "move_words": MOVE_WORDS.__getitem__,
    "candidate_words": CANDIDATE_WORDS.__getitem__,
    "decision_words": DECISION_WORDS.__getitem__,
    "order_words": ORDER_WORDS.__getitem__,
    "role_words": role_word,
    "category_words": CATEGORY_WORDS.__getitem__,
    "complainant_words": COMPLAINANT_WORDS.__getitem__,
    "named": named,
    "coded": coded,
    "stamp": stamp,
    "roles_listed": roles_listed,
    "few": few,
    "capital": capital,
    "stand_words": STANDS.__getitem__,
    "decided_words": decided_words,
    "since_words": since_words,
}
