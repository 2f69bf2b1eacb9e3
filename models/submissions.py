"""What a precinct officer sends: one precinct's count of one contest, and how it is read.

Reading is done twice when it fails: once by the fast decoder, which stops at its first error, and
then field by field, so that the sender sees everything that is wrong at once.
"""

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from models.ballot_book import BallotBook, BookContest, Precinct
from models.errors import DomainError, FieldError, Invalid, Unreadable
from models.reading import plain
from models.wording import Figure, say

MAX_COUNT = 2_147_483_647
"""The largest count of anything on a tally; PostgreSQL's `integer`."""

MAX_ITEMS = 500
"""Tallies in one WebSocket frame."""

NUL = "\x00"
"""The one character that PostgreSQL's `text` cannot hold."""

NOT_READ = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What reading raises for bytes that are no JSON, or that nest deeper than anything of ours."""

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Ref = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Reason = Annotated[str, msgspec.Meta(max_length=500)]


class TallySubmission(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="tally",
    gc=False,
):
    """One tally as sent. Every selection of the contest is named; zero is a number, absent is not."""

    ref: Ref
    """The sender's own key: the same ref sent again gets the same receipt and changes nothing."""
    precinct: Code
    contest: Code
    votes: dict[str, Count]
    ballots_cast: Count
    overvotes: Count = 0
    undervotes: Count = 0
    write_ins: Count = 0
    rejected_ballots: Count = 0
    revision: Annotated[int, msgspec.Meta(ge=1, le=32_767)] = 1
    reason: Reason = ""

    @property
    def all_votes(self) -> int:
        """Votes for selections and write-ins."""
        return sum(self.votes.values()) + self.write_ins


def digest(tally: TallySubmission) -> bytes:
    """SHA-256 of everything a submission says, in whatever order it was sent. 32 bytes."""
    return hashlib.sha256(_sorted.encode(tally)).digest()


def read_tally(raw: bytes | str | msgspec.Raw) -> TallySubmission:
    """Reads one tally. Raises Unreadable for what is no JSON object, Invalid naming every bad field."""
    try:
        return _decoder.decode(raw)
    except NOT_READ:
        raise _explained(raw) from None


def ref_of(raw: bytes | str | msgspec.Raw) -> str | None:
    """The ref of a message that could not be taken, so that its sender knows which one is meant."""
    try:
        ref = _json(raw).get("ref")
    except DomainError:
        return None
    return ref[:64] if isinstance(ref, str) else None


def check_against(tally: TallySubmission, book: BallotBook) -> tuple[FieldError, ...]:
    """The hard errors of a readable tally: names this election does not know, selections left out."""
    precinct = book.precincts.get(tally.precinct)
    contest = book.contests.get(tally.contest)
    if (
        precinct is not None
        and contest is not None
        and contest.id in precinct.contests
        and tally.votes.keys() == contest.selections.keys()
        and tally.revision == 1
        and NUL not in tally.ref
        and NUL not in tally.reason
    ):
        return ()
    return tuple(_hard_errors(tally, precinct, contest))


def _hard_errors(
    tally: TallySubmission, precinct: Precinct | None, contest: BookContest | None
) -> Iterator[FieldError]:
    for field, text in (("ref", tally.ref), ("reason", tally.reason)):
        if NUL in text:
            yield FieldError(field, say("holds a NUL character (U+0000); leave it out"), "bad-character")
    if precinct is None:
        yield FieldError("precinct", say("this election has no such precinct"), "unknown-precinct")
    if contest is None:
        yield FieldError("contest", say("this election has no such contest"), "unknown-contest")
    else:
        if precinct is not None and contest.id not in precinct.contests:
            message = say("the contest is not on the ballot in %(precinct)r", precinct=tally.precinct)
            yield FieldError("contest", message, "contest-not-on-ballot")
        yield from _selection_errors(tally, contest)
    if tally.revision > 1 and not tally.reason.strip():
        yield FieldError("reason", say("a correction needs a reason"), "missing-reason")


def _selection_errors(tally: TallySubmission, contest: BookContest) -> Iterator[FieldError]:
    for code in tally.votes:
        if code not in contest.selections:
            message = say("is not a selection of %(contest)r", contest=tally.contest)
            yield FieldError(f"votes.{code}", message, "unknown-selection")
    missing = say("is missing; send 0 if there were none")
    for code in contest.selections:
        if code not in tally.votes:
            yield FieldError(f"votes.{code}", missing, "missing-selection")


def _json(raw: bytes | str | msgspec.Raw) -> dict[str, Any]:
    try:
        message = msgspec.json.decode(raw)
    except msgspec.ValidationError:
        # Only a number can be at fault here: nothing is asked of the message but that it is JSON.
        remedy = say(
            "holds a number that is too large; counts are whole numbers from 0 to %(most)s",
            most=Figure(MAX_COUNT),
        )
        raise Invalid((FieldError("", remedy, "bad-count"),)) from None
    except NOT_READ:
        raise Unreadable(say("This is not JSON.")) from None
    if not isinstance(message, dict):
        raise Unreadable(say("A tally must be a JSON object."))
    return message


def _explained(raw: bytes | str | msgspec.Raw) -> Invalid | Unreadable:
    """Goes over a refused message field by field, where the decoder had stopped at the first fault."""
    try:
        message = _json(raw)
    except (Invalid, Unreadable) as error:
        return error
    errors = [
        FieldError(name, say("this field is not known here; leave it out"), "unknown-field")
        for name in message
        if name not in _FIELDS and name != "type"
    ]
    for name, field in _FIELDS.items():
        if name in message:
            errors.extend(_field_errors(name, field.type, message[name]))
        elif field.required:
            errors.append(FieldError(name, say("is missing"), "missing-field"))
    if message.get("type", "tally") != "tally":
        errors.append(FieldError("type", say('must be "tally"'), "unknown-type"))
    return Invalid(tuple(errors) or (FieldError("", say("this is not a tally"), "invalid"),))


def _field_errors(name: str, wanted: Any, value: Any) -> Iterator[FieldError]:
    if name == "votes" and isinstance(value, dict):
        for code, votes in value.items():
            if fault := _fault(votes, Count):
                yield FieldError(f"votes.{code}", fault, "bad-count")
    elif fault := _fault(value, wanted):
        yield FieldError(name, fault, "bad-count" if wanted == Count else "invalid")


def _fault(value: Any, wanted: Any) -> str | None:
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        if wanted == Count:
            return say("must be a whole number from 0 to %(most)s", most=Figure(MAX_COUNT))
        return plain(str(error))
    return None


_FIELDS = {field.encode_name: field for field in msgspec.structs.fields(TallySubmission)}
_decoder = msgspec.json.Decoder(TallySubmission)
_sorted = msgspec.json.Encoder(order="sorted")
