"""What a precinct officer sends: one precinct's count of one contest, and how it is read.

Reading is done twice when it fails: once by the fast decoder, which stops at its first error, and
then field by field, so that the sender sees everything that is wrong at once.
"""

from typing import Annotated, Any

import msgspec

MAX_COUNT = 2_147_483_647
"""The largest count of anything on a tally; PostgreSQL's `integer`."""

MAX_ITEMS = 500
"""Tallies in one WebSocket frame."""

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Ref = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Reason = Annotated[str, msgspec.Meta(max_length=500)]


class TallySubmission(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="tally"
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
