"""The register of voters. What is personal comes sealed; it is found by keyed hashes."""

import datetime
from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models.elections import ReportingUnit
from models.errors import UnknownVoter, VoterNumberTaken
from models.people import Voter
from models.voters import MAX_ID


class VoterRow(msgspec.Struct, frozen=True, kw_only=True):
    """A registration as stored: `personal` is sealed."""

    id: int
    unit_id: int
    precinct: str
    personal: bytes
    digest: bytes
    registered_at: datetime.datetime
    changed_at: datetime.datetime
    removed_at: datetime.datetime | None
    removal_reason: str


class SealedVoter(msgspec.Struct, frozen=True):
    """What is stored of an entry. `digest` is a keyed hash of all but the precinct; hashes have 32 bytes."""

    unit_id: int
    number_hash: bytes
    name_hash: bytes
    email_hash: bytes | None
    mobile_hash: bytes | None
    personal: bytes
    digest: bytes


class StandingVoter(msgspec.Struct, frozen=True):
    """Who has a number already."""

    id: int
    unit_id: int
    digest: bytes


_VOTER = select(
    Voter.id,
    Voter.unit_id,
    ReportingUnit.code.label("precinct"),
    Voter.personal,
    Voter.digest,
    Voter.registered_at,
    Voter.changed_at,
    Voter.removed_at,
    Voter.removal_reason,
).join(ReportingUnit, ReportingUnit.id == Voter.unit_id)

_ADD = text("""
    INSERT INTO voters (election_id, unit_id, number_hash, name_hash, email_hash, mobile_hash, personal,
                        digest, registered_at, changed_at, removal_reason)
    SELECT :election, r.*, :at, :at, ''
    FROM unnest(CAST(:unit_id AS bigint[]), CAST(:number_hash AS bytea[]), CAST(:name_hash AS bytea[]),
                CAST(:email_hash AS bytea[]), CAST(:mobile_hash AS bytea[]), CAST(:personal AS bytea[]),
                CAST(:digest AS bytea[])) AS r
    ON CONFLICT (election_id, number_hash) WHERE removed_at IS NULL DO NOTHING
    RETURNING id, number_hash
""")

_STANDING = text("""
    SELECT v.number_hash, v.id, v.unit_id, v.digest
    FROM unnest(CAST(:hashes AS bytea[])) AS k(number_hash)
    JOIN voters v ON v.number_hash = k.number_hash
    WHERE v.election_id = :election AND v.removed_at IS NULL
""")


class Voters:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def precincts(self, election_id: int) -> dict[str, int]:
        """Ids of the election's precincts by code."""
        query = select(ReportingUnit.code, ReportingUnit.id).where(
            ReportingUnit.election_id == election_id, ReportingUnit.kind == "precinct"
        )
        return {row.code: row.id for row in await self._session.execute(query)}

    async def add(
        self, election_id: int, voters: Sequence[SealedVoter], at: datetime.datetime
    ) -> dict[bytes, int]:
        """Registers those whose numbers nobody has; returns the new ids by the hash of the number.

        In the order of the hashes, so that two who send the same numbers wait for each other once.
        """
        if not voters:
            return {}
        # A stable order: of two with the same number the first one is registered.
        in_order = sorted(voters, key=lambda voter: voter.number_hash)
        columns = {
            name: [getattr(voter, name) for voter in in_order] for name in SealedVoter.__struct_fields__
        }
        rows = await self._session.execute(_ADD, {"election": election_id, "at": at, **columns})
        return {row.number_hash: row.id for row in rows}

    async def standing(self, election_id: int, hashes: Collection[bytes]) -> dict[bytes, StandingVoter]:
        """Who has these numbers, by their hashes."""
        if not hashes:
            return {}
        rows = await self._session.execute(_STANDING, {"election": election_id, "hashes": list(hashes)})
        return {row.number_hash: StandingVoter(row.id, row.unit_id, row.digest) for row in rows}

    async def page(self, election_id: int, *, unit_id: int | None, after: int, limit: int) -> list[VoterRow]:
        """The registered by id, of one precinct where one is named."""
        query = _VOTER.where(Voter.election_id == election_id, Voter.removed_at.is_(None), Voter.id > after)
        if unit_id is not None:
            query = query.where(Voter.unit_id == unit_id)
        rows = await self._session.execute(query.order_by(Voter.id).limit(limit))
        return [VoterRow(**row._mapping) for row in rows]

    async def search(
        self, election_id: int, hashes: dict[str, bytes], *, unit_id: int | None, after: int, limit: int
    ) -> list[VoterRow]:
        """Those that have all these hashes, by id, the removed as well. `hashes` are by column."""
        query = _VOTER.where(Voter.election_id == election_id, Voter.id > after)
        for column, value in hashes.items():
            query = query.where(getattr(Voter, column) == value)
        if unit_id is not None:
            query = query.where(Voter.unit_id == unit_id)
        rows = await self._session.execute(query.order_by(Voter.id).limit(limit))
        return [VoterRow(**row._mapping) for row in rows]

    async def find(self, election_id: int, voter_id: int, *, lock: bool = False) -> VoterRow:
        """Raises UnknownVoter. `lock` holds the registration until the commit."""
        if voter_id > MAX_ID:
            raise UnknownVoter
        query = _VOTER.where(Voter.election_id == election_id, Voter.id == voter_id)
        if lock:
            query = query.with_for_update(of=Voter)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise UnknownVoter
        return VoterRow(**row._mapping)

    async def change(self, voter_id: int, voter: SealedVoter, at: datetime.datetime) -> None:
        """Raises VoterNumberTaken."""
        values = {**msgspec.structs.asdict(voter), "changed_at": at}
        try:
            await self._session.execute(update(Voter).where(Voter.id == voter_id).values(values))
        except IntegrityError:
            raise VoterNumberTaken from None

    async def remove(self, voter_id: int, at: datetime.datetime, reason: str) -> None:
        values = {"removed_at": at, "removal_reason": reason}
        await self._session.execute(update(Voter).where(Voter.id == voter_id).values(values))

    async def move(self, election_id: int, from_unit: int, to_unit: int, at: datetime.datetime) -> int:
        """All registered voters of a precinct; returns how many."""
        moved = (
            update(Voter)
            .where(Voter.election_id == election_id, Voter.unit_id == from_unit, Voter.removed_at.is_(None))
            .values(unit_id=to_unit, changed_at=at)
            .returning(Voter.id)
            .cte("moved")
        )
        return int(await self._session.scalar(select(func.count()).select_from(moved)) or 0)
