"""Between complaints as they are told and what is stored of them: what people wrote is sealed."""

from typing import Any

from models.complaints import (
    BEGINNING,
    AttachmentInfo,
    ComplaintFiling,
    DeskCase,
    DeskComplaint,
    HistoryEntry,
    OwnComplaint,
)
from models.personal import AttachedFile, ComplaintNote, ComplaintRecord
from models.results import ElectionState
from repositories.complaints import ComplaintRow, SealedAttachment, StepRow
from services.attachments import Attachment
from services.vault import Vault

COMPLAINT = "complaint"
STEP = "complaint-step"
ATTACHMENT = "complaint-attachment"

# What is told of a complaint as it is stored.
_PLAIN = ("number", "category", "unit", "contest", "status", "filed_at", "changed_at")
_OF_THE_DESK = ("change", "role", "attachments", "assignee", "due_on")


class ComplaintSealing:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    # ---- sealing ----

    def seal(self, filing: ComplaintFiling) -> bytes:
        record = ComplaintRecord(filing.text, filing.name, filing.email, filing.telephone)
        return self._vault.seal(COMPLAINT, record)

    def seal_note(self, text: str) -> bytes:
        return self._vault.seal(STEP, ComplaintNote(text))

    def seal_attachment(self, attachment: Attachment) -> SealedAttachment:
        sealed = self._vault.seal(ATTACHMENT, AttachedFile(attachment.content))
        return SealedAttachment(attachment.media, len(attachment.content), sealed)

    # ---- opening ----

    def own(self, state: ElectionState, row: ComplaintRow) -> OwnComplaint:
        record = self._record(row)
        return OwnComplaint(
            **_plain(state, row),
            outcome=row.outcome,
            role=row.role,
            text=record.text,
            name=record.name,
            email=record.email,
            telephone=record.telephone,
            attachments=row.attachments,
        )

    def listed(self, state: ElectionState, row: ComplaintRow) -> DeskComplaint:
        return DeskComplaint(**_plain(state, row), **_of_the_desk(row), beginning=_begun(self._record(row)))

    def case(
        self, state: ElectionState, row: ComplaintRow, files: list[AttachmentInfo], steps: list[StepRow]
    ) -> DeskCase:
        record = self._record(row)
        return DeskCase(
            **_plain(state, row),
            **_of_the_desk(row),
            beginning=_begun(record),
            text=record.text,
            name=record.name,
            email=record.email,
            telephone=record.telephone,
            outcome=row.outcome,
            files=files,
            history=[self._entry(step) for step in steps],
        )

    def open_attachment(self, stored: SealedAttachment) -> Attachment:
        return Attachment(stored.media, self._vault.open(ATTACHMENT, stored.personal, AttachedFile).content)

    def text(self, row: ComplaintRow) -> str:
        return self._record(row).text

    def _record(self, row: ComplaintRow) -> ComplaintRecord:
        return self._vault.open(COMPLAINT, row.personal, ComplaintRecord)

    def _entry(self, step: StepRow) -> HistoryEntry:
        text = "" if step.personal is None else self._vault.open(STEP, step.personal, ComplaintNote).text
        return HistoryEntry(at=step.at, by=step.by, action=step.action, to=step.target, text=text)


def _plain(state: ElectionState, row: ComplaintRow) -> dict[str, Any]:
    return {"election": state.code, "is_test": state.is_test} | {name: getattr(row, name) for name in _PLAIN}


def _of_the_desk(row: ComplaintRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _OF_THE_DESK}


def _begun(record: ComplaintRecord) -> str:
    words = " ".join(record.text.split())
    return words if len(words) <= BEGINNING else words[: BEGINNING - 1] + "…"
