"""Candidates: filings of the public and of the registrars, and what becomes of them."""

from typing import Annotated, Literal

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag, validate_querystring

from models.candidates import (
    Ballot,
    CandidateInfo,
    CodedFiling,
    Decisions,
    Filed,
    Filing,
    FilingDecided,
    FilingDecision,
    FilingEdit,
)
from models.patterns import NO_NUL
from models.personal import CandidateContact
from models.rights import REGISTRARS, Role
from quart_app.access import only, public
from quart_app.answers import LIVE, NDJSON, PRIVATE, editable, if_match, json_response, page
from quart_app.api.elections import PageQuery
from quart_app.auth import actor, identity
from quart_app.bodies import json_body
from quart_app.bulk import BulkAnswer, bulk_response, rows_of
from quart_app.door.limits import STREAMS, limited
from quart_app.errors import Problem
from quart_app.openapi import also_answers, takes_rows
from quart_app.openapi_examples import BULK_LINES, CANDIDATES_CSV
from quart_app.wiring import services

api = Blueprint("api_candidates", __name__, url_prefix="/api/v1/elections/<election>")

_SEE_FILINGS = frozenset({*REGISTRARS, Role.AUDITOR})

Code = Annotated[str, msgspec.Meta(max_length=100, pattern=NO_NUL)]


class CandidateQuery(PageQuery):
    contest: Annotated[Code, msgspec.Meta(description="Only this contest")] = ""
    status: Annotated[
        Literal["", "filed", "qualified", "rejected", "withdrawn"],
        msgspec.Meta(description="Only these; the public sees the qualified and the withdrawn"),
    ] = ""


class BallotQuery(msgspec.Struct):
    precinct: Annotated[Code, msgspec.Meta(description="Only what is on the ballot in this precinct")] = ""


class CandidatePage(msgspec.Struct):
    candidates: list[CandidateInfo]
    next: str | None


class DecidedMany(msgspec.Struct, frozen=True):
    """How many were decided on and how many refused; and each of them, in order."""

    decided: int
    refused: int
    items: list[FilingDecided]


@api.post("/filings")
@public
@tag(["candidates"])
@json_body(Filing)
@document_response(Filed, 201)
@document_response(Problem, 409)
async def file_candidate(election: str, data: Filing) -> Response:
    """Files for a contest of a draft. It is seen by the registrars only until they have qualified it."""
    filed = await services().candidates.file(election, data, await actor())
    return json_response(filed, 201)


@api.post("/candidates")
@only(*REGISTRARS)
@limited(STREAMS)
@tag(["candidates"])
@takes_rows(CodedFiling, CANDIDATES_CSV)
@also_answers(NDJSON, BULK_LINES)
@document_response(BulkAnswer)
@document_response(Problem, 409)
async def file_candidates(election: str) -> Response:
    """Files many at once, as a JSON array or as CSV with a header line; each row is answered.

    The same code with the same content is there already and unchanged; with other content it is refused.
    """
    results = services().candidates.file_many(election, rows_of(request), await actor())
    return await bulk_response(results)


@api.get("/candidates")
@public
@tag(["candidates"])
@validate_querystring(CandidateQuery)
@document_response(CandidatePage)
async def candidates(election: str, query_args: CandidateQuery) -> Response:
    """Candidates by code. Filings that wait or were rejected are seen by registrars and auditors only."""
    everything = await _sees_filings()
    found = await services().candidates.page(
        election,
        contest=query_args.contest,
        status=query_args.status,
        after=query_args.after,
        limit=query_args.limit,
        everything=everything,
    )
    response = page("candidates", found, limit=query_args.limit, key="code")
    response.headers["Cache-Control"] = PRIVATE if everything else LIVE
    return response


@api.get("/candidates/<candidate>")
@public
@tag(["candidates"])
@document_response(CandidateInfo)
async def candidate(election: str, candidate: str) -> Response:
    """One candidate; its `ETag` is what a correction is held against."""
    everything = await _sees_filings()
    return editable(await services().candidates.get(election, candidate, everything=everything))


@api.get("/candidates/<candidate>/contact")
@only(*REGISTRARS)
@tag(["candidates"])
@document_response(CandidateContact)
async def candidate_contact(election: str, candidate: str) -> Response:
    """How to reach a candidate."""
    return json_response(await services().candidates.contact(election, candidate), cache=PRIVATE)


@api.put("/candidates/<candidate>")
@only(*REGISTRARS)
@tag(["candidates"])
@json_body(FilingEdit)
@document_response(CandidateInfo)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def correct_candidate(election: str, candidate: str, data: FilingEdit) -> Response:
    """Corrects a filing that waits to be decided on; the whole of it is sent, with `If-Match`."""
    return editable(await services().candidates.correct(election, candidate, data, if_match(), await actor()))


@api.post("/candidates/<candidate>/moves")
@only(*REGISTRARS)
@tag(["candidates"])
@json_body(FilingDecision)
@document_response(CandidateInfo)
@document_response(Problem, 409)
async def decide_candidate(election: str, candidate: str, data: FilingDecision) -> Response:
    """Qualifies, rejects or withdraws a candidate. Who qualifies stands on the ballot."""
    return editable(await services().decisions.decide(election, candidate, data, await actor()))


@api.post("/candidate-moves")
@only(*REGISTRARS)
@tag(["candidates"])
@json_body(Decisions)
@document_response(DecidedMany)
async def decide_candidates(election: str, data: Decisions) -> Response:
    """The same decision on up to 1,000 candidates, each answered on its own."""
    items = await services().decisions.decide_many(election, data, await actor())
    refused = sum(bool(item.errors) for item in items)
    return json_response(DecidedMany(len(items) - refused, refused, items))


@api.get("/ballot")
@public
@tag(["candidates"])
@validate_querystring(BallotQuery)
@document_response(Ballot)
async def ballot(election: str, query_args: BallotQuery) -> Response:
    """The ballot, with the rule and the seed of its order, so that anyone can check it.

    A draft's ballot still changes.
    """
    return json_response(await services().ballots.get(election, query_args.precinct), cache=LIVE)


async def _sees_filings() -> bool:
    who = await identity(request)
    return who is not None and not who.roles.isdisjoint(_SEE_FILINGS)
