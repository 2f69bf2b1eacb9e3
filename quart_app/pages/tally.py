"""The officer's entry: own precincts, the form of one contest, its figures read back, and the receipt.

All of it works by plain forms. `static/tally.js` takes the same addresses over where it can run, and then
also without a network (`tally_offline.py`).
"""

from typing import Any

from quart import Blueprint, Response, abort, request
from quart.typing import ResponseReturnValue
from quart_schema import hide, validate_querystring

from models.batch import Receipt
from models.rights import Identity, Role
from quart_app.access import only, public
from quart_app.api.entries import EntryQuery
from quart_app.auth import identity, signed_in
from quart_app.languages.in_templates import to
from quart_app.pages.private import form_page, private_page, see
from quart_app.pages.tally_form import Place, TallyForm, tally_form
from quart_app.wiring import services

pages = Blueprint("tally", __name__, url_prefix="/elections/<election>/tally")


@pages.get("")
@public
@hide
@validate_querystring(EntryQuery)
async def precincts(election: str, query_args: EntryQuery) -> Response:
    if (who := await _officer()) is None:
        return await _way_in(election)
    entry = await services().entries.page(
        election, who, search=query_args.search, after=query_args.after, limit=query_args.limit
    )
    return await _page("tally/precincts.html", election, entry=entry, query=query_args)


@pages.get("/<precinct>")
@public
@hide
async def precinct(election: str, precinct: str) -> Response:
    if (who := await _officer()) is None:
        return await _way_in(election)
    entry = await services().entries.precinct(election, who, precinct)
    return await _page("tally/precinct.html", election, entry=entry)


@pages.get("/<precinct>/<contest>")
@public
@hide
async def form(election: str, precinct: str, contest: str) -> Response:
    if (who := await _officer()) is None:
        return await _way_in(election)
    place = await _place(election, who, precinct, contest)
    empty = await tally_form(place).create_form(data=place.figures)
    empty.begin()
    return await _form(election, empty)


@pages.post("/<precinct>/<contest>")
@only(Role.OFFICER)
@hide
async def send(election: str, precinct: str, contest: str) -> ResponseReturnValue:
    """Reads the figures back, goes back to the form, or sends them: whichever button was pressed."""
    who = await signed_in(request)
    step = (await request.form).get("step")
    filled = await tally_form(await _place(election, who, precinct, contest)).create_form()
    if step == "change" or not await filled.validate():
        return await _form(election, filled)
    if step != "send":
        return await _page("tally/check.html", election, form=filled, place=filled.place)
    with filled.refusing():
        receipt = await _sent(election, who, filled)
        return await see(to(f"/elections/{election}/tally/{precinct}/{contest}/{receipt.seq}"))
    return await _form(election, filled)


@pages.get("/<precinct>/<contest>/<int:seq>")
@only(Role.OFFICER)
@hide
async def receipt(election: str, precinct: str, contest: str, seq: int) -> Response:
    who = await signed_in(request)
    kept = await services().entries.tally(election, who, precinct, seq)
    if kept is None or kept.entry.contest != contest:
        abort(404)
    place = await _place(election, who, precinct, contest)
    return await _page("tally/receipt.html", election, kept=kept, place=place)


async def _officer() -> Identity | None:
    """Whoever asks, where they are an officer; everybody else is shown the way in."""
    who = await identity(request)
    return who if who is not None and who.sends_tallies else None


async def _way_in(election: str) -> Response:
    return await _page("tally/way_in.html", election, back=request.full_path.rstrip("?"))


async def _page(template: str, election: str, **context: Any) -> Response:
    return await private_page(template, election=await services().elections.get(election), **context)


async def _form(election: str, filled: TallyForm) -> Response:
    state = await services().elections.get(election)
    return await form_page("tally/form.html", filled, election=state, place=filled.place)


async def _place(election: str, who: Identity, precinct: str, contest: str) -> Place:
    """Raises what `EntryService.precinct` does; 404 for a contest that is not on the ballot there."""
    entry = await services().entries.precinct(election, who, precinct)
    found = entry.contest(contest)
    if found is None:
        abort(404)
    sent = entry.precincts[0].newest(contest)
    newest = await services().entries.tally(election, who, precinct, sent.seq) if sent else None
    return Place(entry, found, newest)


async def _sent(election: str, who: Identity, filled: TallyForm) -> Receipt:
    """Raises the DomainError for which it was not taken."""
    (answer,) = await services().intake.submit(election, who, "web", [filled.tally])
    if not isinstance(answer, Receipt):
        raise answer
    return answer
