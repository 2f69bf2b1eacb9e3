"""What officers are told of a tally that was sent: how it stands, what was decided on it, what came since.

`static/words.js` says the same where the entry goes on without the server.
"""

from models.canvass import Decision
from models.entries import KeptTally, SentTally, Stand
from models.lifecycles import TallyStatus
from models.wording import say
from quart_app.languages import said
from quart_app.pages.marks import isolated

NOT_SENT = "none"

STANDS = {
    NOT_SENT: say("Not sent yet"),
    Stand.SENT: say("Sent"),
    Stand.HELD: say("Held for review"),
    Stand.WAITING: say("Your entry waits for the other person's"),
    Stand.SECOND: say("Waits for a second entry: enter it"),
    Stand.AGAIN: say("A reviewer asks for it again"),
    Stand.REJECTED: say("Rejected by a reviewer"),
    Stand.RECALLED: say("Taken out of the count"),
    Stand.RESOLVED: say("Decided by a reviewer, and counted"),
}

_DECIDED = {
    Stand.AGAIN: say("A reviewer asks you to enter this again: %(reason)s"),
    Stand.REJECTED: say("A reviewer has rejected it: %(reason)s"),
    Stand.RECALLED: say("It was taken out of the count: %(reason)s"),
    Stand.RESOLVED: say("A reviewer has decided which figures hold: %(reason)s"),
}
_ACCEPTED = say("A reviewer has accepted it: %(reason)s")

_EQUAL = say("The other person's entry is equal and has taken the place of this one.")
_DIFFERS = say("The other person's entry differs from this one: both are held for review.")
_LATER = say("A later revision has taken the place of this one.")


def decided_words(sent: SentTally, username: str) -> str:
    """What a reviewer decided on the newest revision, with the reason; empty where nothing was."""
    words = _DECIDED.get(sent.stand_for(username))
    if words is None and sent.status == TallyStatus.ACCEPTED and sent.decision == Decision.ACCEPT:
        words = _ACCEPTED
    return said(words % {"reason": isolated(sent.decision_reason)}) if words else ""


def since_words(kept: KeptTally, newest: SentTally) -> str:
    """What became of a tally after its receipt was given; empty where it stands as it did."""
    waited = kept.entry.status == TallyStatus.AWAITING
    if kept.status == TallyStatus.SUPERSEDED:
        return said(_EQUAL if waited and newest.revision == kept.entry.revision else _LATER)
    if kept.status == TallyStatus.QUARANTINED and waited:
        return said(_DIFFERS)
    return ""
