"""One contest of a results file: its selections, its tallies, and the returns that give none."""

import collections
from collections.abc import Iterator, Mapping, Set

from models.codes import CodeBook, tally_ref
from models.definitions import ContestDefinition, SelectionDefinition, VoteVariation
from models.results_file.returns import ContestName, Kind, Label, PrecinctName, Return, Returns, UsualLists
from models.results_file.rows import BadRow, shown
from models.submissions import MAX_COUNT, TallySubmission

_NAMED = 3


class FileContest:
    """A contest as its returns tell it.

    `facts` are the facts of every precinct, `codes` their codes, and `split` the precincts that vote in two
    districts of this office: there the precinct's Ballots Cast cover both and say nothing of this contest.
    """

    def __init__(
        self,
        name: ContestName,
        returns: Returns,
        *,
        code: str,
        facts: Returns,
        codes: Mapping[PrecinctName, str],
        split: Set[PrecinctName],
    ) -> None:
        self.code = code
        self.name = contest_title(name)
        self.returns = returns
        self.bad_rows: list[BadRow] = []
        self._codes = codes
        self._ballots = {
            precinct: facts[precinct].count(Kind.BALLOTS_CAST)
            for precinct in returns
            if precinct not in split
        }
        self._usual = UsualLists(returns)
        self.selections = _selections(returns, self._usual)
        self._whole = self._whole_returns()
        self.votes_allowed = self._votes_allowed()
        self.tallies = list(self._tallies())

    def definition(self, district: str) -> ContestDefinition:
        choices = {selection.name.casefold() for selection in self.selections.values()}
        return ContestDefinition(
            code=self.code,
            name=self.name,
            district=district,
            selections=tuple(self.selections.values()),
            precincts=tuple(self._codes[precinct] for precinct in self.returns),
            vote_variation=VoteVariation.PLURALITY if self.votes_allowed == 1 else VoteVariation.N_OF_M,
            votes_allowed=self.votes_allowed,
            # No file says how many are elected; where several votes are allowed it is nearly always as many.
            number_elected=self.votes_allowed,
            is_measure=choices <= {"yes", "no"},
        )

    def _whole_returns(self) -> Returns:
        """The returns with all their figures; each of the others is reported."""
        whole: Returns = {}
        if not self.selections:
            line = next(iter(self.returns.values())).line
            reason = f"The contest {shown(self.name)} begins here and has no selections that can be read"
            self.bad_rows.append(
                BadRow(line, f"{reason}, so it is left out; give the rows of its candidates.")
            )
            return whole
        for precinct, entry in self.returns.items():
            if absent := self._usual.absent(entry):
                self._leave_out(
                    precinct, f"has no clear count for {_listed(absent)}; give each of them once."
                )
            elif odd := self._usual.odd(entry):
                self._leave_out(precinct, f"counts {_listed(odd)}, as most others do not; mend the name.")
            else:
                whole[precinct] = entry
        return whole

    def _leave_out(self, precinct: PrecinctName, why: str) -> None:
        place = f"{shown(precinct[1])} for {shown(self.name)}"
        reason = f"The return of {place} begins here and is left out, as it {why}"
        self.bad_rows.append(BadRow(self.returns[precinct].line, reason))

    def _votes_allowed(self) -> int:
        """How many votes a ballot has, where Ballots Cast tell; 1 where they do not.

        In a balanced return votes, write-ins and undervotes are together a whole multiple of the ballots
        that are not overvoted. The multiple counts when more than half of the returns have it, so that a
        few wrong returns are found out and not taken for the rule.
        """
        multiples: collections.Counter[int] = collections.Counter()
        for precinct, entry in self._whole.items():
            ballots = (self._ballots.get(precinct) or 0) - (entry.count(Kind.OVERVOTES) or 0)
            if ballots > 0:
                multiple, rest = divmod(_marks(entry), ballots)
                multiples[0 if rest else multiple] += 1
        [(multiple, times)] = multiples.most_common(1) or [(1, 0)]
        return multiple if multiple > 1 and times * 2 > multiples.total() else 1

    def _tallies(self) -> Iterator[tuple[int, TallySubmission]]:
        """Each whole return as a tally, with the line on which it begins."""
        for precinct, entry in self._whole.items():
            tally = self._tally(precinct, entry)
            if max(tally.ballots_cast, tally.write_ins) > MAX_COUNT:
                self._leave_out(precinct, f"adds up to more than {MAX_COUNT:,}; give the right counts.")
            else:
                yield entry.line, tally

    def _tally(self, precinct: PrecinctName, entry: Return) -> TallySubmission:
        overvotes = entry.count(Kind.OVERVOTES) or 0
        ballots = self._ballots.get(precinct)
        if ballots is None:
            ballots = -(-_marks(entry) // self.votes_allowed) + overvotes
        code = self._codes[precinct]
        return TallySubmission(
            ref=tally_ref(self.code, code),
            precinct=code,
            contest=self.code,
            # A selection that no row of a whole return names stands on another ballot than this precinct's.
            votes={
                selection.code: entry.rows[label].figure if label in entry.rows else 0
                for label, selection in self.selections.items()
            },
            ballots_cast=ballots,
            overvotes=overvotes,
            undervotes=entry.count(Kind.UNDERVOTES) or 0,
            write_ins=entry.write_ins(),
        )


def contest_title(name: ContestName) -> str:
    return " ".join(part for part in name if part)


def _selections(returns: Returns, usual: UsualLists) -> dict[Label, SelectionDefinition]:
    """The usual selections in the order in which the file names them."""
    labels = dict.fromkeys(
        label for entry in returns.values() for label in entry.rows if label in usual.selections
    )
    book = CodeBook()
    return {
        label: SelectionDefinition(
            code=book.give(label.candidate, party=label.party, otherwise="selection"),
            name=label.candidate,
            party=label.party or None,
        )
        for label in labels
    }


def _marks(entry: Return) -> int:
    """What a return counts mark by mark: votes, write-ins and undervotes, but not overvoted ballots."""
    votes = sum(row.figure for label, row in entry.rows.items() if label.kind is Kind.SELECTION)
    return votes + entry.write_ins() + (entry.count(Kind.UNDERVOTES) or 0)


def _listed(labels: list[Label]) -> str:
    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    return ", ".join(str(label) for label in labels[:_NAMED]) + more
