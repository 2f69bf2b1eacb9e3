"""What the page of the log calls entries: what happened to the election, to a tally, and how that stood."""

from models.wording import say

# What an entry about the election itself is called.
CHANGES = {
    "created": say("The election is defined"),
    "edited": say("The election is edited"),
    "canvass-set": say("How tallies are checked, entered or counted again is set anew"),
    "recount-ordered": say("A recount is ordered: the contest is counted again"),
    "recount-ended": say("The recount is over: what is counted now holds"),
    "opened": say("The election is opened: tallies are taken"),
    "closed": say("The election is closed: no tally is taken any more"),
    "released": say("Results are released: everybody sees the figures"),
    "withheld": say("Results are withheld: nobody sees figures until they are released"),
    "certified": say("The results are certified"),
    "correcting": say("What was certified is being corrected"),
}
# How a tally stood when it was recorded.
STATUSES = {
    "accepted": say("Counted"),
    "quarantined": say("Held for review"),
    "awaiting_second_entry": say("Awaiting second entry"),
}
# What was decided on a tally that came before.
DECISIONS = {
    "accept": say("Accepted: the tally counts from here on"),
    "reject": say("Rejected: the tally is not counted"),
    "ask-again": say("Asked again: the officer is to enter the tally anew"),
    "ask-recall": say("A recall is asked for: a second person decides on it"),
    "recall": say("Recalled: the tally counts no more"),
    "refuse-recall": say("The recall is refused: the tally goes on counting"),
}
# What stands of an entry that may not be read yet.
WITHHELD = {
    "tally": say("A tally; its figures are withheld."),
    "decision": say("A decision on a tally; it is withheld."),
    "certificate": say("A certificate; its figures are withheld."),
}
CONCEALED = say("A first entry; its figures are hidden until the second person has entered the tally too.")
