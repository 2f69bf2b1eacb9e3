"""Complaints for everybody: the form, how each of them stands, and one's own, opened with its code.

The pages carry the token of a form and are nobody else's, so no cache keeps them. What was filed stands
in answers to a post alone, and so does the code: neither is ever part of an address.
"""

from typing import Annotated

import msgspec
from quart import Blueprint, Response
from quart.typing import ResponseReturnValue
from quart_schema import hide, validate_querystring
from wtforms import MultipleFileField, StringField, TextAreaField
from wtforms.validators import AnyOf

from models.complaints import (
    DESK_READERS,
    MAX_ATTACHMENT_BYTES,
    MAX_ATTACHMENTS,
    MAX_NUMBER,
    MAX_TEXT,
    Code,
    ComplaintFiled,
    ComplaintFiling,
    ComplaintInfo,
)
from models.errors import DomainError, FieldError
from models.results import ElectionState
from models.statuses import status_word
from models.wording import Figure, say
from quart_app.access import public
from quart_app.attachments import MAX_FORM, attachments_sent
from quart_app.door.limits import SIGN_IN, limited
from quart_app.door.sizes import takes_files
from quart_app.languages.in_templates import to
from quart_app.pages.complaint_words import CATEGORIES, PILLS, STANDINGS
from quart_app.pages.fields import PLAIN, choice, email, maybe, mobile
from quart_app.pages.fields import text as line
from quart_app.pages.forms import PageForm
from quart_app.pages.naming import unit_called
from quart_app.pages.private import form_page, private_page, see
from quart_app.wiring import services
from services.attachments import FIELD

pages = Blueprint("complaints", __name__, url_prefix="/elections/<election>/complaints")

SHOWN = 25
PLACES = 200
"""Units of an election at most whose names the form offers while one types; of more they are looked for."""

_MEDIA = "image/jpeg,image/png,image/webp,application/pdf"
_MOST_MB = Figure(MAX_ATTACHMENT_BYTES // 1024**2)
_UNSEEN = say("Only the desk for complaints reads it.")


class ComplaintsQuery(msgspec.Struct):
    """Complaints with numbers below `before`; `unit` is the place that the form begins with."""

    before: Annotated[int, msgspec.Meta(ge=1, le=MAX_NUMBER)] = MAX_NUMBER
    unit: Code = ""


class Passage(TextAreaField):  # type: ignore[misc]
    """Browsers send each end of a line as two characters, and count it as one."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([given.replace("\r\n", "\n") for given in valuelist])


class ComplaintForm(PageForm):
    category = choice(say("What it is about"), choices={"": say("Choose one"), **CATEGORIES})
    role = choice(say("As whom you complain"), choices={"": say("Choose one"), **STANDINGS})
    unit = line(
        say("Place"),
        say("The polling place or precinct, by its name or code or a part of them."),
        needed=False,
        list="places",
        autocapitalize="none",
    )
    contest = maybe(say("Contest"), say("Where it is about one contest only."))
    text = line(
        say("What happened"),
        say("What, where and when, and who can confirm it. Only the desk for complaints reads it, and you."),
        most=MAX_TEXT,
        kind=Passage,
        rows=8,
        dir="auto",
    )
    attachments = MultipleFileField(
        say("Pictures and documents"),
        description=say(
            "JPEG, PNG, WebP or PDF, %(files)s files of %(most)s MB each at most. "
            "Where and when a picture was taken is removed from it.",
            files=Figure(MAX_ATTACHMENTS),
            most=_MOST_MB,
        ),
        render_kw={"accept": _MEDIA},
    )
    name = line(say("Your name"), _UNSEEN, needed=False, autocomplete="name", dir="auto")
    email = email(say("Your e-mail"))
    telephone = mobile(say("Your telephone"))

    async def offer(self, election: str) -> None:
        """The contests, by code."""
        contests = await services().elections.contests(election)
        self.contest.choices = {"": say("None or several"), **{one.code: one.name for one in contests}}

    def refuse(self, error: DomainError) -> None:
        """Of several files it is said which one is meant."""
        error.errors = tuple(map(_of_file, error.errors))
        super().refuse(error)


class OwnForm(PageForm):
    """The code of a complaint, to read it or to take it back."""

    code = line(
        say("Secret code"),
        say("It was shown once, when the complaint was filed. Capitals, spaces and hyphens do not matter."),
        most=100,
        dir="ltr",
        **PLAIN,
    )
    step = StringField(validators=[AnyOf(("read", "withdraw"), say("Choose only what is offered."))])


@pages.get("")
@public
@hide
@validate_querystring(ComplaintsQuery)
async def complaints(election: str, query_args: ComplaintsQuery) -> Response:
    form = await ComplaintForm.create_form(formdata=None, data={"unit": query_args.unit})
    return await _complaints(election, form, query_args.before)


@pages.post("")
@public
@takes_files(MAX_FORM)
@hide
async def file(election: str) -> Response:
    form = await ComplaintForm.create_form()
    await form.offer(election)
    if await form.validate_on_submit():
        with form.refusing():
            filing = form.read(ComplaintFiling, unit=await unit_called(election, form.unit.data or ""))
            files = await attachments_sent()
            filed = await services().complaint_filings.file(election, filing, files)
            return await _filed(election, filed)
    return await _complaints(election, form, MAX_NUMBER)


@pages.get("/<int:number>")
@public
@hide
async def complaint(election: str, number: int) -> Response:
    return await _complaint(election, number, await OwnForm.create_form(formdata=None))


@pages.post("/<int:number>")
@public
@limited(SIGN_IN)
@hide
async def own(election: str, number: int) -> ResponseReturnValue:
    """With its code a complaint is read by whoever filed it, or taken back."""
    form = await OwnForm.create_form()
    filings = services().complaint_filings
    if await form.validate_on_submit():
        with form.refusing():
            if form.step.data == "withdraw":
                await filings.withdraw(election, number, form.code.data)
                return await see(
                    f"/elections/{election}/complaints/{number}", say("You have taken the complaint back.")
                )
            found = await filings.own(election, number, form.code.data)
            return await form_page("complaints/own.html", form, **await _about(election, found))
    return await _complaint(election, number, form)


async def _complaints(election: str, form: ComplaintForm, before: int) -> Response:
    await form.offer(election)
    found = await services().complaints.newest(election, before=before, limit=SHOWN + 1)
    shown = found[:SHOWN]
    return await form_page(
        "complaints/complaints.html",
        form,
        election=await services().elections.get(election),
        complaints=shown,
        places=await services().complaints.places(election, shown),
        offered=await _offered(election),
        first=before == MAX_NUMBER,
        following=shown[-1].number if len(found) > SHOWN else None,
        sent_files=any(form.attachments.data or ()),
        limits={"bytes": MAX_ATTACHMENT_BYTES, "files": MAX_ATTACHMENTS},
        word=status_word,
        pills=PILLS,
        readers=DESK_READERS,
    )


async def _offered(election: str) -> dict[str, str]:
    """Names of units with their codes; of units of the same name the code stands for the name."""
    units = await services().elections.units(election, limit=PLACES + 1)
    if len(units) > PLACES:
        return {}
    names = [unit.name for unit in units]
    return {unit.name if names.count(unit.name) == 1 else unit.code: unit.code for unit in units}


async def _filed(election: str, filed: ComplaintFiled) -> Response:
    state = await services().elections.get(election)
    return await private_page(
        "complaints/filed.html", 201, election=state, filed=filed, address=_address(state, filed.number)
    )


def _address(election: ElectionState, number: int) -> str:
    return to(f"/elections/{election.code}/complaints/{number}")


async def _complaint(election: str, number: int, form: OwnForm) -> Response:
    found = await services().complaints.get(election, number)
    return await form_page("complaints/complaint.html", form, **await _about(election, found))


async def _about(election: str, found: ComplaintInfo) -> dict[str, object]:
    contests = {one.code: one.name for one in await services().elections.contests(election)}
    return {
        "election": await services().elections.get(election),
        "complaint": found,
        "places": await services().complaints.places(election, [found]),
        "contests": contests,
        "word": status_word,
        "pills": PILLS,
        "readers": DESK_READERS,
    }


def _of_file(fault: FieldError) -> FieldError:
    place = fault.field.removeprefix(f"{FIELD}[").removesuffix("]")
    if not place.isdecimal():
        return fault
    message = say("file %(number)s: %(fault)s", number=int(place) + 1, fault=fault.message)
    return msgspec.structs.replace(fault, message=message)
