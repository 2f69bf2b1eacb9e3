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
