"""What the reviewers' desk calls decisions, checks and how tallies stand."""

import datetime
from typing import Literal

from babel.dates import format_timedelta

from models.canvass import Decision
from models.check_settings import CHECKS, DOUBLE_ENTRY
from models.lifecycles import TallyStatus
from models.wording import Worded, say
from quart_app.languages import gettext, language

CHECK_LABELS: dict[str, str] = {
    **{str(kind.name): kind.label for kind in CHECKS.values()},
    DOUBLE_ENTRY: say("Two entries differ"),
}

STATUSES: dict[str, Worded] = {
    TallyStatus.ACCEPTED: say("Counted"),
    TallyStatus.QUARANTINED: say("Held for review"),
    TallyStatus.REJECTED: say("Rejected"),
    TallyStatus.SUPERSEDED: say("Replaced"),
    TallyStatus.RECALLED: say("Recalled"),
    TallyStatus.AWAITING: say("Waits for its second entry"),
}

CHANNELS: dict[str, Worded] = {
    "web": say("in a browser"),
    "ws": say("with a program"),
    "http": say("with a program"),
    "review": say("at this desk"),
}

# What was decided, as the history of a tally says it.
DECIDED: dict[Decision, Worded] = {
    Decision.ACCEPT: say("Accepted"),
    Decision.REJECT: say("Rejected"),
    Decision.ASK_AGAIN: say("Asked for again"),
    Decision.RESOLVE: say("Figures decided on"),
    Decision.ASK_RECALL: say("Recall asked for"),
    Decision.RECALL: say("Recalled"),
    Decision.REFUSE_RECALL: say("Recall refused"),
}

# What the page says once, when it was decided.
NOTICES: dict[Decision, Worded] = {
    Decision.ACCEPT: say("Accepted: the tally is counted."),
    Decision.REJECT: say("Rejected: the tally is never counted."),
    Decision.ASK_AGAIN: say("The officer is asked to enter it again. It waits until then."),
    Decision.RESOLVE: say("Decided: the figures that you gave are counted."),
    Decision.ASK_RECALL: say("The recall is asked for. It goes on counting until a second person approves."),
    Decision.RECALL: say("Recalled: the tally counts no more."),
    Decision.REFUSE_RECALL: say("The tally goes on counting."),
}

# In which unit a time is told that is at least so long.
_UNITS: tuple[tuple[datetime.timedelta, Literal["day", "hour", "minute"], datetime.timedelta], ...] = (
    (datetime.timedelta(days=2), "day", datetime.timedelta(days=1)),
    (datetime.timedelta(hours=1), "hour", datetime.timedelta(hours=1)),
    (datetime.timedelta(), "minute", datetime.timedelta(minutes=1)),
)
# babel goes on to a larger unit from so many on: never.
_NEVER = 1_000_000


def waited(since: datetime.datetime, now: datetime.datetime) -> str:
    """For how long something waits, in whole minutes, hours or days. `static/review.js` says the same."""
    passed = now - since
    if passed < datetime.timedelta(minutes=1):
        return gettext("less than a minute")
    name, unit = next((name, unit) for least, name, unit in _UNITS if passed >= least)
    whole = passed // unit * unit
    return str(format_timedelta(whole, name, threshold=_NEVER, locale=language().locale))
