"""The reviewers' desk: the queue of what waits for a person, and a page for each tally that waits.

Both work by plain forms. `static/review.js` keeps the queue true and lets the keyboard go through it;
which cases are shown stands in the address.
"""

from typing import Annotated, Any

import msgspec
from quart import Blueprint, Response, request
from quart.typing import ResponseReturnValue
from quart_schema import hide, validate_querystring
from wtforms import StringField, TextAreaField
from wtforms.validators import AnyOf

from models.canvass import MOST_REASON, Decision, Verdict
from models.complaints import CATEGORY_WORDS
from models.errors import FieldError, Invalid, UnknownTally
from models.log import MAX_SEQ
from models.reviewing import (
    DESK,
    DESK_READERS,
    MOST_SIBLINGS,
    CaseDecision,
    CaseFile,
    ReviewFilter,
    ReviewQuery,
    ReviewQueue,
)
from models.statuses import status_word
from models.wording import say
from quart_app.access import only
from quart_app.auth import actor, signed_in
from quart_app.languages.in_templates import to
from quart_app.pages.fields import text
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page, private_page, see
from quart_app.pages.resolving import ResolutionForm, resolution_form
from quart_app.pages.review_words import CHANNELS, CHECK_LABELS, DECIDED, NOTICES, STATUSES, waited
from quart_app.wiring import services
from services.clock import utc_now

pages = Blueprint("reviewing", __name__, url_prefix="/elections/<election>/review")

SHOWN = 50
AGES = (5, 15, 30, 60)
"""Minutes of waiting that can be chosen."""

_PUBLIC = say("Everybody can read it in the public log: say what you found, and name nobody.")


_NO_ENTRY = say("The entry in the log is a whole number.")


class DeskQuery(ReviewFilter, frozen=True, kw_only=True):
    """Which cases are shown; `entry` goes to any tally by its log entry."""

    after: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)] = 0
    entry: Annotated[str, msgspec.Meta(max_length=20)] = ""


class VerdictForm(PageForm):
    decision = StringField(validators=[AnyOf([*Decision], say("This is not one of the decisions."))])
    reason = text(say("Reason"), _PUBLIC, most=MOST_REASON, kind=TextAreaField, rows=3)


@pages.get("")
@only(*DESK_READERS)
@hide
@validate_querystring(DeskQuery)
async def queue(election: str, query_args: DeskQuery) -> ResponseReturnValue:
    try:
        if wanted := "".join(query_args.entry.split()):
            return await see(f"/elections/{election}/review/{await _looked_for(election, wanted)}")
        found = await _found(election, query_args)
    except Invalid as error:
        return await _queue(election, query_args, None, 422, error.errors)
    return await _queue(election, query_args, found, 200, ())


@pages.get("/<int:seq>")
@only(*DESK_READERS)
@hide
async def case(election: str, seq: int) -> Response:
    return await _case(election, seq, await VerdictForm.create_form(formdata=None))


@pages.post("/<int:seq>")
@only(*DESK)
@hide
async def decide(election: str, seq: int) -> ResponseReturnValue:
    form = await VerdictForm.create_form()
    if await form.validate_on_submit():
        with form.refusing():
            verdict = form.read(Verdict)
            if await _made(election, seq, verdict.decision, verdict.reason) is None:
                await services().canvass.decide(election, seq, verdict, await actor())
        if not form.errors or await _made(election, seq, form.decision.data, form.reason.data):
            return await see(f"/elections/{election}/review/{seq}", NOTICES[Decision(form.decision.data)])
    return await _case(election, seq, form)


@pages.get("/<int:seq>/resolve")
@only(*DESK)
@hide
async def resolve_form(election: str, seq: int) -> Response:
    found = await _file(election, seq)
    form = await resolution_form(found).create_form(formdata=None)
    form.begin()
    return await _resolving(election, found, form)


@pages.post("/<int:seq>/resolve")
@only(*DESK)
@hide
async def resolve(election: str, seq: int) -> ResponseReturnValue:
    """Adds up what was typed, or counts it: whichever button was pressed."""
    found = await _file(election, seq)
    form = await resolution_form(found).create_form()
    if await form.is_sound() and form.step.data == "send":
        with form.refusing():
            receipt = await services().canvass.resolve(election, seq, form.resolution, await actor())
            return await see(f"/elections/{election}/review/{receipt.seq}", NOTICES[Decision.RESOLVE])
        if made := await _made(election, seq, Decision.RESOLVE, form.reason.data):
            return await see(f"/elections/{election}/review/{made.seq}", NOTICES[Decision.RESOLVE])
    return await _resolving(election, await _file(election, seq), form)


async def _looked_for(election: str, wanted: str) -> int:
    """The log entry that was typed, where it brought a tally; raises Invalid."""
    try:
        return (await _file(election, int(wanted))).seq
    except UnknownTally as error:
        raise Invalid((FieldError("entry", error.title, error.code),)) from None
    except ValueError:
        raise Invalid((FieldError("entry", _NO_ENTRY, "bad-entry"),)) from None


async def _found(election: str, query: DeskQuery) -> ReviewQueue:
    fields = {name: getattr(query, name) for name in ReviewFilter.__struct_fields__}
    wanted = ReviewQuery(**fields, after=query.after, limit=SHOWN + 1)
    return await services().reviewing.queue(election, wanted, await signed_in(request))


async def _queue(
    election: str, query: DeskQuery, found: ReviewQueue | None, status: int, faults: Any
) -> Response:
    cases = found.cases if found else []
    asked = {name: value for name, value in msgspec.to_builtins(query).items() if value and name != "after"}
    asked = {name: "true" if value is True else value for name, value in asked.items()}
    here = f"/elections/{election}/review"
    contests = await services().elections.contests(election)
    return await private_page(
        "reviewing/queue.html",
        status,
        election=await services().elections.get(election),
        contests=contests,
        names={contest.code: {one.code: one.name for one in contest.selections} for contest in contests},
        found=found,
        cases=cases[:SHOWN],
        query=query,
        filtered=bool(asked),
        faults=faults,
        first=to(here, **asked) if query.after else "",
        following=to(here, **asked, after=str(cases[SHOWN - 1].position)) if len(cases) > SHOWN else "",
        labels=CHECK_LABELS,
        ages=AGES,
        now=utc_now(),
        waited=waited,
    )


async def _made(election: str, seq: int, decision: str, reason: str) -> CaseDecision | None:
    """The same person's decision, where it is the newest of all on the tally: a button was pressed twice."""
    who = await signed_in(request)
    found = await services().reviewing.case(election, seq, who)
    newest = next((one for one in reversed(found.decisions) if one.tally == seq), None)
    same = newest and (newest.by, newest.decision, newest.reason) == (who.username, decision, reason.strip())
    return newest if same else None


async def _file(election: str, seq: int) -> CaseFile:
    return await services().reviewing.case(election, seq, await signed_in(request))


async def _case(election: str, seq: int, form: PageForm) -> Response:
    """As it stands now, also where something else was sent to it."""
    return await form_page("reviewing/case.html", form, **await _shown(election, await _file(election, seq)))


async def _resolving(election: str, found: CaseFile, form: ResolutionForm) -> Response:
    return await form_page("reviewing/resolve.html", form, **await _shown(election, found))


async def _shown(election: str, found: CaseFile) -> dict[str, Any]:
    return {
        "election": await services().elections.get(election),
        "case": found,
        "steps": _steps(found),
        "statuses": STATUSES,
        "channels": CHANNELS,
        "decided": DECIDED,
        "most_siblings": MOST_SIBLINGS,
        "complaint_categories": CATEGORY_WORDS,
        "complaint_status": status_word,
        "now": utc_now(),
        "waited": waited,
    }


def _steps(found: CaseFile) -> list[Any]:
    """What happened, in order. A tally that resolved others stands there as the decision that it came of."""
    resolutions = {one.seq for one in found.decisions if one.decision == Decision.RESOLVE}
    tallies = [tally for tally in found.tallies if tally.seq not in resolutions]
    return sorted([*tallies, *found.decisions], key=lambda step: step.seq)
