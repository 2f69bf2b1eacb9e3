"""Candidates for everybody: who stands, in the order of the ballot, and the form with which one files."""

from collections import defaultdict
from typing import Annotated

import msgspec
from quart import Blueprint
from quart.typing import ResponseReturnValue
from quart_schema import hide, validate_querystring
from wtforms import TextAreaField

from models.candidates import MAX_NAME, Filing
from models.wording import say
from quart_app.access import public
from quart_app.pages.fields import choice, email, maybe, mobile, text
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page, private_page, visitor
from quart_app.pages.rendering import FRESH, page
from quart_app.wiring import services

pages = Blueprint("filing", __name__, url_prefix="/elections/<election>")

CONTESTS = 25
"""Contests on one page."""
WITHDRAWN = 1000
"""Withdrawn candidates that are named at most."""


class CandidatesQuery(msgspec.Struct):
    """Contests behind `after`, in ballot order."""

    after: Annotated[str, msgspec.Meta(max_length=100)] = ""


class FilingForm(PageForm):
    contest = choice(say("Contest"))
    first_name = text(say("First name"), say("As it shall stand on the ballot."), most=MAX_NAME)
    last_name = text(say("Last name"), say("As it shall stand on the ballot."), most=MAX_NAME)
    party = maybe(say("Party"))
    address = text(say("Address"), most=500, needed=False, kind=TextAreaField, rows=3)
    telephone = mobile(say("Telephone"))
    email = email()

    async def offer(self, election: str) -> None:
        """The contests that somebody can stand in, and the parties."""
        contests = await services().elections.contests(election)
        parties = await services().elections.parties(election)
        self.contest.choices = {one.code: one.name for one in contests if not one.is_measure}
        self.party.choices = {"": say("None"), **{party.code: party.name for party in parties}}


@pages.get("/candidates")
@public
@hide
@validate_querystring(CandidatesQuery)
async def candidates(election: str, query_args: CandidatesQuery) -> ResponseReturnValue:
    ballot = await services().ballots.get(election)
    codes = [contest.code for contest in ballot.contests]
    start = codes.index(query_args.after) + 1 if query_args.after in codes else 0
    shown = ballot.contests[start : start + CONTESTS]
    left = defaultdict(list)
    for one in await services().candidates.page(election, status="withdrawn", limit=WITHDRAWN):
        left[one.contest].append(one.name)
    return await page(
        "filing/candidates.html",
        cache=FRESH,
        election=await services().elections.get(election),
        ballot=ballot,
        contests=shown,
        withdrawn=left,
        first=start == 0,
        following=shown[-1].code if start + CONTESTS < len(codes) else None,
    )


@pages.route("/file", methods=["GET", "POST"])
@public
@hide
async def file(election: str) -> ResponseReturnValue:
    state = await services().elections.get(election)
    form = await FilingForm.create_form()
    await form.offer(election)
    if await form.validate_on_submit():
        with form.refusing():
            filed = await services().candidates.file(election, form.read(Filing), await visitor())
            return await private_page("filing/filed.html", 201, election=state, filed=filed)
    return await form_page("filing/file.html", form, election=state)
