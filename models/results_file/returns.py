"""Rows put together as returns: one precinct's count of one contest, and the facts of each precinct.

Which rows are figures of the return and not selections, after the files themselves: `Over Votes`, `Under
Votes` and `Write-ins`; `Not Assigned` and `Write-In: NAME` are parts of the write-ins, and are added up
only where a return has no `Write-ins` of its own.
"""

import collections
import enum
import re
from collections.abc import Collection, Iterable, Set
from typing import NamedTuple

from models.results_file.rows import BadRow, Row, Rows, shown

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

    def figures(self) -> frozenset[Label]:
        return frozenset(label for label in self.rows if label.kind in _FIGURES)

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


class UsualLists:
    """What the returns of a contest usually list, and where one of them falls short of it or goes beyond.

    One office may stand on several ballots that have no selection in common (two boroughs' commissions
    under one name): lists that share a selection, directly or through others, are one ballot, and a return
    answers for its own ballot only. Usual is what at least half of a ballot's returns list, so that a name
    misspelt in one precinct is a fault of that precinct and not of all the others.
    """

    def __init__(self, returns: Returns) -> None:
        lists = [entry.selections() for entry in returns.values()]
        self._ballots = _ballots(set(lists))
        together: dict[frozenset[Label], list[Set[Label]]] = {}
        for names in lists:
            together.setdefault(self._ballot(names), []).append(names)
        self._usual = {ballot: _usual(group) for ballot, group in together.items()}
        self._figures = _usual([entry.figures() for entry in returns.values()])
        self.selections = frozenset[Label]().union(*self._usual.values())

    def absent(self, entry: Return) -> list[Label]:
        """The figures that a tally needs and `entry` has not, or not clearly."""
        usual = self._usual[self._ballot(entry.selections())] or self.selections
        return sorted(((usual | self._figures) - entry.rows.keys()) | entry.unknown(), key=str)

    def odd(self, entry: Return) -> list[Label]:
        """The selections of `entry` that most of its ballot's returns do not list."""
        return sorted(entry.selections() - self.selections, key=str)

    def _ballot(self, names: Set[Label]) -> frozenset[Label]:
        return next((self._ballots[name] for name in names), frozenset())


def _usual(lists: Collection[Set[Label]]) -> frozenset[Label]:
    listed = collections.Counter(label for names in lists for label in names)
    return frozenset(label for label, times in listed.items() if times * 2 >= len(lists))


def _ballots(lists: Iterable[Set[Label]]) -> dict[Label, frozenset[Label]]:
    """The ballot of each label: all labels that its lists lead to."""
    ballots: dict[Label, frozenset[Label]] = {}
    for names in lists:
        touched = {ballots[name] for name in names if name in ballots}
        ballot = frozenset(names).union(*touched)
        ballots.update(dict.fromkeys(ballot, ballot))
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
