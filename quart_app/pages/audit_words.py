"""What the page of the audit trail calls actions, fields and values; the trail itself keeps codes."""

import datetime
from collections.abc import Mapping
from functools import reduce
from typing import Any

import msgspec
from markupsafe import Markup

from models.complaints import CATEGORY_WORDS
from models.lifecycles import CandidateStatus, ComplaintStatus, ElectionStatus, TallyStatus
from models.members import AuditRecord
from models.rights import ROLES, role_word
from models.statuses import status_word
from models.wording import say
from quart_app.languages import gettext, said
from quart_app.pages.marks import coded, named, stamp, together
from quart_app.pages.words import ORDER_WORDS, VARIATION_WORDS

AUDIT_WORDS = {
    "candidate-changed": say("Candidate changed"),
    "candidate-filed": say("Candidate filed"),
    "candidate-qualified": say("Candidate qualified"),
    "candidate-rejected": say("Candidate rejected"),
    "candidate-withdrawn": say("Candidate withdrawn"),
    "candidates-filed": say("Candidates filed"),
    "complaint-assigned": say("Complaint assigned"),
    "complaint-attachment-read": say("Attachment of a complaint read"),
    "complaint-dismissed": say("Complaint dismissed"),
    "complaint-filed": say("Complaint filed"),
    "complaint-noted": say("Note on a complaint"),
    "complaint-under-review": say("Complaint under review"),
    "complaint-upheld": say("Complaint upheld"),
    "complaint-withdrawn": say("Complaint withdrawn"),
    "complaints-exported": say("Complaints exported"),
    "canvass-set": say("Checks and recounts set"),
    "certificate-signed": say("Certificate signed"),
    "certification-asked": say("Certification asked for"),
    "certification-lapsed": say("Certification lapsed: the totals had changed"),
    "certification-taken-back": say("Certification taken back"),
    "contest-added": say("Contest added"),
    "contest-changed": say("Contest changed"),
    "contest-removed": say("Contest removed"),
    "election-changed": say("Election changed"),
    "election-defined": say("Election defined"),
    "election-moved": say("Election moved along"),
    "member-added": say("Member added"),
    "member-changed": say("Member changed"),
    "party-added": say("Party added"),
    "party-changed": say("Party changed"),
    "party-removed": say("Party removed"),
    "pass-given": say("Pass given"),
    "pass-taken-back": say("Pass taken back"),
    "password-changed": say("Password changed"),
    "personal-data-resealed": say("Personal data sealed anew"),
    "recall-asked": say("Recall asked for"),
    "recall-refused": say("Recall refused"),
    "recount-ended": say("Recount ended"),
    "recount-ordered": say("Recount ordered"),
    "reset-issued": say("One-time token issued"),
    "selection-added": say("Selection added"),
    "selection-changed": say("Selection changed"),
    "selection-removed": say("Selection removed"),
    "session-ended": say("Session ended"),
    "shapes-imported": say("Shapes imported"),
    "signed-in": say("Signed in"),
    "signed-out": say("Signed out"),
    "tally-accepted": say("Tally accepted"),
    "tally-asked-again": say("Tally asked for again"),
    "tally-recalled": say("Tally recalled"),
    "tally-rejected": say("Tally rejected"),
    "tally-resolved": say("Figures of a tally decided on"),
    "token-issued": say("Token issued"),
    "token-revoked": say("Token revoked"),
    "unit-changed": say("Unit changed"),
    "unit-removed": say("Unit removed"),
    "units-added": say("Units added"),
    "voter-changed": say("Voter changed"),
    "voter-removed": say("Voter removed"),
    "voters-moved": say("Voters moved"),
    "voters-registered": say("Voters registered"),
}

FIELD_WORDS = {
    "added": say("Added"),
    "address": say("Address"),
    "assignee": say("Assigned to"),
    "attachment": say("Attachment"),
    "attachments": say("Attachments"),
    "asked_by": say("Asked by"),
    "ballot_order": say("Order on the ballot"),
    "ballot_seed": say("Seed of the lots"),
    "category": say("Category"),
    "code": say("Code"),
    "colour": say("Colour"),
    "checks": say("Checks"),
    "confirmed_by": say("Confirmed by"),
    "contest": say("Contest"),
    "date": say("Day"),
    "disabled": say("May not sign in"),
    "district": say("District"),
    "due_on": say("Due on"),
    "double_entry": say("Two people enter each tally"),
    "email": say("E-mail"),
    "expires_at": say("Expires"),
    "first_name": say("First name"),
    "has_password": say("Has a password"),
    "is_measure": say("A ballot measure"),
    "is_test": say("Is a test"),
    "kind": say("Kind"),
    "last_name": say("Last name"),
    "member_since": say("Member since"),
    "mobile": say("Mobile"),
    "name": say("Name"),
    "number_elected": say("How many are elected"),
    "parent": say("Lies in"),
    "party": say("Party"),
    "precinct": say("Precinct"),
    "precincts": say("Precincts"),
    "recount_threshold": say("Recount threshold"),
    "registered_at": say("Registered"),
    "removal_reason": say("Reason for the removal"),
    "removed_at": say("Removed"),
    "results_released": say("Results released"),
    "roles": say("Roles"),
    "scopes": say("May act as"),
    "selection": say("Selection"),
    "selections": say("Selections"),
    "status": say("State"),
    "tally": say("Tally"),
    "telephone": say("Telephone"),
    "timezone": say("Timezone"),
    "totals_hash": say("Hash of the totals"),
    "username": say("Username"),
    "values": say("Values"),
    "property": say("Property of the shapes"),
    "units": say("Units"),
    "vote_variation": say("How votes are given"),
    "voter_id": say("Voter number"),
    "voters": say("Voters"),
    "voters_registered": say("Registered voters"),
    "votes_allowed": say("Votes of each voter"),
}

NOT_SHOWN = "(not shown)"
"""What the trail keeps in place of personal data."""

_ROLES = {role: role_word(role) for role in ROLES}
_VALUE_WORDS: dict[str, Mapping[str, str]] = {
    "ballot_order": ORDER_WORDS,
    "category": CATEGORY_WORDS,
    "roles": _ROLES,
    "scopes": _ROLES,
    "status": {
        status: status_word(status)
        for status in (*ElectionStatus, *CandidateStatus, *ComplaintStatus, *TallyStatus)
    },
    "vote_variation": VARIATION_WORDS,
}

_MOMENTS = {"expires_at", "member_since", "registered_at", "removed_at"}

_THE_PUBLIC = say("the public")
_MADE_BY = {
    "web": say("by %(name)s, in a browser"),
    "api": say("by %(name)s, by a program"),
    "command": say("by %(name)s, by a command"),
}
_MADE_FROM = {
    "web": say("by %(name)s, in a browser, from %(address)s"),
    "api": say("by %(name)s, by a program, from %(address)s"),
    "command": say("by %(name)s, by a command, from %(address)s"),
}


def made_by(entry: AuditRecord) -> Markup:
    """Who made a change, with what and from where."""
    words = (_MADE_FROM if entry.address else _MADE_BY)[entry.channel]
    name = named(entry.username) if entry.username else said(_THE_PUBLIC)
    return Markup(gettext(words.template)) % {"name": name, "address": named(entry.address)}


def action_words(action: str) -> str | Markup:
    """What was done."""
    words = AUDIT_WORDS.get(action)
    return named(action) if words is None else said(words)


def field_words(field: str) -> str | Markup:
    """The name of a field; where many things were added at once, each stands as a field with its code."""
    words = FIELD_WORDS.get(field)
    return named(field) if words is None else said(words)


def value_words(field: str, value: Any) -> str | Markup:
    """A value of a change, where `field` has codes in their words."""
    if value is None or value == "" or value == []:
        return gettext("nothing")
    if value == NOT_SHOWN:
        return gettext("(not shown)")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return reduce(together, (value_words(field, one) for one in value))
    if isinstance(value, str):
        if field in _MOMENTS:
            return stamp(datetime.datetime.fromisoformat(value))
        words = _VALUE_WORDS.get(field, {}).get(value)
        return named(value) if words is None else said(words)
    return coded(msgspec.json.encode(value).decode())
