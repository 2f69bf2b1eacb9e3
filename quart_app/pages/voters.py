"""The register of voters for registrars. What is looked for is posted: addresses are logged."""

from functools import partial
from typing import Annotated, Any

import msgspec
from quart import Blueprint, Response
from quart.typing import ResponseReturnValue
from quart_schema import hide, validate_querystring
from wtforms import HiddenField, TextAreaField
from wtforms.validators import NumberRange, Optional

from models.editions import edition as edition_of
from models.rights import REGISTRARS
from models.voters import MAX_ID, Move, Removal, VoterEntry, VoterInfo, VoterSearch
from models.wording import say, say_many
from quart_app.access import only
from quart_app.auth import actor
from quart_app.door.limits import STREAMS, limited
from quart_app.pages.fields import PLAIN, WholeNumber, edition, email, mobile, text
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page, private_page, see
from quart_app.pages.uploads import upload_page
from quart_app.wiring import services

pages = Blueprint("voters", __name__, url_prefix="/admin/elections/<election>")

SHOWN = 50

NUMBER = r"^[!-~]([ -~]*[!-~])?\Z"
NUMBER_WORDS = say("Letters, digits and signs of ASCII only.")


class VotersQuery(msgspec.Struct):
    """The registered by their order, those behind `after`; of one precinct where one is named."""

    precinct: Annotated[str, msgspec.Meta(max_length=254)] = ""
    after: Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)] = 0


class SearchForm(PageForm):
    voter_id = text(say("Voter number"), needed=False, most=254, **PLAIN)
    last_name = text(say("Last name"), needed=False, most=254)
    email = text(say("E-mail"), needed=False, most=254, **PLAIN)
    mobile = text(say("Mobile"), needed=False, most=254, **PLAIN)
    precinct = text(say("Precinct"), say("Its code."), needed=False, most=254, **PLAIN)
    after = WholeNumber(validators=[Optional(), NumberRange(0, MAX_ID)], widget=HiddenField.widget)


class VoterForm(PageForm):
    edition = edition()
    voter_id = text(say("Voter number"), most=64, written=(NUMBER, NUMBER_WORDS), **PLAIN)
    first_name = text(say("First name"))
    last_name = text(say("Last name"))
    precinct = text(say("Precinct"), say("Its code."), most=100, **PLAIN)
    email = email()
    mobile = mobile()
    address = text(say("Address"), most=500, needed=False, kind=TextAreaField, rows=3)


class RemovalForm(PageForm):
    reason = text(say("Reason for taking them off the register"), most=500)


class MoveForm(PageForm):
    precinct = text(say("From the precinct"), say("Its code."), most=100, **PLAIN)
    to = text(say("To the precinct"), say("Its code."), most=100, **PLAIN)
    reason = text(say("Reason"), most=500)


@pages.get("/voters")
@only(*REGISTRARS)
@hide
@validate_querystring(VotersQuery)
async def voters(election: str, query_args: VotersQuery) -> ResponseReturnValue:
    found = await services().voters.page(
        election, precinct=query_args.precinct, after=query_args.after, limit=SHOWN + 1
    )
    return await private_page(
        "voters/voters.html",
        election=await services().elections.get(election),
        voters=found[:SHOWN],
        query=query_args,
        following=found[SHOWN - 1].id if len(found) > SHOWN else None,
    )


@pages.route("/find-voters", methods=["GET", "POST"])
@only(*REGISTRARS)
@hide
async def find(election: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    form = await SearchForm.create_form()
    found: list[VoterInfo] | None = None
    if await form.validate_on_submit():
        with form.refusing():
            found = await services().voters.search(election, form.read(VoterSearch, limit=SHOWN))
    following = found[-1].id if found and len(found) == SHOWN else None
    return await form_page("voters/find.html", form, election=state, voters=found, following=following)


@pages.route("/voters/<int:voter>", methods=["GET", "POST"])
@only(*REGISTRARS)
@hide
async def voter(election: str, voter: int) -> ResponseReturnValue:
    form = await VoterForm.create_form(data=await _registered(election, voter))
    if await form.validate_on_submit():
        with form.refusing():
            entry = form.read(VoterEntry)
            await services().voters.change(election, voter, entry, form.edition.data, await actor())
            return await see(f"/admin/elections/{election}/voters/{voter}", say("Saved."))
    return await _voter(election, voter, form, form, await RemovalForm.create_form(formdata=None))


@pages.post("/voters/<int:voter>/remove")
@only(*REGISTRARS)
@hide
async def remove(election: str, voter: int) -> ResponseReturnValue:
    form = await RemovalForm.create_form()
    if await form.validate_on_submit():
        with form.refusing():
            await services().voters.remove(election, voter, form.read(Removal).reason, await actor())
            address = f"/admin/elections/{election}/voters/{voter}"
            return await see(address, say("The voter is taken off the register."))
    entry = await VoterForm.create_form(formdata=None, data=await _registered(election, voter))
    return await _voter(election, voter, form, entry, form)


@pages.route("/move-voters", methods=["GET", "POST"])
@only(*REGISTRARS)
@hide
async def move(election: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    form = await MoveForm.create_form()
    if await form.validate_on_submit():
        with form.refusing():
            order = form.read(Move)
            moved = await services().voters.move(
                election, form.precinct.data, order.to, order.reason, await actor()
            )
            return await see(f"/admin/elections/{election}/voters", _moved(moved))
    return await form_page("voters/move.html", form, election=state)


@pages.route("/upload-voters", methods=["GET", "POST"])
@only(*REGISTRARS)
@limited(STREAMS)
@hide
async def upload(election: str) -> ResponseReturnValue:
    return await upload_page(
        "voters/upload.html", election, partial(services().registration.register, election)
    )


def _moved(number: int) -> str:
    return say_many("%(number)s voter is moved.", "%(number)s voters are moved.", number)


async def _registered(election: str, voter: int) -> dict[str, Any]:
    """A registration as the form shows it."""
    known = await services().voters.get(election, voter)
    return {**msgspec.structs.asdict(known), "edition": edition_of(known)}


async def _voter(
    election: str, voter: int, form: PageForm, entry: VoterForm, removal: RemovalForm
) -> Response:
    """`form` is the one of the two that was sent, if any."""
    return await form_page(
        "voters/voter.html",
        form,
        election=await services().elections.get(election),
        voter=await services().voters.get(election, voter),
        entry=entry,
        removal=removal,
    )
