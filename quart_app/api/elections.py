"""Elections and what they consist of."""

from typing import Annotated, TypeVar

import msgspec
from quart import Blueprint, Response
from quart_schema import document_response, tag, validate_querystring

from models.editions import edition
from models.places import ContestInfo, PartyInfo, UnitInfo
from models.results import ElectionState
from quart_app.access import public
from quart_app.answers import PRIVATE, SETTLED, json_response, page
from quart_app.errors import Problem
from quart_app.wiring import services

api = Blueprint("api_elections", __name__, url_prefix="/api/v1/elections")

PageLimit = Annotated[int, msgspec.Meta(ge=1, le=1000, description="Items on a page at most")]


class PageQuery(msgspec.Struct):
    limit: PageLimit = 100
    after: Annotated[str, msgspec.Meta(max_length=200, description="Code of the last item seen")] = ""


class ElectionInfo(msgspec.Struct, frozen=True):
    """An election. `status` is its place in the lifecycle; `released` opens its figures to the public.

    By `ballot_seed` the lot orders ballots (`models/ballot_order.py`).
    """

    code: str
    name: str
    date: str
    timezone: str
    is_test: bool
    status: str
    released: bool
    ballot_seed: str | None

    @classmethod
    def of(cls, state: ElectionState) -> "ElectionInfo":
        return cls(
            state.code,
            state.name,
            state.date.isoformat(),
            state.timezone,
            state.is_test,
            state.status,
            state.results_released,
            state.ballot_seed,
        )


def election_response(state: ElectionState, status: int = 200, *, cache: str = PRIVATE) -> Response:
    """The election with its entity tag, which changes with every entry that the log has of it."""
    response = json_response(ElectionInfo.of(state), status, cache=cache)
    response.headers["ETag"] = f'"{edition(state)}"'
    return response


T = TypeVar("T", ElectionInfo, ContestInfo, PartyInfo)


class ElectionPage(msgspec.Struct):
    elections: list[ElectionInfo]
    next: str | None


class ContestPage(msgspec.Struct):
    contests: list[ContestInfo]
    next: str | None


class UnitPage(msgspec.Struct):
    units: list[UnitInfo]
    next: str | None


class PartyPage(msgspec.Struct):
    parties: list[PartyInfo]
    next: str | None


@api.get("")
@public
@tag(["elections"])
@validate_querystring(PageQuery)
@document_response(ElectionPage)
async def elections(query_args: PageQuery) -> Response:
    """Every election, the newest first."""
    found = [ElectionInfo.of(state) for state in await services().elections.all()]
    return page("elections", _behind(found, query_args), limit=query_args.limit, key="code")


@api.get("/<election>")
@public
@tag(["elections"])
@document_response(ElectionInfo)
@document_response(Problem, 404)
async def election(election: str) -> Response:
    """One election; its `ETag` is what an edit is held against."""
    return election_response(await services().elections.get(election), cache=SETTLED)


@api.get("/<election>/contests")
@public
@tag(["elections"])
@validate_querystring(PageQuery)
@document_response(ContestPage)
@document_response(Problem, 404)
async def contests(election: str, query_args: PageQuery) -> Response:
    """The contests with their selections, in ballot order."""
    found = _behind(await services().elections.contests(election), query_args)
    return page("contests", found, limit=query_args.limit, key="code")


@api.get("/<election>/units")
@public
@tag(["elections"])
@validate_querystring(PageQuery)
@document_response(UnitPage)
@document_response(Problem, 404)
async def units(election: str, query_args: PageQuery) -> Response:
    """The reporting units by code; `parent` leads up the tree."""
    found = await services().elections.units(election, after=query_args.after, limit=query_args.limit)
    return page("units", found, limit=query_args.limit, key="code")


@api.get("/<election>/parties")
@public
@tag(["elections"])
@validate_querystring(PageQuery)
@document_response(PartyPage)
@document_response(Problem, 404)
async def parties(election: str, query_args: PageQuery) -> Response:
    """The parties by code, with their colours."""
    found = _behind(await services().elections.parties(election), query_args)
    return page("parties", found, limit=query_args.limit, key="code")


def _behind(items: list[T], query: PageQuery) -> list[T]:
    """The page behind the item named; a short list that is read whole anyway."""
    start = 0
    if query.after:
        codes = [item.code for item in items]
        start = codes.index(query.after) + 1 if query.after in codes else len(items)
    return items[start : start + query.limit]
