"""Tables: complaints, what was attached to them, their private history, and each election's count of them.

What was written and who wrote it stands only in columns called `personal`, encrypted
(`services/vault.py`). History is never changed nor deleted, which triggers in the migrations enforce.
"""

import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, one_of
from models.complaints import ACTIONS, CATEGORIES, MEDIA, STANDINGS
from models.lifecycles import ComplaintStatus


class ComplaintHead(Base):
    """The last number and the last change of an election's complaints.

    Whoever files or changes one holds this row until the commit: so numbers have no gap, and whoever has
    seen a change has been able to see all before it.
    """

    __tablename__ = "complaint_heads"

    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"), primary_key=True)
    number: Mapped[int]
    change: Mapped[int]


class Complaint(Base):
    """A complaint. `code_hash` is a keyed hash of the filer's code; `changed_at` is of its status."""

    __tablename__ = "complaints"
    __table_args__ = (
        ForeignKeyConstraint(
            ["election_id", "unit_id"], ["reporting_units.election_id", "reporting_units.id"]
        ),
        ForeignKeyConstraint(["election_id", "contest_id"], ["contests.election_id", "contests.id"]),
        UniqueConstraint("election_id", "number"),
        UniqueConstraint("election_id", "change"),
        Index(None, "unit_id"),
        Index(None, "contest_id"),
        CheckConstraint(one_of("category", list(CATEGORIES)), name="category"),
        CheckConstraint(one_of("role", list(STANDINGS)), name="role"),
        CheckConstraint(one_of("status", list(ComplaintStatus)), name="status"),
        CheckConstraint("octet_length(code_hash) = 32", name="code_hash"),
        CheckConstraint(
            "(status IN ('upheld', 'dismissed')) = (outcome <> '')", name="decisions_have_an_outcome"
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    number: Mapped[int]
    change: Mapped[int]
    category: Mapped[str]
    role: Mapped[str]
    unit_id: Mapped[int | None]
    contest_id: Mapped[int | None]
    status: Mapped[str]
    code_hash: Mapped[bytes]
    personal: Mapped[bytes]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    due_on: Mapped[datetime.date | None]
    outcome: Mapped[str]
    filed_at: Mapped[datetime.datetime]
    changed_at: Mapped[datetime.datetime]


class ComplaintStep(Base):
    """A step of a complaint's history; without a member the filer made it. `target` is whom or which day."""

    __tablename__ = "complaint_steps"
    __table_args__ = (
        Index(None, "complaint_id", "id"),
        CheckConstraint(one_of("action", list(ACTIONS)), name="action"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaints.id"))
    at: Mapped[datetime.datetime]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    action: Mapped[str]
    target: Mapped[str]
    personal: Mapped[bytes | None]


class ComplaintAttachment(Base):
    """A file as it is handed out, sealed; `size` counts the bytes that it has unsealed."""

    __tablename__ = "complaint_attachments"
    __table_args__ = (
        UniqueConstraint("complaint_id", "position"),
        CheckConstraint("position >= 1", name="position"),
        CheckConstraint(one_of("media", list(MEDIA)), name="media"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaints.id"))
    position: Mapped[int]
    media: Mapped[str]
    size: Mapped[int]
    personal: Mapped[bytes]
