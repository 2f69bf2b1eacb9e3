"""What a change at the desk for complaints has to keep to."""

import datetime
import zoneinfo

from models.complaints import DESK, ComplaintDecision
from models.errors import FieldError, Invalid
from models.results import ElectionState
from models.wording import say
from repositories.complaints import ComplaintRow
from repositories.database import Repositories


async def assignee_of(repos: Repositories, username: str | None) -> int | None:
    """The id of a member of staff by username. Raises Invalid for who does not work on complaints."""
    if username is None:
        return None
    member = await repos.people.find(username)
    if member is None or member.disabled_at is not None or not set(DESK) & set(member.roles):
        message = say("is no reviewer or administrator here; name one of them, or nobody")
        raise Invalid((FieldError("assignee", message, "not-of-the-desk"),))
    return member.id


def check_day(state: ElectionState, row: ComplaintRow, day: datetime.date | None) -> None:
    """Raises Invalid for a day before the complaint was filed."""
    if day is not None and day < today_in(state, row.filed_at):
        message = say("is before the day on which the complaint was filed; name that day or a later one")
        raise Invalid((FieldError("due_on", message, "before-filing"),))


def check_decision(decision: ComplaintDecision) -> None:
    """Raises Invalid where an outcome or a reason is missing, or comes where nothing is decided yet."""
    faults = []
    for field in ("outcome", "reason"):
        given = bool(getattr(decision, field).strip())
        if decision.change == "review" and given:
            message = say("belongs to a decision; leave it out where you only begin")
            faults.append(FieldError(field, message, "needless"))
    if decision.change != "review" and not decision.outcome.strip():
        message = say("is missing; tell everybody what was found, without naming anybody")
        faults.append(FieldError("outcome", message, "missing-outcome"))
    if decision.change != "review" and not decision.reason.strip():
        message = say("is missing; tell your colleagues why, nobody else reads it")
        faults.append(FieldError("reason", message, "missing-reason"))
    if faults:
        raise Invalid(tuple(faults))


def today_in(state: ElectionState, at: datetime.datetime) -> datetime.date:
    """The day at this moment where the election is held."""
    return at.astimezone(zoneinfo.ZoneInfo(state.timezone)).date()
