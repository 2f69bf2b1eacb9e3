"""What the pages of complaints call categories, standings, files and steps."""

from models.complaints import Action, ComplaintChange, Media
from models.wording import Worded, say

# What the form offers.
CATEGORIES: dict[str, Worded] = {
    "polling": say("Voting: opening hours, ballots, secrecy"),
    "counting": say("Counting: how ballots were counted or kept"),
    "results": say("Results: figures that cannot be right"),
    "access": say("Access: somebody could not get in or vote"),
    "conduct": say("Conduct: pressure, threats, advertising at the polls"),
    "other": say("Something else"),
}
STANDINGS: dict[str, Worded] = {
    "voter": say("A voter"),
    "observer": say("An observer"),
    "agent": say("The agent of a party"),
    "candidate": say("A candidate"),
    "other": say("Somebody else"),
}

MEDIA: dict[Media, Worded] = {
    "image/jpeg": say("JPEG picture"),
    "image/png": say("PNG picture"),
    "image/webp": say("WebP picture"),
    "application/pdf": say("PDF"),
}

# What happened to one, in its history.
STEPS: dict[Action, Worded] = {
    "filed": say("Complaint filed"),
    "assigned": say("Assigned"),
    "due": say("To be decided by"),
    "noted": say("Note"),
    "under_review": say("Complaint under review"),
    "upheld": say("Complaint upheld"),
    "dismissed": say("Complaint dismissed"),
    "withdrawn": say("Complaint withdrawn"),
}

# What the page says once, when it was done.
NOTICES: dict[ComplaintChange, Worded] = {
    "review": say("You have begun to look into the complaint."),
    "uphold": say("The complaint is upheld. Everybody can read the outcome."),
    "dismiss": say("The complaint is dismissed. Everybody can read the outcome."),
}

PILLS: dict[str, str] = {"filed": "warn", "under_review": "warn", "upheld": "good"}
"""How a status is drawn, where it is not plain."""
