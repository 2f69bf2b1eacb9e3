"""The reporting units of a draft: many at once out of a file, or one at a time."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

import msgspec
from quart import Blueprint
from quart.typing import ResponseReturnValue
from quart_schema import hide, validate_querystring

from models.drafting import NewUnit, UnitEdit
from models.editions import edition as edition_of
from models.errors import Invalid
from models.rights import Role
from models.submissions import MAX_COUNT
from models.wording import say
from quart_app.access import only
from quart_app.auth import actor
from quart_app.door.limits import STREAMS, limited
from quart_app.languages import gettext
from quart_app.pages.draft_forms import CodeForm, RemoveForm
from quart_app.pages.fields import code, edition, number, text
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page, private_page, see
from quart_app.pages.uploads import upload_page
from quart_app.wiring import services
from services.bulk import REFUSED, Raw

pages = Blueprint("draft_units", __name__, url_prefix="/admin/elections/<election>")

SHOWN = 100


class UnitsQuery(msgspec.Struct):
    after: Annotated[str, msgspec.Meta(max_length=200)] = ""


class UnitForm(PageForm):
    edition = edition()
    name = text(say("Name"))
    kind = code(
        say("Kind"), say("Such as country, county, municipality; precinct is the kind of those that report.")
    )
    parent = text(
        say("Lies in"),
        say("The code of the unit above it. Only the whole, such as the country, has none."),
        needed=False,
    )
    voters_registered = number(say("Registered voters"), least=0, most=MAX_COUNT, needed=False)


class NewUnitForm(CodeForm, UnitForm):
    pass


@pages.get("/units")
@only(Role.ADMINISTRATOR)
@hide
@validate_querystring(UnitsQuery)
async def units(election: str, query_args: UnitsQuery) -> ResponseReturnValue:
    found = await services().elections.units(election, after=query_args.after, limit=SHOWN + 1)
    return await private_page(
        "drafts/units.html",
        election=await services().elections.get(election),
        units=found[:SHOWN],
        after=query_args.after,
        following=found[SHOWN - 1].code if len(found) > SHOWN else None,
    )


@pages.route("/upload-units", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR)
@limited(STREAMS)
@hide
async def upload(election: str) -> ResponseReturnValue:
    return await upload_page(
        "drafts/upload_units.html", election, partial(services().drafting.add_units, election)
    )


@pages.route("/new-unit", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR)
@hide
async def add(election: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    form = await NewUnitForm.create_form()
    if await form.validate_on_submit():
        with form.refusing():
            await _plant(election, msgspec.to_builtins(form.read(NewUnit)))
            return await see(f"/admin/elections/{election}/units", gettext("The unit is added."))
    return await form_page("drafts/new_unit.html", form, election=state)


@pages.route("/units/<unit>", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR)
@hide
async def unit(election: str, unit: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    known = await services().drafting.unit(election, unit)
    read = edition_of(known)
    form = await UnitForm.create_form(data={**msgspec.structs.asdict(known), "edition": read})
    if await form.validate_on_submit():
        with form.refusing():
            await services().drafting.edit_unit(
                election, unit, form.read(UnitEdit), form.edition.data, await actor()
            )
            return await see(f"/admin/elections/{election}/units", gettext("Saved."))
    return await form_page("drafts/unit.html", form, election=state, unit=known, read=read)


@pages.post("/units/<unit>/remove")
@only(Role.ADMINISTRATOR)
@hide
async def remove(election: str, unit: str) -> ResponseReturnValue:
    form = await RemoveForm.create_form()
    await services().drafting.remove_unit(election, unit, form.edition.data or "", await actor())
    return await see(f"/admin/elections/{election}/units", gettext("The unit is removed."))


async def _plant(election: str, row: dict[str, Any]) -> None:
    """One unit, as if it were a file of one row. Raises Invalid."""

    async def rows() -> AsyncIterator[list[Raw]]:
        yield [(1, row)]

    async for results in services().drafting.add_units(election, rows(), await actor()):
        for result in results:
            if result.status == REFUSED:
                raise Invalid(result.errors)
