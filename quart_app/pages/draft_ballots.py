"""What stands on the ballots of a draft: parties, contests and their selections."""

from typing import TypeVar

import msgspec
from quart import Blueprint
from quart.typing import ResponseReturnValue
from quart_schema import hide
from wtforms import BooleanField, ColorField
from wtforms.validators import InputRequired

from models.ballot_order import BallotOrder
from models.definitions import VoteVariation
from models.drafting import ContestEdit, NewContest, NewParty, NewSelection, PartyEdit, SelectionEdit
from models.editions import edition as edition_of
from models.rights import Role
from models.wording import say
from quart_app.access import only
from quart_app.auth import actor
from quart_app.languages import gettext
from quart_app.pages.draft_forms import CodeForm, RemoveForm
from quart_app.pages.fields import choice, edition, lines, maybe, number, text
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page, private_page, see
from quart_app.pages.words import ORDER_WORDS, VARIATION_WORDS
from quart_app.wiring import services

pages = Blueprint("draft_ballots", __name__, url_prefix="/admin/elections/<election>")

Contest = TypeVar("Contest", bound=ContestEdit)

PARTY_CODE = r"^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*\Z"
PARTY_WORDS = say("Letters and digits, with single dots, hyphens or underscores between them, such as REP.")
MOST_SEATS = 1000


class PartyCodeForm(PageForm):
    code = text(say("Code"), PARTY_WORDS, most=100, written=(PARTY_CODE, PARTY_WORDS))


def _lower(colour: str | None) -> str:
    return (colour or "").lower()


class PartyForm(PageForm):
    edition = edition()
    name = text(say("Name"))
    colour = ColorField(
        say("Colour"),
        [InputRequired(say("Choose a colour."))],
        description=say("Only an addition to the name, never in its place."),
        filters=[_lower],
    )


class NewPartyForm(PartyCodeForm, PartyForm):
    pass


class SelectionForm(PageForm):
    edition = edition()
    name = text(say("Name"), say("As it stands on the ballot."))
    party = maybe(say("Party"))

    async def offer(self, election: str) -> None:
        """The parties that there are."""
        parties = await services().elections.parties(election)
        self.party.choices = {"": say("None"), **{party.code: party.name for party in parties}}


class NewSelectionForm(CodeForm, SelectionForm):
    pass


class ContestForm(PageForm):
    edition = edition()
    name = text(say("Name"), say("The question as it stands on the ballot."))
    is_measure = BooleanField(
        say("A ballot measure"), description=say("People answer it; nobody stands in it.")
    )
    district = text(say("District"), say("The code of the unit whose voters are asked."), most=100)
    vote_variation = choice(
        say("How votes are given"), choices={kind: VARIATION_WORDS[kind] for kind in VoteVariation}
    )
    votes_allowed = number(say("Votes of each voter"), least=1, most=MOST_SEATS, default=1)
    number_elected = number(say("How many are elected"), least=1, most=MOST_SEATS, default=1)
    ballot_order = choice(
        say("Order on the ballot"), choices={rule: ORDER_WORDS[rule] for rule in BallotOrder}
    )
    precincts = lines(
        say("Only in these precincts"),
        say("Codes, one to a line. With none it stands in every precinct of its district."),
    )

    def contest(self, kind: type[Contest]) -> Contest:
        """Raises Invalid."""
        return self.read(kind, precincts=self.precincts.data.split() or None)


class NewContestForm(CodeForm, ContestForm):
    pass


# ---- parties ----


@pages.get("/parties")
@only(Role.ADMINISTRATOR)
@hide
async def parties(election: str) -> ResponseReturnValue:
    return await private_page(
        "drafts/parties.html",
        election=await services().elections.get(election),
        parties=await services().elections.parties(election),
    )


@pages.route("/new-party", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR)
@hide
async def add_party(election: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    form = await NewPartyForm.create_form(data={"colour": "#5d6b7c"})
    if await form.validate_on_submit():
        with form.refusing():
            await services().ballot_design.add_party(election, form.read(NewParty), await actor())
            return await see(f"/admin/elections/{election}/parties", gettext("The party is added."))
    return await form_page("drafts/new_party.html", form, election=state)


@pages.route("/parties/<party>", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR)
@hide
async def party(election: str, party: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    known = await services().ballot_design.party(election, party)
    read = edition_of(known)
    form = await PartyForm.create_form(data={**msgspec.structs.asdict(known), "edition": read})
    if await form.validate_on_submit():
        with form.refusing():
            edit = form.read(PartyEdit)
            await services().ballot_design.edit_party(election, party, edit, form.edition.data, await actor())
            return await see(f"/admin/elections/{election}/parties", gettext("Saved."))
    return await form_page("drafts/party.html", form, election=state, party=known, read=read)


@pages.post("/parties/<party>/remove")
@only(Role.ADMINISTRATOR)
@hide
async def remove_party(election: str, party: str) -> ResponseReturnValue:
    form = await RemoveForm.create_form()
    await services().ballot_design.remove_party(election, party, form.edition.data or "", await actor())
    return await see(f"/admin/elections/{election}/parties", gettext("The party is removed."))


# ---- contests ----


@pages.get("/contests")
@only(Role.ADMINISTRATOR)
@hide
async def contests(election: str) -> ResponseReturnValue:
    return await private_page(
        "drafts/contests.html",
        election=await services().elections.get(election),
        contests=await services().elections.contests(election),
    )


@pages.route("/new-contest", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR)
@hide
async def add_contest(election: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    form = await NewContestForm.create_form(data={"vote_variation": VoteVariation.PLURALITY})
    if await form.validate_on_submit():
        with form.refusing():
            new = form.contest(NewContest)
            await services().ballot_design.add_contest(election, new, await actor())
            address = f"/admin/elections/{election}/contests/{new.code}"
            return await see(address, gettext("The contest is added. Now say what can be chosen in it."))
    return await form_page("drafts/new_contest.html", form, election=state)


@pages.route("/contests/<contest>", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR)
@hide
async def contest(election: str, contest: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    known = await services().ballot_design.contest(election, contest)
    read = edition_of(known)
    facts = {**msgspec.structs.asdict(known), "precincts": "\n".join(known.precincts or ())}
    form = await ContestForm.create_form(data={**facts, "edition": read})
    if await form.validate_on_submit():
        with form.refusing():
            await services().ballot_design.edit_contest(
                election, contest, form.contest(ContestEdit), form.edition.data, await actor()
            )
            return await see(f"/admin/elections/{election}/contests/{contest}", gettext("Saved."))
    return await form_page("drafts/contest.html", form, election=state, contest=known, read=read)


@pages.post("/contests/<contest>/remove")
@only(Role.ADMINISTRATOR)
@hide
async def remove_contest(election: str, contest: str) -> ResponseReturnValue:
    form = await RemoveForm.create_form()
    await services().ballot_design.remove_contest(election, contest, form.edition.data or "", await actor())
    return await see(f"/admin/elections/{election}/contests", gettext("The contest is removed."))


# ---- selections ----


@pages.route("/contests/<contest>/new-selection", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR)
@hide
async def add_selection(election: str, contest: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    known = await services().ballot_design.contest(election, contest)
    form = await NewSelectionForm.create_form()
    await form.offer(election)
    if await form.validate_on_submit():
        with form.refusing():
            new = form.read(NewSelection)
            await services().ballot_design.add_selection(election, contest, new, await actor())
            return await see(f"/admin/elections/{election}/contests/{contest}", gettext("It is added."))
    return await form_page("drafts/new_selection.html", form, election=state, contest=known)


@pages.route("/contests/<contest>/selections/<selection>", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR)
@hide
async def selection(election: str, contest: str, selection: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    whole = await services().ballot_design.contest(election, contest)
    known = await services().ballot_design.selection(election, contest, selection)
    read = edition_of(known)
    form = await SelectionForm.create_form(data={**msgspec.structs.asdict(known), "edition": read})
    await form.offer(election)
    if await form.validate_on_submit():
        with form.refusing():
            await services().ballot_design.edit_selection(
                election, contest, selection, form.read(SelectionEdit), form.edition.data, await actor()
            )
            return await see(f"/admin/elections/{election}/contests/{contest}", gettext("Saved."))
    return await form_page(
        "drafts/selection.html", form, election=state, contest=whole, selection=known, read=read
    )


@pages.post("/contests/<contest>/selections/<selection>/remove")
@only(Role.ADMINISTRATOR)
@hide
async def remove_selection(election: str, contest: str, selection: str) -> ResponseReturnValue:
    form = await RemoveForm.create_form()
    await services().ballot_design.remove_selection(
        election, contest, selection, form.edition.data or "", await actor()
    )
    return await see(f"/admin/elections/{election}/contests/{contest}", gettext("It is removed."))
