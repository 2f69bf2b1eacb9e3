"""Candidates from the registrars' side: deciding on filings, correcting them, and filing many at once."""

from functools import partial
from typing import Annotated, Any, Literal, get_args

import msgspec
from quart import Blueprint, Response
from quart.typing import ResponseReturnValue
from quart_schema import hide, validate_querystring
from wtforms import SelectMultipleField, StringField
from wtforms.validators import AnyOf, Length
from wtforms.widgets import CheckboxInput

from models.candidates import Change, Decisions, FilingDecided, FilingDecision, FilingEdit
from models.editions import edition as edition_of
from models.rights import REGISTRARS
from models.wording import say, say_many
from quart_app.access import only
from quart_app.auth import actor
from quart_app.door.limits import STREAMS, limited
from quart_app.pages.fields import edition, text
from quart_app.pages.filing import FilingForm
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page, see
from quart_app.pages.uploads import upload_page
from quart_app.wiring import services

pages = Blueprint("candidates", __name__, url_prefix="/admin/elections/<election>")

SHOWN = 50

MOVES: dict[str, tuple[Change, ...]] = {"filed": ("qualify", "reject"), "qualified": ("withdraw",)}
"""What can be decided of candidates by their status."""


def _done(change: str, number: int) -> str:
    """What was decided, of how many."""
    if change == "qualify":
        return say_many("The candidate has qualified.", "%(number)s candidates have qualified.", number)
    if change == "reject":
        return say_many(
            "The candidate has been rejected.", "%(number)s candidates have been rejected.", number
        )
    return say_many("The candidate has withdrawn.", "%(number)s candidates have withdrawn.", number)


class QueueQuery(msgspec.Struct):
    """Candidates of one status, by code, those behind `after`."""

    status: Literal["filed", "qualified", "rejected", "withdrawn"] = "filed"
    after: Annotated[str, msgspec.Meta(max_length=64)] = ""


class DecisionForm(PageForm):
    change = StringField(validators=[AnyOf(get_args(Change), say("This is not one of the decisions."))])
    reason = text(say("Reason"), most=500, needed=False)
    selection = text(say("Ticket to join"), most=100, needed=False)


class ManyForm(DecisionForm):
    codes = SelectMultipleField(
        say("Candidates"),
        [Length(min=1, message=say("Choose at least one."))],
        option_widget=CheckboxInput(),
        validate_choice=False,
    )


class CorrectionForm(FilingForm):
    edition = edition()


@pages.get("/candidates")
@only(*REGISTRARS)
@hide
@validate_querystring(QueueQuery)
async def candidates(election: str, query_args: QueueQuery) -> ResponseReturnValue:
    return await _queue(election, query_args, await ManyForm.create_form(), [])


@pages.post("/candidates")
@only(*REGISTRARS)
@hide
@validate_querystring(QueueQuery)
async def decide_many(election: str, query_args: QueueQuery) -> ResponseReturnValue:
    """The same decision on all that are ticked; each that is refused is named."""
    form = await ManyForm.create_form()
    answers: list[FilingDecided] = []
    if await form.validate_on_submit():
        with form.refusing():
            answers = await services().decisions.decide_many(election, form.read(Decisions), await actor())
            if not any(answer.errors for answer in answers):
                address = f"/admin/elections/{election}/candidates?status={query_args.status}"
                return await see(address, _done(form.change.data, len(answers)))
    return await _queue(election, query_args, form, answers)


@pages.route("/candidates/<code>", methods=["GET", "POST"])
@only(*REGISTRARS)
@hide
async def candidate(election: str, code: str) -> ResponseReturnValue:
    form = await CorrectionForm.create_form(data=await _filed(election, code))
    await form.offer(election)
    if await form.validate_on_submit():
        with form.refusing():
            edit = form.read(FilingEdit)
            await services().candidates.correct(election, code, edit, form.edition.data, await actor())
            return await see(f"/admin/elections/{election}/candidates/{code}", say("Saved."))
    return await _candidate(election, code, form, form)


@pages.post("/candidates/<code>/decide")
@only(*REGISTRARS)
@hide
async def decide(election: str, code: str) -> ResponseReturnValue:
    form = await DecisionForm.create_form()
    if await form.validate_on_submit():
        with form.refusing():
            await services().decisions.decide(election, code, form.read(FilingDecision), await actor())
            return await see(f"/admin/elections/{election}/candidates/{code}", _done(form.change.data, 1))
    # What was typed into this form has nothing to do with the other one.
    correction = await CorrectionForm.create_form(formdata=None, data=await _filed(election, code))
    await correction.offer(election)
    return await _candidate(election, code, form, correction)


@pages.route("/upload-candidates", methods=["GET", "POST"])
@only(*REGISTRARS)
@limited(STREAMS)
@hide
async def upload(election: str) -> ResponseReturnValue:
    return await upload_page(
        "candidates/upload.html", election, partial(services().candidates.file_many, election)
    )


async def _queue(election: str, query: QueueQuery, form: ManyForm, answers: list[FilingDecided]) -> Response:
    found = await services().candidates.page(
        election, status=query.status, after=query.after, limit=SHOWN + 1, everything=True
    )
    contests = {one.code: one.name for one in await services().elections.contests(election)}
    return await form_page(
        "candidates/queue.html",
        form,
        election=await services().elections.get(election),
        candidates=found[:SHOWN],
        contests=contests,
        moves=MOVES.get(query.status, ()),
        query=query,
        following=found[SHOWN - 1].code if len(found) > SHOWN else None,
        refused=[answer for answer in answers if answer.errors],
        decided=sum(not answer.errors for answer in answers),
    )


async def _filed(election: str, code: str) -> dict[str, Any]:
    """A filing as the form for its correction shows it."""
    known = await services().candidates.get(election, code, everything=True)
    contact = await services().candidates.contact(election, code)
    facts = {**msgspec.structs.asdict(contact), **msgspec.structs.asdict(known)}
    return {**facts, "edition": edition_of(known)}


async def _candidate(election: str, code: str, form: PageForm, correction: CorrectionForm) -> Response:
    """`form` is the one that was sent, if any."""
    known = await services().candidates.get(election, code, everything=True)
    return await form_page(
        "candidates/candidate.html",
        form,
        election=await services().elections.get(election),
        candidate=known,
        correction=correction,
        contact=await services().candidates.contact(election, code),
        moves=MOVES.get(known.status, ()),
    )
