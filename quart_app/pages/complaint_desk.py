"""The desk for complaints: the list, and a page for each complaint with everything about it.

Both work by plain forms. `static/complaints.js` keeps the list true and tells when a colleague changed what
is being read; which complaints are shown stands in the address.
"""

import datetime
from collections.abc import Callable
from typing import Literal, TypeVar
from urllib.parse import urlencode

import msgspec
from quart import Blueprint, Response, request
from quart.typing import ResponseReturnValue
from quart_schema import hide, validate_querystring
from wtforms import DateField, StringField
from wtforms.validators import AnyOf, Optional

from models.complaints import (
    DESK,
    DESK_READERS,
    MAX_NOTE,
    MAX_OUTCOME,
    NOBODY,
    After,
    Category,
    Code,
    ComplaintDecision,
    DeskCase,
    DeskComplaint,
    DeskEdit,
    DeskSearch,
    NobodyOrUsername,
    Note,
)
from models.editions import edition as edition_of
from models.errors import FieldError, Invalid
from models.statuses import status_word
from models.wording import say
from quart_app.access import only
from quart_app.auth import actor, signed_in
from quart_app.languages.in_templates import to
from quart_app.pages.complaint_words import CATEGORIES, MEDIA, NOTICES, PILLS, STEPS
from quart_app.pages.complaints import Passage
from quart_app.pages.fields import edition, maybe, text
from quart_app.pages.forms import PageForm
from quart_app.pages.naming import unit_called
from quart_app.pages.private import form_page, private_page, see
from quart_app.wiring import services
from services.clock import utc_now
from services.complaint_rules import today_in

F = TypeVar("F", bound=PageForm)

pages = Blueprint("complaint_desk", __name__, url_prefix="/elections/<election>/complaints/desk")

SHOWN = 50
STATUSES = ("open", "filed", "under_review", "upheld", "dismissed", "withdrawn", "all")
"""What the list can be narrowed to."""


class DeskQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which complaints are shown: the open ones, unless something else is asked for."""

    status: Literal["open", "all", "filed", "under_review", "upheld", "dismissed", "withdrawn"] = "open"
    category: Category | Literal[""] = ""
    unit: Code = ""
    assignee: NobodyOrUsername = ""
    overdue: bool = False
    after: After = 0


class SettleForm(PageForm):
    edition = edition()
    assignee = maybe(say("Who sees to it"))
    due_on = DateField(
        say("To be decided by"), [Optional()], description=say("A day where the election is held.")
    )

    async def offer(self, found: DeskCase) -> None:
        """Those whom a complaint can be assigned to, and who has it already."""
        names = {*await _staff(), found.assignee or ""} - {""}
        self.assignee.choices = {"": say("Nobody"), **{name: name for name in sorted(names)}}


class NoteForm(PageForm):
    text = text(
        say("Note"),
        say("For colleagues at this desk. It can be neither changed nor taken away."),
        most=MAX_NOTE,
        kind=Passage,
        rows=3,
        dir="auto",
    )


class BeginForm(PageForm):
    edition = edition()


class DecisionForm(PageForm):
    edition = edition()
    change = StringField(validators=[AnyOf(("uphold", "dismiss"), say("This is not one of the decisions."))])
    outcome = text(
        say("Outcome"),
        say("Everybody reads it: say what was found, and name nobody."),
        most=MAX_OUTCOME,
        kind=Passage,
        rows=3,
        dir="auto",
    )
    reason = text(
        say("Reason"),
        say("Only your colleagues at this desk read it."),
        most=MAX_NOTE,
        kind=Passage,
        rows=3,
        dir="auto",
    )


@pages.get("")
@only(*DESK_READERS)
@hide
@validate_querystring(DeskQuery)
async def desk(election: str, query_args: DeskQuery) -> Response:
    # Known before the list is read: what changes in between is then told by the stream.
    change = await services().complaint_following.head(election)
    try:
        found = await services().complaint_desk.page(election, await _search(election, query_args))
    except Invalid as error:
        return await _desk(election, query_args, [], change, error.errors)
    return await _desk(election, query_args, found, change, ())


@pages.get("/<int:number>")
@only(*DESK_READERS)
@hide
async def case(election: str, number: int) -> Response:
    return await _case(election, number, None)


@pages.post("/<int:number>/settle")
@only(*DESK)
@hide
async def settle(election: str, number: int) -> ResponseReturnValue:
    form = await SettleForm.create_form()
    await form.offer(await services().complaint_desk.get(election, number))
    if await form.validate_on_submit():
        with form.refusing():
            edit = DeskEdit(assignee=form.assignee.data or None, due_on=form.due_on.data)
            read = form.edition.data or ""
            await services().complaint_desk.settle(election, number, edit, read, await actor())
            return await _back(election, number, say("Saved."))
    return await _case(election, number, form)


@pages.post("/<int:number>/notes")
@only(*DESK)
@hide
async def note(election: str, number: int) -> ResponseReturnValue:
    form = await NoteForm.create_form()
    if await form.validate_on_submit():
        with form.refusing():
            said = form.read(Note).text
            await services().complaint_desk.note(election, number, said, await actor())
            return await _back(election, number, say("The note is added."))
    return await _case(election, number, form)


@pages.post("/<int:number>/begin")
@only(*DESK)
@hide
async def begin(election: str, number: int) -> ResponseReturnValue:
    form = await BeginForm.create_form()
    return await _decide(election, number, form, lambda: ComplaintDecision(change="review"))


@pages.post("/<int:number>/decide")
@only(*DESK)
@hide
async def decide(election: str, number: int) -> ResponseReturnValue:
    form = await DecisionForm.create_form()
    return await _decide(election, number, form, lambda: form.read(ComplaintDecision))


async def _decide(
    election: str,
    number: int,
    form: BeginForm | DecisionForm,
    read: Callable[[], ComplaintDecision],
) -> ResponseReturnValue:
    if await form.validate_on_submit():
        with form.refusing():
            decision, expected = read(), form.edition.data or ""
            await services().complaint_desk.decide(election, number, decision, expected, await actor())
            return await _back(election, number, NOTICES[decision.change])
    return await _case(election, number, form)


async def _back(election: str, number: int, notice: str) -> ResponseReturnValue:
    return await see(f"/elections/{election}/complaints/desk/{number}", notice)


async def _staff() -> list[str]:
    return await services().complaint_desk.staff()


async def _search(election: str, query: DeskQuery) -> DeskSearch:
    """Raises UnknownElection, and Invalid for a place that is not there."""
    return DeskSearch(
        status="" if query.status == "all" else query.status,
        category=query.category,
        unit=await unit_called(election, query.unit),
        assignee=query.assignee,
        overdue=query.overdue,
        after=query.after,
        limit=SHOWN + 1,
    )


async def _desk(
    election: str,
    query: DeskQuery,
    found: list[DeskComplaint],
    change: int,
    faults: tuple[FieldError, ...],
) -> Response:
    state = await services().elections.get(election)
    shown = found[:SHOWN]
    asked = _asked(query)
    here = f"/elections/{election}/complaints/desk"
    return await private_page(
        "complaints/desk.html",
        422 if faults else 200,
        election=state,
        complaints=shown,
        places=await services().complaints.places(election, shown),
        query=query,
        faults=faults,
        filtered=bool(asked),
        csv=_csv(election, query),
        first=to(here, **asked) if query.after else "",
        following=to(here, **asked, after=str(shown[-1].number)) if len(found) > SHOWN else "",
        statuses=STATUSES,
        categories=CATEGORIES,
        staff_names=await _staff(),
        nobody=NOBODY,
        change=change,
        today=today_in(state, utc_now()),
        now=utc_now(),
        word=status_word,
        pills=PILLS,
    )


def _asked(query: DeskQuery) -> dict[str, str]:
    """What is asked for beyond the open ones, as it stands in the address."""
    asked = {
        name: "true" if value is True else str(value)
        for name, value in msgspec.structs.asdict(query).items()
        if value and name != "after"
    }
    return {name: value for name, value in asked.items() if (name, value) != ("status", "open")}


def _csv(election: str, query: DeskQuery) -> str:
    """The same complaints as a table for spreadsheets; a place is then named by its code."""
    asked = {**_asked(query), "status": "" if query.status == "all" else query.status}
    return f"/api/v1/elections/{election}/complaints.csv?{urlencode(asked)}"


async def _case(election: str, number: int, sent: PageForm | None) -> Response:
    """As it stands now, also where something else was sent to it; `sent` is the form that was refused."""
    found = await services().complaint_desk.get(election, number)
    state = await services().elections.get(election)
    settling, noting, beginning, deciding = await _forms(found, sent)
    if sent is not None and "edition" in sent:
        # Whoever sends it once more has seen what stands on the page by then.
        sent.edition.data = edition_of(found)
    who = await signed_in(request)
    return await form_page(
        "complaints/case.html",
        sent or settling,
        election=state,
        case=found,
        places=await services().complaints.places(election, [found]),
        contests={one.code: one.name for one in await services().elections.contests(election)},
        settling=settling,
        noting=noting,
        deciding=deciding,
        beginning=beginning,
        may=not who.roles.isdisjoint(DESK),
        today=today_in(state, utc_now()),
        media=MEDIA,
        steps=STEPS,
        date_of=datetime.date.fromisoformat,
        word=status_word,
        pills=PILLS,
    )


async def _forms(
    found: DeskCase, sent: PageForm | None
) -> tuple[SettleForm, NoteForm, BeginForm, DecisionForm]:
    """The forms of a complaint's page: the one that was sent as it was typed, the others as they begin."""
    known = {"edition": edition_of(found), "assignee": found.assignee or "", "due_on": found.due_on}

    async def one_of(kind: type[F]) -> F:
        return sent if isinstance(sent, kind) else await kind.create_form(formdata=None, data=known)

    settling = await one_of(SettleForm)
    await settling.offer(found)
    return settling, await one_of(NoteForm), await one_of(BeginForm), await one_of(DecisionForm)
