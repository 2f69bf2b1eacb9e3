"""Between a voter's entry and what is stored of it: sealed as a whole, found by four keyed hashes."""

import msgspec

from models.personal import VoterRecord
from models.voters import VoterEntry, VoterInfo, VoterSearch
from repositories.voters import SealedVoter, VoterRow
from services.vault import Vault

KIND = "voter"

_encode = msgspec.msgpack.Encoder().encode


class VoterSealing:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def seal(self, entry: VoterEntry, unit_id: int) -> SealedVoter:
        mobile = _digits(entry.mobile)
        record = VoterRecord(
            entry.voter_id, entry.first_name, entry.last_name, entry.email, entry.mobile, entry.address
        )
        return SealedVoter(
            unit_id=unit_id,
            number_hash=self._vault.lookup("voter-number", entry.voter_id),
            name_hash=self._vault.lookup("voter-name", entry.last_name),
            email_hash=self._vault.lookup("voter-email", entry.email) if entry.email else None,
            mobile_hash=self._vault.lookup("voter-mobile", mobile) if mobile else None,
            personal=self._vault.seal(KIND, record),
            digest=self._vault.digest(KIND, _encode(record)),
        )

    def open(self, row: VoterRow) -> VoterInfo:
        record = self._vault.open(KIND, row.personal, VoterRecord)
        return VoterInfo(
            id=row.id,
            voter_id=record.number,
            first_name=record.first_name,
            last_name=record.last_name,
            precinct=row.precinct,
            email=record.email,
            mobile=record.mobile,
            address=record.address,
            registered_at=row.registered_at,
            changed_at=row.changed_at,
            removed_at=row.removed_at,
            removal_reason=row.removal_reason,
        )

    def hashes(self, search: VoterSearch) -> dict[str, bytes]:
        """What is looked for, by the column that finds it."""
        texts = {
            "number": search.voter_id,
            "name": search.last_name,
            "email": search.email,
            # Without any digit it is nobody's.
            "mobile": search.mobile and (_digits(search.mobile) or "none"),
        }
        return {
            f"{name}_hash": self._vault.lookup(f"voter-{name}", wanted)
            for name, wanted in texts.items()
            if wanted
        }


def _digits(mobile: str) -> str:
    """A number is the same however it is grouped."""
    return "".join(filter(str.isdigit, mobile))
