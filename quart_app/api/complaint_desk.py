"""Complaints for staff: the desk's list, each with its history and attachments, decisions, stream and table.

These have addresses of their own, so that no answer for staff is ever kept for the public.
"""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_headers, document_response, tag, validate_querystring

from models.complaints import (
    DESK,
    DESK_READERS,
    MAX_NUMBER,
    ComplaintDecision,
    DeskCase,
    DeskComplaint,
    DeskEdit,
    DeskSearch,
    Note,
)
from quart_app.access import only
from quart_app.answers import PRIVATE, editable, if_match, json_response, linked, next_page
from quart_app.api.log import ResumeHeaders, last_event_id
from quart_app.attachments import download
from quart_app.auth import actor, signed_in
from quart_app.bodies import json_body
from quart_app.errors import Problem
from quart_app.live import EVENT_STREAM, event
from quart_app.openapi import also_answers
from quart_app.openapi_examples_complaints import COMPLAINT_STREAM, COMPLAINTS_CSV, PDF, PICTURE
from quart_app.spreadsheets import MEDIA, Row, csv_stream
from quart_app.sse import alive, stream_response
from quart_app.wiring import services
from services.complaint_desk import ExportedComplaint

api = Blueprint("api_complaint_desk", __name__, url_prefix="/api/v1/elections/<election>")

COLUMNS = (
    *("election", "is_test", "number", "category", "role", "unit", "contest", "status", "assignee", "due_on"),
    *("attachments", "filed_at", "changed_at", "outcome", "text"),
)

Change = Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER, description="The last `change` that was seen")]

_encode = msgspec.json.encode


class DeskPage(msgspec.Struct):
    complaints: list[DeskComplaint]
    next: str | None


class ChangeQuery(msgspec.Struct):
    after: Change | None = None


@api.get("/complaints/desk")
@only(*DESK_READERS)
@tag(["complaints"])
@validate_querystring(DeskSearch)
@document_response(DeskPage)
async def desk(election: str, query_args: DeskSearch) -> Response:
    """Complaints by number, as the desk's list shows them; those that fit all that is asked for."""
    found = await services().complaint_desk.page(election, query_args)
    following = next_page(found, query_args.limit, "number")
    return linked(json_response(DeskPage(found, following), cache=PRIVATE), following)


@api.get("/complaints/desk/<int:number>")
@only(*DESK_READERS)
@tag(["complaints"])
@document_response(DeskCase)
async def desk_case(election: str, number: int) -> Response:
    """Everything about a complaint with its private history; its `ETag` is what changes are held against."""
    return editable(await services().complaint_desk.get(election, number))


@api.put("/complaints/desk/<int:number>")
@only(*DESK)
@tag(["complaints"])
@json_body(DeskEdit)
@document_response(DeskCase)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def settle_complaint(election: str, number: int, data: DeskEdit) -> Response:
    """Says who sees to a complaint and until which day; both are sent, with `If-Match`."""
    desk = services().complaint_desk
    return editable(await desk.settle(election, number, data, if_match(), await actor()))


@api.post("/complaints/desk/<int:number>/notes")
@only(*DESK)
@tag(["complaints"])
@json_body(Note)
@document_response(DeskCase, 201)
async def note_complaint(election: str, number: int, data: Note) -> Response:
    """Adds a note to the private history; it can be neither changed nor taken away."""
    return editable(await services().complaint_desk.note(election, number, data.text, await actor()), 201)


@api.post("/complaints/desk/<int:number>/moves")
@only(*DESK)
@tag(["complaints"])
@json_body(ComplaintDecision)
@document_response(DeskCase)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def decide_complaint(election: str, number: int, data: ComplaintDecision) -> Response:
    """Begins to look into a complaint, upholds or dismisses it; with `If-Match`."""
    desk = services().complaint_desk
    return editable(await desk.decide(election, number, data, if_match(), await actor()))


@api.get("/complaints/desk/<int:number>/attachments/<int:position>")
@only(*DESK_READERS)
@tag(["complaints"])
@also_answers("application/pdf", PDF)
@also_answers("image/jpeg", PICTURE)
@also_answers("image/png", PICTURE)
@also_answers("image/webp", PICTURE)
async def complaint_attachment(election: str, number: int, position: int) -> Response:
    """An attachment as a download, counted from 1; that it was taken stands in the audit trail."""
    found = await services().complaint_desk.attachment(election, number, position, await actor())
    return download(found, f"complaint-{number}-{position}")


@api.get("/complaints/stream")
@only(*DESK_READERS)
@tag(["complaints"])
@validate_querystring(ChangeQuery)
@document_headers(ResumeHeaders)
@also_answers(EVENT_STREAM, COMPLAINT_STREAM)
async def complaint_stream(election: str, query_args: ChangeQuery) -> Response:
    """Server-sent events `complaint`: first those that are open, then each that is new or has changed.

    `id` is the complaint's `change`; with `Last-Event-ID` or `after` it goes on behind that.
    """
    staff = await signed_in(request)
    after = last_event_id() or query_args.after
    house = services()
    await house.complaint_following.head(election)
    house.watchers.check()
    chunks = _chunks(house.complaint_following.follow(election, after=after))
    return stream_response(alive(chunks, house, staff))


@api.get("/complaints.csv")
@only(*DESK_READERS)
@tag(["complaints"])
@validate_querystring(DeskSearch)
@also_answers(MEDIA, COMPLAINTS_CSV)
async def complaints_csv(election: str, query_args: DeskSearch) -> Response:
    """All complaints that fit as CSV, with their texts and without who filed them; `limit` does not count.

    That it was taken stands in the audit trail.
    """
    pages = await services().complaint_desk.export(election, query_args, await actor())
    return csv_stream(f"{election}-complaints", COLUMNS, _rows(pages), private=True)


async def _chunks(pages: AsyncGenerator[list[DeskComplaint]]) -> AsyncGenerator[bytes]:
    async with contextlib.aclosing(pages):
        async for found in pages:
            yield b"".join(event("complaint", one.change, _encode(one)) for one in found)


async def _rows(pages: AsyncIterator[list[ExportedComplaint]]) -> AsyncIterator[list[Row]]:
    async for page in pages:
        yield [(*(getattr(one.listed, name) for name in COLUMNS[:-2]), one.outcome, one.text) for one in page]
