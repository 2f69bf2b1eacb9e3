"""An election's checks, double entry and recount threshold, with a preview against what is counted."""

from typing import Any

from quart import Blueprint, Response, request
from quart.typing import ResponseReturnValue
from quart_schema import hide
from wtforms import BooleanField

from models.canvass_settings import MOST_THRESHOLD, CanvassSettings
from models.check_preview import CheckPreview, ChecksPreview
from models.check_settings import CHECKS, CheckName, CheckSetting, CheckSettings
from models.editions import edition as edition_of
from models.rights import Role
from models.wording import say
from quart_app.access import only
from quart_app.auth import actor
from quart_app.pages.fields import edition, number
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page, see
from quart_app.wiring import services

pages = Blueprint("checks", __name__, url_prefix="/admin/elections/<election>/checks")


class ChecksForm(PageForm):
    """Beside these it has two fields for each check: `balance_on` and `balance_tolerance`."""

    edition = edition()
    double_entry = BooleanField(
        say("Two people enter each tally"),
        description=say(
            "Neither sees the other’s figures. Settled as soon as the first tally has been sent."
        ),
    )
    recount_threshold = number(
        say("Recount threshold, in hundredths of a percent of the votes"),
        say("50 stands for half a percent: a margin of so much, or less, is to be recounted. 0 for never."),
        least=0,
        most=MOST_THRESHOLD,
    )

    def checks(self) -> CheckSettings:
        return CheckSettings(
            **{
                _field(name): CheckSetting(
                    on=self[f"{_field(name)}_on"].data, tolerance=self[f"{_field(name)}_tolerance"].data
                )
                for name in CHECKS
            }
        )

    def settings(self) -> CanvassSettings:
        return CanvassSettings(
            checks=self.checks(),
            double_entry=self.double_entry.data,
            recount_threshold=self.recount_threshold.data,
        )


def _field(check: CheckName) -> str:
    return check.name.lower()


for _kind in CHECKS.values():
    _label = say("%(check)s: tolerance in %(unit)s", check=_kind.label, unit=_kind.unit)
    setattr(ChecksForm, f"{_field(_kind.name)}_on", BooleanField(say("This check is made")))
    setattr(ChecksForm, f"{_field(_kind.name)}_tolerance", number(_label, least=_kind.least, most=_kind.most))


@pages.get("")
@only(Role.ADMINISTRATOR)
@hide
async def checks(election: str) -> ResponseReturnValue:
    return await _page(election, await ChecksForm.create_form(data=await _known(election)))


@pages.post("")
@only(Role.ADMINISTRATOR)
@hide
async def set_checks(election: str) -> ResponseReturnValue:
    """Saves, or shows what the checks would make of what is counted: whichever button was pressed."""
    form = await ChecksForm.create_form()
    preview = None
    if await form.validate_on_submit():
        house = services().canvass_settings
        with form.refusing():
            if (await request.form).get("step") != "preview":
                await house.set(election, form.settings(), form.edition.data, await actor())
                return await see(f"/admin/elections/{election}/checks", say("Saved; it stands in the log."))
            preview = await house.preview(election, form.checks())
    return await _page(election, form, preview)


async def _known(election: str) -> dict[str, Any]:
    """The settings as the form shows them."""
    known = await services().canvass_settings.get(election)
    data: dict[str, Any] = {
        "edition": edition_of(known),
        "double_entry": known.double_entry,
        "recount_threshold": known.recount_threshold,
    }
    for name in CHECKS:
        setting = known.checks.of(name)
        data |= {f"{_field(name)}_on": setting.on, f"{_field(name)}_tolerance": setting.tolerance}
    return data


async def _page(election: str, form: ChecksForm, preview: ChecksPreview | None = None) -> Response:
    found = {one.check: one for one in preview.checks} if preview else {}
    return await form_page(
        "drafts/checks.html",
        form,
        election=await services().elections.get(election),
        rows=[_row(form, name, found.get(name)) for name in CHECKS],
        preview=preview,
    )


def _row(form: ChecksForm, name: CheckName, found: CheckPreview | None) -> dict[str, Any]:
    """One check as the page shows it."""
    return {
        "kind": CHECKS[name],
        "on": form[f"{_field(name)}_on"],
        "tolerance": form[f"{_field(name)}_tolerance"],
        "found": found,
    }
