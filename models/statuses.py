"""What a status is called within a sentence: its code where people read English (pure)."""

from models.wording import say

# Translators: these stand in sentences such as “The election 'x' is open; …”.
_ELECTION = {
    "draft": say("draft"),
    "open": say("open"),
    "closed": say("closed"),
    "certified": say("certified"),
    "correction": say("correction"),
}
# Translators: these stand in sentences such as “The candidate 'x' is rejected; …”.
_CANDIDATE = {
    "filed": say("filed"),
    "qualified": say("qualified"),
    "rejected": say("rejected"),
    "withdrawn": say("withdrawn"),
}
# Translators: these stand in sentences such as “The complaint 17 is upheld; …”.
_COMPLAINT = {
    "filed": say("filed"),
    "under_review": say("under review"),
    "upheld": say("upheld"),
    "dismissed": say("dismissed"),
    "withdrawn": say("withdrawn"),
}
# Translators: these stand in “The publication of results is released and cannot become released; …”.
_RELEASE = {"released": say("released"), "withheld": say("withheld")}
# Translators: these stand in sentences such as “This tally is accepted by now; …”.
_TALLY = {
    "awaiting_second_entry": say("waiting for its second entry"),
    "accepted": say("accepted"),
    "quarantined": say("quarantined"),
    "superseded": say("superseded"),
    "recalled": say("recalled"),
}
_WORDS = _ELECTION | _CANDIDATE | _TALLY | _COMPLAINT | _RELEASE


def status_word(status: str) -> str:
    return _WORDS.get(status, status)
