"""Elections from the administrators' side: making one, saying what it is, and moving it along."""

from typing import get_args

import msgspec
from quart import Blueprint, Response, request
from quart.typing import ResponseReturnValue
from quart_schema import hide
from wtforms import BooleanField, DateField, StringField
from wtforms.validators import AnyOf, InputRequired

from models.drafting import ElectionEdit, NewElection
from models.editions import edition as edition_of
from models.results import ElectionState
from models.rights import Role
from models.wording import say
from quart_app.access import only
from quart_app.api.drafting import ElectionMove
from quart_app.auth import actor, require_fresh, signed_in
from quart_app.languages import gettext, said
from quart_app.pages.fields import code, edition, text
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page, private_page, see
from quart_app.wiring import services
from services.elections import Change, possible_changes

pages = Blueprint("drafts", __name__, url_prefix="/admin")

SEED = r"^[!-~]([ -~]*[!-~])?\Z"
SEED_WORDS = say(
    "Letters, digits and signs of ASCII only, on one line, so that everybody can draw the lots again."
)

DONE = {
    "open": say("The election is open."),
    "close": say("The election is closed."),
    "correct": say("The results are being corrected."),
    "release": say("The results are released."),
    "withhold": say("The results are withheld."),
}


class FactsForm(PageForm):
    name = text(say("Name"))
    date = DateField(say("Day of the election"), [InputRequired(say("Give a day, as 2026-11-03."))])
    timezone = text(
        say("Timezone"), say("An IANA name such as Europe/Rome. Pages show times in it."), most=64
    )
    is_test = BooleanField(
        say("This is a test"), description=say("Every page, export and event then says so.")
    )


class CodeForm(PageForm):
    code = code(
        say("Code"), say("It stands in addresses, for good: lower-case letters, digits and single hyphens.")
    )


class NewElectionForm(CodeForm, FactsForm):
    pass


class ElectionForm(FactsForm):
    edition = edition()
    ballot_seed = text(
        say("Seed of the lots"),
        say("By it contests that are ordered by lot are ordered. It is public as soon as it is saved."),
        needed=False,
        written=(SEED, SEED_WORDS),
    )


class MoveForm(PageForm):
    change = StringField(validators=[AnyOf(get_args(Change), say("This is not one of the moves."))])
    reason = text(say("Reason"), most=500, needed=False)


@pages.get("/elections")
@only(Role.ADMINISTRATOR)
@hide
async def elections() -> ResponseReturnValue:
    return await private_page("drafts/elections.html", elections=await services().elections.all())


@pages.route("/new-election", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR)
@hide
async def new() -> ResponseReturnValue:
    form = await NewElectionForm.create_form(data={"timezone": "UTC"})
    if await form.validate_on_submit():
        with form.refusing():
            made = form.read(NewElection)
            await services().elections.create(made, await actor())
            return await see(
                f"/admin/elections/{made.code}", gettext("The draft is made. Now say what it consists of.")
            )
    return await form_page("drafts/new.html", form)


@pages.get("/elections/<election>")
@only(Role.ADMINISTRATOR, Role.REGISTRAR)
@hide
async def election(election: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    return await _overview(state, await MoveForm.create_form())


@pages.route("/elections/<election>/edit", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR)
@hide
async def edit(election: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    known = {**msgspec.structs.asdict(state), "edition": edition_of(state)}
    form = await ElectionForm.create_form(data=known)
    if await form.validate_on_submit():
        with form.refusing():
            facts = form.read(ElectionEdit)
            await services().elections.edit(election, facts, form.edition.data, await actor())
            return await see(f"/admin/elections/{election}", gettext("Saved."))
    return await form_page("drafts/edit.html", form, election=state)


@pages.post("/elections/<election>/moves")
@only(Role.ADMINISTRATOR)
@hide
async def move_along(election: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    form = await MoveForm.create_form()
    if await form.validate_on_submit():
        # Nobody does it with a session that was left open somewhere.
        if form.change.data == "release":
            require_fresh(await signed_in(request))
        with form.refusing():
            move = form.read(ElectionMove)
            await services().elections.move(election, move.change, move.reason, await actor())
            return await see(f"/admin/elections/{election}", said(DONE[move.change]))
    return await _overview(state, form)


async def _overview(state: ElectionState, form: PageForm) -> Response:
    return await form_page(
        "drafts/election.html",
        form,
        election=state,
        moves=possible_changes(state),
        contests=await services().elections.contests(state.code),
        parties=await services().elections.parties(state.code),
    )
