"""Certifying, for staff: what stands in the way, the totals, who asked, who confirms; and recounts."""

from typing import Any

from quart import Blueprint, Response
from quart.typing import ResponseReturnValue
from quart_schema import hide
from wtforms import StringField
from wtforms.validators import AnyOf

from models.canvass import MOST_REASON
from models.lifecycles import ElectionStatus
from models.rights import Role
from models.wording import say
from quart_app.access import only
from quart_app.api.certification import CertificationRequest, RecountMove
from quart_app.auth import actor
from quart_app.pages.fields import text
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page, see
from quart_app.wiring import services

pages = Blueprint("certification", __name__, url_prefix="/elections/<election>/certification")

_PUBLIC = say("It stands in the public log. Name nobody.")


class AskForm(PageForm):
    reason = text(say("Why it is certified all the same"), _PUBLIC, most=MOST_REASON, needed=False)


class ButtonForm(PageForm):
    """Nothing but a button."""


class RecountForm(PageForm):
    change = StringField(validators=[AnyOf(("begin", "end"), say("A recount begins or ends."))])
    reason = text(say("Reason"), _PUBLIC, most=MOST_REASON)


@pages.get("")
@only(Role.ADMINISTRATOR, Role.REVIEWER, Role.AUDITOR)
@hide
async def certification(election: str) -> ResponseReturnValue:
    return await _page(election, await AskForm.create_form())


@pages.post("")
@only(Role.ADMINISTRATOR, fresh=True)
@hide
async def ask(election: str) -> ResponseReturnValue:
    form = await AskForm.create_form()
    if await form.validate_on_submit():
        with form.refusing():
            reason = form.read(CertificationRequest).reason
            await services().certification.ask(election, await actor(), reason)
        if not form.errors or await _asked_already(election):
            return await see(
                f"/elections/{election}/certification",
                say("You have asked. Now another administrator opens this page and confirms."),
            )
    return await _page(election, form)


@pages.post("/confirmation")
@only(Role.ADMINISTRATOR, fresh=True)
@hide
async def confirm(election: str) -> ResponseReturnValue:
    form = await ButtonForm.create_form()
    with form.refusing():
        await services().certification.confirm(election, await actor())
    if not form.errors or await _confirmed_already(election):
        return await see(f"/elections/{election}/certification", say("The results are certified."))
    return await _page(election, form)


@pages.post("/withdrawal")
@only(Role.ADMINISTRATOR, fresh=True)
@hide
async def take_back(election: str) -> ResponseReturnValue:
    form = await ButtonForm.create_form()
    with form.refusing():
        await services().certification.take_back(election, await actor())
        return await see(f"/elections/{election}/certification", say("The request is taken back."))
    return await _page(election, form)


@pages.post("/recounts/<contest>")
@only(Role.ADMINISTRATOR, fresh=True)
@hide
async def recount(election: str, contest: str) -> ResponseReturnValue:
    """Orders a recount of one contest, or ends it."""
    form = await RecountForm.create_form()
    # There is such a field for each contest.
    form.reason.id = f"reason-{contest}"
    if await form.validate_on_submit():
        with form.refusing():
            move = form.read(RecountMove)
            recounts = services().recounts
            make = recounts.begin if move.change == "begin" else recounts.end
            await make(election, contest, move.reason, await actor())
            done = say("The recount is ordered.") if move.change == "begin" else say("The recount has ended.")
            return await see(f"/elections/{election}/certification#recounts", done)
    return await _page(election, form, recounted=contest)


async def _asked_already(election: str) -> bool:
    """Whether the same person's request stands: a button was pressed twice."""
    asked = (await services().certification.state(election)).asked
    return asked is not None and not asked.moved and asked.by == (await actor()).username


async def _confirmed_already(election: str) -> bool:
    """The same of a certificate that holds."""
    state = await services().certification.state(election)
    signed = state.certificates[0] if state.status == ElectionStatus.CERTIFIED else None
    return signed is not None and signed.confirmed_by == (await actor()).username


async def _page(election: str, form: PageForm, **context: Any) -> Response:
    """`form` is the one that was sent, whichever it was."""
    return await form_page(
        "certification/certification.html",
        form,
        election=await services().elections.get(election),
        state=await services().certification.state(election),
        contests={contest.code: contest for contest in await services().elections.contests(election)},
        **context,
    )
