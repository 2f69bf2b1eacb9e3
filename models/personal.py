"""What is known of people privately: sealed as a whole before it is stored (`services/vault.py`)."""

import msgspec


class MemberContact(msgspec.Struct, frozen=True, omit_defaults=True):
    email: str = ""
    mobile: str = ""


class CandidateContact(msgspec.Struct, frozen=True, omit_defaults=True):
    address: str = ""
    telephone: str = ""
    email: str = ""


class VoterRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """`number` is the voter number of the registry, DOMAIN's `voter_id`."""

    number: str
    first_name: str
    last_name: str
    email: str = ""
    mobile: str = ""
    address: str = ""


class ComplaintRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What somebody complained of, and how to reach them where they said so."""

    text: str
    name: str = ""
    email: str = ""
    telephone: str = ""


class ComplaintNote(msgspec.Struct, frozen=True):
    """A note of the desk, or its private reason for a decision."""

    text: str


class AttachedFile(msgspec.Struct, frozen=True):
    content: bytes
