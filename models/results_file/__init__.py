"""A precinct results file (OpenElections' shape) as an election and its tallies.

How the files are to be read: rows named `Registered Voters` and `Ballots Cast` are facts of the precinct;
a contest is an office and a district; every tally then balances (see `checks`). What the file does not say
is not made up: a return that lacks a figure, or whose figure stood in a bad row, gives no tally. Its
precinct stays in the contest, as one that has not reported, and a further bad row says which figure it is.
"""

import collections
import datetime
import re

import msgspec

from models.codes import CodeBook
from models.definitions import ElectionDefinition, UnitDefinition
from models.results_file.contests import FileContest, contest_title
from models.results_file.known_parties import party_definition
from models.results_file.returns import Kind, Ledger, PrecinctName, Returns
from models.results_file.rows import BadRow, ResultsFileError, read_rows, shown
from models.submissions import TallySubmission

__all__ = ["BadRow", "ResultsFile", "ResultsFileError", "read_results_file"]

_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")


class ResultsFile(msgspec.Struct, frozen=True):
    """What a file holds. `rows` counts the rows below the header, good and bad, and no blank lines.

    Where every row is bad the election has no units and no contests. `bad_rows` come by line; a return that
    gives no tally has its own entry at the line where it begins.
    """

    election: ElectionDefinition
    tallies: tuple[TallySubmission, ...]
    bad_rows: tuple[BadRow, ...]
    rows: int


def read_results_file(data: bytes, *, code: str, name: str | None, date: datetime.date | None) -> ResultsFile:
    """Reads a results file into the election `code`; bad rows are left out and listed.

    The name is made of county and year where none is given; the date is the general election day of the
    year in `code`. Tallies come in the file's order. Raises ResultsFileError where the file as a whole
    cannot be read, holds no contest, or has no date.
    """
    rows = read_rows(data)
    ledger = Ledger(rows)
    if not ledger.contests and not ledger.bad_rows:
        raise ResultsFileError("The file has no contest, only facts of precincts; give a file with results.")
    day = date or _general_election_day(code)
    title = name or _title(ledger, code, day)
    places = _Places(ledger, title)
    contests = _contests(ledger, places)
    bad_rows = [*ledger.bad_rows, *(bad for contest in contests for bad in contest.bad_rows)]
    tallies = sorted((tally for contest in contests for tally in contest.tallies), key=lambda pair: pair[0])
    held = [contest for contest in contests if contest.selections]
    return ResultsFile(
        election=ElectionDefinition(
            code=code,
            name=title,
            date=day,
            # Results that were counted elsewhere are played here, not held: every page says so.
            is_test=True,
            units=places.units,
            parties=tuple(party_definition(party) for party in _party_codes(held)),
            contests=tuple(contest.definition(places.district(contest.returns)) for contest in held),
        ),
        tallies=tuple(tally for _, tally in tallies),
        bad_rows=tuple(sorted(bad_rows, key=lambda bad: bad.line)),
        rows=rows.total,
    )


def _general_election_day(code: str) -> datetime.date:
    # Tuesday after the first Monday of November: 2 U.S.C. § 7.
    year = _YEAR.search(code)
    if year is None:
        raise ResultsFileError(f"The election's date is not known: {shown(code)} names no year; give --date.")
    second = datetime.date(int(year.group()), 11, 2)
    return second + datetime.timedelta(days=(1 - second.weekday()) % 7)


def _title(ledger: Ledger, code: str, day: datetime.date) -> str:
    counties = {county for county, _ in ledger.precincts}
    return f"{counties.pop()} {day.year}" if len(counties) == 1 else code.replace("-", " ").title()


class _Places:
    """The units of a file: counties and their precincts, under a region where counties are several."""

    def __init__(self, ledger: Ledger, title: str) -> None:
        self._book = CodeBook()
        self._units: list[UnitDefinition] = []
        self.codes: dict[PrecinctName, str] = {}
        counties = list(dict.fromkeys(county for county, _ in ledger.precincts))
        self._root = self._add("region", title) if len(counties) > 1 else None
        for county in counties:
            self.codes[county, ""] = self._add("county", county, self._root)
        for (county, precinct), facts in ledger.precincts.items():
            registered = facts.count(Kind.VOTERS_REGISTERED)
            code = self._add("precinct", precinct, self.codes[county, ""], registered)
            self.codes[county, precinct] = code

    @property
    def units(self) -> tuple[UnitDefinition, ...]:
        return tuple(self._units)

    def district(self, precincts: Returns) -> str:
        """The smallest unit that holds all of `precincts`."""
        counties = {county for county, _ in precincts}
        if len(precincts) == 1:
            return self.codes[next(iter(precincts))]
        if len(counties) == 1:
            return self.codes[counties.pop(), ""]
        return self._units[0].code

    def _add(self, kind: str, name: str, parent: str | None = None, registered: int | None = None) -> str:
        code = self._book.give(name, otherwise=kind)
        self._units.append(
            UnitDefinition(code=code, name=name, kind=kind, parent=parent, voters_registered=registered)
        )
        return code


def _contests(ledger: Ledger, places: _Places) -> list[FileContest]:
    districts = collections.Counter(
        (office, precinct) for (office, _), returns in ledger.contests.items() for precinct in returns
    )
    book = CodeBook()
    return [
        FileContest(
            name,
            returns,
            code=book.give(contest_title(name), otherwise="contest"),
            facts=ledger.precincts,
            codes=places.codes,
            split={precinct for precinct in returns if districts[name[0], precinct] > 1},
        )
        for name, returns in ledger.contests.items()
    ]


def _party_codes(contests: list[FileContest]) -> list[str]:
    parties = [label.party for contest in contests for label in contest.selections if label.party]
    return list(dict.fromkeys(parties))
