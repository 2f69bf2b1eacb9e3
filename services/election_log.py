"""Changing an election itself: its row, the log entry that says so, and the audit trail, all at once."""

import datetime
import secrets
from typing import Any

import msgspec

from models.editions import changed
from models.log import ElectionEntry
from models.results import ElectionState
from models.rights import Actor
from repositories.database import Repositories

_ACTION = {
    "created": "election-defined",
    "edited": "election-changed",
    "canvass-set": "canvass-set",
    "recount-ordered": "recount-ordered",
    "recount-ended": "recount-ended",
}
# What stands in an entry only where it was changed, and is so by default.
_IF_CHANGED: dict[str, Any] = {
    field.name: field.default
    for field in msgspec.structs.fields(ElectionState)
    if field.name in ("ballot_seed", "checks", "double_entry", "recount_threshold")
}


async def change_election(
    repos: Repositories,
    before: ElectionState | None,
    after: ElectionState,
    change: str,
    by: Actor,
    at: datetime.datetime,
    reason: str = "",
    *,
    contest: str | None = None,
) -> ElectionState:
    """Appends what happened to the log, writes the election with it and the audit trail.

    `contest` is the one that a recount is about. Returns how the election stands then.
    """
    seq = await repos.log.lock_head(after.id) + 1
    changes = changed(_facts(before), _facts(after))
    entry = ElectionEntry(
        seq=seq,
        at=at,
        election=after.code,
        is_test=after.is_test,
        change=change,
        status=after.status,
        results_released=after.results_released,
        reason=reason,
        nonce=secrets.token_hex(16),
        contest=msgspec.UNSET if contest is None else contest,
        **_said(before, after),
    )
    after = msgspec.structs.replace(after, changed_seq=seq, changed_at=at)
    await repos.log.append(after.id, seq, at, entry)
    await repos.elections.write(after)
    action = _ACTION.get(change, "election-moved")
    why = "" if change == "edited" else reason
    subject = contest or after.code
    await repos.audit.add(by, at, action, subject, election=after.id, changes=changes, reason=why)
    return after


def _said(before: ElectionState | None, after: ElectionState) -> dict[str, Any]:
    """What the entry says because it is other than it was, or than it is by default."""
    was = msgspec.structs.asdict(before) if before else _IF_CHANGED
    return {name: getattr(after, name) for name in _IF_CHANGED if getattr(after, name) != was[name]}


def _facts(election: ElectionState | None) -> dict[str, Any] | None:
    """What is said of an election, without where the log stands; the seed only where there is one."""
    if election is None:
        return None
    facts: dict[str, Any] = msgspec.to_builtins(election)
    del facts["id"], facts["code"], facts["changed_seq"], facts["changed_at"]
    return facts
