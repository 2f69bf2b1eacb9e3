"""Frozen values that describe an election to readers: units, parties, contests, selections."""

import datetime

import msgspec


class UnitInfo(msgspec.Struct, frozen=True):
    code: str
    name: str
    kind: str
    voters_registered: int | None
    parent: str | None


class PartyInfo(msgspec.Struct, frozen=True):
    code: str
    name: str
    colour: str


class SelectionInfo(msgspec.Struct, frozen=True):
    code: str
    name: str
    party: str | None


class ContestInfo(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    name: str
    district: str
    is_measure: bool
    vote_variation: str
    votes_allowed: int
    number_elected: int
    selections: list[SelectionInfo]


class PrecinctTally(msgspec.Struct, frozen=True, kw_only=True):
    """The counted tally of a precinct in one contest; `seq` is its log entry."""

    precinct: str
    name: str
    voters_registered: int | None
    seq: int
    revision: int
    at: datetime.datetime
    ballots_cast: int
    overvotes: int
    undervotes: int
    write_ins: int
    rejected_ballots: int
    votes: dict[str, int]
