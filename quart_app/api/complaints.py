"""Complaints for the public: filing one, how it stands, and what its filer can do with the code."""

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag, validate_querystring

from models.complaints import (
    After,
    ComplaintCode,
    ComplaintFiled,
    ComplaintFiling,
    ComplaintInfo,
    ComplaintOutcome,
    OwnComplaint,
    PageSize,
)
from models.reading import read_struct
from quart_app.access import public
from quart_app.answers import LIVE, PRIVATE, json_response, page
from quart_app.attachments import MAX_FORM, attachments_sent
from quart_app.bodies import json_body, json_of
from quart_app.door.limits import SIGN_IN, limited
from quart_app.door.sizes import takes_files
from quart_app.errors import Problem
from quart_app.openapi import takes_form
from quart_app.wiring import services

api = Blueprint("api_complaints", __name__, url_prefix="/api/v1/elections/<election>/complaints")

_MULTIPART = "multipart/form-data"


class ComplaintQuery(msgspec.Struct):
    after: After = 0
    limit: PageSize = 100


class ComplaintPage(msgspec.Struct):
    complaints: list[ComplaintInfo]
    next: str | None


@api.post("")
@public
@takes_files(MAX_FORM)
@tag(["complaints"])
@takes_form(ComplaintFiling)
@document_response(ComplaintFiled, 201)
async def file_complaint(election: str) -> Response:
    """Files a complaint, as JSON or as a form with attachments. Nobody needs to sign in.

    Attachments are pictures (JPEG, PNG, WebP) and PDF, five of 5 MB each at most. The `code` of the answer
    is told once: with it the filer reads the complaint again, and can take it back.
    """
    filing, attachments = await _filing()
    filed = await services().complaint_filings.file(election, filing, attachments)
    response = json_response(filed, 201, cache=PRIVATE)
    response.headers["Location"] = filed.address
    return response


@api.get("")
@public
@tag(["complaints"])
@validate_querystring(ComplaintQuery)
@document_response(ComplaintPage)
async def complaints(election: str, query_args: ComplaintQuery) -> Response:
    """Complaints by number and how each stands; not what is in them, nor whose they are."""
    limit = query_args.limit
    found = await services().complaints.page(election, after=query_args.after, limit=limit)
    response = page("complaints", found, limit=limit, key="number")
    response.headers["Cache-Control"] = LIVE
    return response


@api.get("/<int:number>")
@public
@tag(["complaints"])
@document_response(ComplaintOutcome)
async def complaint(election: str, number: int) -> Response:
    """How one complaint stands, with the outcome once it is decided."""
    return json_response(await services().complaints.get(election, number), cache=LIVE)


@api.post("/<int:number>/own")
@public
@limited(SIGN_IN)
@tag(["complaints"])
@json_body(ComplaintCode)
@document_response(OwnComplaint)
async def own_complaint(election: str, number: int, data: ComplaintCode) -> Response:
    """A complaint as its filer wrote it, for whoever has its code. The code is not put into addresses."""
    own = await services().complaint_filings.own(election, number, data.code)
    return json_response(own, cache=PRIVATE)


@api.post("/<int:number>/withdrawal")
@public
@limited(SIGN_IN)
@tag(["complaints"])
@json_body(ComplaintCode)
@document_response(OwnComplaint)
@document_response(Problem, 409)
async def withdraw_complaint(election: str, number: int, data: ComplaintCode) -> Response:
    """Takes a complaint back, with its code, while nobody has begun to look into it."""
    own = await services().complaint_filings.withdraw(election, number, data.code)
    return json_response(own, cache=PRIVATE)


async def _filing() -> tuple[ComplaintFiling, list[bytes]]:
    """What was filed and the files with it. Raises Invalid, TooLarge and Unreadable."""
    if request.mimetype != _MULTIPART:
        return await json_of(ComplaintFiling), []
    form = await request.form
    # A form sends its empty fields as well.
    fields = {name: value for name, value in form.items() if value}
    return read_struct(fields, ComplaintFiling), await attachments_sent()
