"""Rows put together as returns: one precinct's count of one contest, and the facts of each precinct.

Which rows are figures of the return and not selections, after the files themselves: `Over Votes`, `Under
Votes` and `Write-ins`; `Not Assigned` and `Write-In: NAME` are parts of the write-ins, and are added up
only where a return has no `Write-ins` of its own.
"""

import enum
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from models.results_rows import BadRow, Row, Rows, shown

PrecinctName = tuple[str, str]
"""County and precinct."""

ContestName = tuple[str, str]
"""Office and district; the district is often empty."""

Returns = dict[PrecinctName, "Return"]


class Kind(enum.Enum):
    SELECTION = "a selection"
    WRITE_IN_PART = "a part of the write-ins"
    WRITE_INS = "Write-ins"
    OVERVOTES = "Over Votes"
    UNDERVOTES = "Under Votes"
    VOTERS_REGISTERED = "Registered Voters"
    BALLOTS_CAST = "Ballots Cast"
    BALLOTS_BLANK = "Ballots Cast - Blank"


class Label(NamedTuple):
    """What a row counts. Candidate and party tell selections and parts apart and are empty otherwise."""

    kind: Kind
    candidate: str = ""
    party: str = ""

    def __str__(self) -> str:
        return shown(self.candidate) if self.candidate else str(self.kind.value)


class Return:
    """The rows of one precinct and contest, or of one precinct's facts."""

    __slots__ = ("line", "rows", "unclear")

    def __init__(self, line: int) -> None:
        self.line = line
        self.rows: dict[Label, Row] = {}
        self.unclear: set[Label] = set()
        """Labels whose count stood in a bad row, or was given twice and differently."""

    def count(self, kind: Kind) -> int | None:
        label = Label(kind)
        row = self.rows.get(label)
        return None if row is None or label in self.unclear else row.figure

    def write_ins(self) -> int:
        total = self.count(Kind.WRITE_INS)
        if total is not None:
            return total
        return sum(row.figure for label, row in self.rows.items() if label.kind is Kind.WRITE_IN_PART)

    def unknown(self) -> set[Label]:
        """Unclear figures that a tally needs: a part of the write-ins is not, beside their total."""
        if self.count(Kind.WRITE_INS) is None:
            return self.unclear
        return {label for label in self.unclear if label.kind is not Kind.WRITE_IN_PART}

    def selections(self) -> frozenset[Label]:
        return frozenset(label for label in self.rows if label.kind is Kind.SELECTION)


class Ledger:
    """All returns of a file by contest, and the facts of every precinct, in the file's order."""

    def __init__(self, rows: Rows) -> None:
        self.precincts: Returns = {}
        self.contests: dict[ContestName, Returns] = {}
        self.bad_rows = list(rows.bad)
        self._lost = list(rows.lost)
        for row in rows.good:
            self._enter(row)
        for row in self._lost:
            self._note_lost(row)

    def _enter(self, row: Row) -> None:
        precinct = (row.county, row.precinct)
        facts = _at(self.precincts, precinct, row.line)
        fact = _FACTS.get(_plain(row.office))
        if fact is not None:
            self._add(facts, Label(fact), row)
        elif row.candidate:
            returns = self.contests.setdefault((row.office, row.district), {})
            self._add(_at(returns, precinct, row.line), _label(row), row)
        else:
            self.bad_rows.append(
                BadRow(row.line, "The candidate is empty; write the candidate's name or the choice.")
            )
            self._lost.append(row)

    def _add(self, entry: Return, label: Label, row: Row) -> None:
        first = entry.rows.setdefault(label, row)
        if first is row:
            return
        agreement = "with the same figure as"
        if first.figure != row.figure:
            agreement = "with another figure than"
            entry.unclear.add(label)
        self.bad_rows.append(
            BadRow(
                row.line,
                f"The row counts {label} for this precinct and office again, "
                f"{agreement} line {first.line}; leave one of them out.",
            )
        )

    def _note_lost(self, row: Row) -> None:
        """Marks the return that a bad row belongs to, so that it does not pass for a whole one."""
        precinct = (row.county, row.precinct)
        returns = self.contests.get((row.office, row.district))
        if returns is not None and precinct in self.precincts:
            _at(returns, precinct, row.line).unclear.add(_label(row))


def missing_figures(returns: Mapping[PrecinctName, Return]) -> dict[PrecinctName, list[Label]]:
    """For each return of a contest that cannot stand as a tally, the figures that it has not got.

    A return has to list what the contest's other returns list. One office may stand on several ballots
    that have no selection in common (two boroughs' commissions under one name): lists that share a
    selection, directly or through others, are one ballot, and a return answers for its own ballot only.
    """
    lists = {entry.selections() for entry in returns.values()}
    everything = frozenset[Label]().union(*lists)
    ballots = _ballots(lists)
    figures = {label for entry in returns.values() for label in entry.rows if label.kind in _FIGURES}
    missing = {}
    for precinct, entry in returns.items():
        own = entry.selections()
        ballot = next((ballot for ballot in ballots if ballot & own), everything)
        absent = ((ballot | figures) - entry.rows.keys()) | entry.unknown()
        if absent:
            missing[precinct] = sorted(absent, key=str)
    return missing


def _ballots(lists: Iterable[frozenset[Label]]) -> list[frozenset[Label]]:
    ballots: list[frozenset[Label]] = []
    for names in lists:
        touching = [ballot for ballot in ballots if ballot & names]
        apart = [ballot for ballot in ballots if not ballot & names]
        ballots = [*apart, names.union(*touching)]
    return ballots


_FIGURES = (Kind.WRITE_INS, Kind.OVERVOTES, Kind.UNDERVOTES)

_FACTS = {
    "registeredvoters": Kind.VOTERS_REGISTERED,
    "ballotscast": Kind.BALLOTS_CAST,
    "ballotscastblank": Kind.BALLOTS_BLANK,
}

_TOTALS = {
    "writein": Kind.WRITE_INS,
    "writeins": Kind.WRITE_INS,
    "overvote": Kind.OVERVOTES,
    "overvotes": Kind.OVERVOTES,
    "undervote": Kind.UNDERVOTES,
    "undervotes": Kind.UNDERVOTES,
}

_PUNCTUATION = re.compile(r"[\W_]+")


def _plain(text: str) -> str:
    return _PUNCTUATION.sub("", text).lower()


def _label(row: Row) -> Label:
    plain = _plain(row.candidate)
    total = _TOTALS.get(plain)
    if total is not None:
        return Label(total)
    if plain == "notassigned" or plain.startswith("writein"):
        return Label(Kind.WRITE_IN_PART, row.candidate, row.party)
    return Label(Kind.SELECTION, row.candidate, row.party)


def _at(returns: Returns, precinct: PrecinctName, line: int) -> Return:
    entry = returns.get(precinct)
    if entry is None:
        entry = returns[precinct] = Return(line)
    return entry
