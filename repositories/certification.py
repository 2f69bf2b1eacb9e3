"""Certifying: what still waits in an election, who has asked, and the certificates that there are."""

import datetime

import msgspec
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.certification import CertificateFacts, InTheWay, Signed, totals_hash
from models.decisions import Certificate, CertificationRequest
from models.elections import Contest
from models.errors import NobodyAsked
from models.log import CertificateEntry
from models.people import Login
from models.tallies import Tally

# Of tallies that wait (`ix_tallies_waiting`), `places` counts those where nothing else is counted.
_WAITING = text("""
    SELECT count(*) FILTER (WHERE t.status = 'quarantined') AS quarantined,
           count(*) FILTER (WHERE t.status = 'awaiting_second_entry') AS awaiting,
           count(DISTINCT (t.contest_id, t.unit_id)) FILTER (WHERE NOT EXISTS (
               SELECT FROM tallies k
               WHERE k.contest_id = t.contest_id AND k.unit_id = t.unit_id AND k.status = 'accepted'
           )) AS places
    FROM contests c JOIN tallies t ON t.contest_id = c.id
    WHERE c.election_id = :election AND t.status IN ('awaiting_second_entry', 'quarantined')
""")
# The newest word on the recall of a tally is that it was asked for, and the tally still counts.
_RECALLS = text("""
    SELECT count(*) FROM (
        SELECT DISTINCT ON (tally_seq) tally_seq, decision FROM tally_decisions
        WHERE election_id = :election AND decision IN ('ask-recall', 'recall', 'refuse-recall')
        ORDER BY tally_seq, seq DESC
    ) d
    JOIN tallies t ON t.election_id = :election AND t.seq = d.tally_seq
    WHERE d.decision = 'ask-recall' AND t.status = 'accepted'
""")
_CERTIFICATES = text("""
    SELECT l.entry, l.leaf_hash, asked.username AS asked_by, confirmed.username AS confirmed_by
    FROM certificates c
    JOIN log_entries l ON l.election_id = c.election_id AND l.seq = c.seq
    LEFT JOIN logins asked ON asked.member_id = c.asked_by
    LEFT JOIN logins confirmed ON confirmed.member_id = c.confirmed_by
    WHERE c.election_id = :election ORDER BY c.seq DESC
""")
_read_entry = msgspec.json.Decoder(CertificateEntry).decode


class Waiting(msgspec.Struct, frozen=True):
    """How many tallies wait, at how many places where nothing is counted, and how many recalls do."""

    quarantined: int
    awaiting: int
    places: int
    recalls: int


class OpenRequest(msgspec.Struct, frozen=True):
    """Somebody has asked to certify the totals with this hash."""

    id: int
    member_id: int
    username: str
    at: datetime.datetime
    totals_hash: bytes
    reason: str
    in_the_way: InTheWay


class CertificationRecords:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def waiting(self, election_id: int) -> Waiting:
        row = (await self._session.execute(_WAITING, {"election": election_id})).one()
        recalls = await self._session.scalar(_RECALLS, {"election": election_id})
        return Waiting(row.quarantined, row.awaiting, row.places, int(recalls or 0))

    # ---- the request ----

    async def request(self, election_id: int) -> OpenRequest | None:
        """The one that is open, if any."""
        query = (
            select(
                CertificationRequest.id,
                CertificationRequest.asked_by,
                Login.username,
                CertificationRequest.asked_at,
                CertificationRequest.totals_hash,
                CertificationRequest.reason,
                CertificationRequest.in_the_way,
            )
            .join(Login, Login.member_id == CertificationRequest.asked_by)
            .where(CertificationRequest.election_id == election_id, CertificationRequest.ended_at.is_(None))
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            return None
        return OpenRequest(
            id=row.id,
            member_id=row.asked_by,
            username=row.username,
            at=row.asked_at,
            totals_hash=row.totals_hash,
            reason=row.reason,
            in_the_way=msgspec.convert(row.in_the_way, InTheWay),
        )

    async def needed_request(self, election_id: int) -> OpenRequest:
        """Raises NobodyAsked."""
        found = await self.request(election_id)
        if found is None:
            raise NobodyAsked
        return found

    async def ask(
        self,
        election_id: int,
        *,
        member: int,
        at: datetime.datetime,
        totals_hash: bytes,
        in_the_way: InTheWay,
        reason: str,
    ) -> None:
        """Opens a request; the caller holds the election and knows that there is none."""
        row = {
            "election_id": election_id,
            "asked_by": member,
            "asked_at": at,
            "totals_hash": totals_hash,
            "in_the_way": msgspec.to_builtins(in_the_way),
            "reason": reason,
        }
        await self._session.execute(insert(CertificationRequest).values(row))

    async def end_request(self, election_id: int, at: datetime.datetime) -> None:
        """Ends the one that is open, if any."""
        await self._session.execute(
            update(CertificationRequest)
            .where(CertificationRequest.election_id == election_id, CertificationRequest.ended_at.is_(None))
            .values(ended_at=at)
        )

    # ---- certificates ----

    async def certify(
        self, election_id: int, entry: CertificateEntry, *, asked_by: int | None, confirmed_by: int | None
    ) -> None:
        """Writes down whose certificate the log entry is, which is there already."""
        row = {
            "election_id": election_id,
            "seq": entry.seq,
            "position": entry.position,
            "asked_by": asked_by,
            "confirmed_by": confirmed_by,
            "reason": entry.reason,
            "at": entry.at,
        }
        await self._session.execute(insert(Certificate).values(row))

    async def certificates(self, election_id: int) -> list[Signed]:
        """The newest first."""
        rows = await self._session.execute(_CERTIFICATES, {"election": election_id})
        return [
            Signed(
                certificate=_facts(_read_entry(row.entry), row.leaf_hash),
                asked_by=row.asked_by,
                confirmed_by=row.confirmed_by,
            )
            for row in rows
        ]

    # ---- recounts, and how tallies are entered ----

    async def set_recounting(self, contest_id: int, recounting: bool) -> None:
        """Begins a recount, or ends it: then the contest has been recounted."""
        await self._session.execute(
            update(Contest)
            .where(Contest.id == contest_id)
            .values(recounting=recounting, recounted=not recounting)
        )

    async def recounting(self, contest_id: int) -> bool:
        query = select(Contest.recounting).where(Contest.id == contest_id)
        return bool(await self._session.scalar(query))

    async def any_tally(self, election_id: int) -> bool:
        """Whether a tally was ever sent."""
        query = select(Tally.seq).where(Tally.election_id == election_id).limit(1)
        return await self._session.scalar(query) is not None


def _facts(entry: CertificateEntry, leaf_hash: bytes) -> CertificateFacts:
    return CertificateFacts(
        seq=entry.seq,
        position=entry.position,
        at=entry.at,
        totals_hash=totals_hash(entry.contests).hex(),
        leaf_hash=leaf_hash.hex(),
        quarantined=entry.quarantined,
        awaiting=entry.awaiting,
        reason=entry.reason,
    )
