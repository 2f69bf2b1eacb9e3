"""The form of the figures that hold: of two entries that differ, or of one tally that is wrong.

Where the entries agree, the figures are filled in already; where they differ, the third person fills them in.
"""

from functools import cached_property
from typing import Any

from wtforms import HiddenField, TextAreaField
from wtforms.validators import InputRequired

from models.canvass import MOST_REASON, Resolution
from models.reviewing import COUNTS, CaseFile, CaseTally
from models.wording import say
from quart_app.pages.fields import text
from quart_app.pages.forms import PageForm
from quart_app.pages.tally_form import CountField

_LABELS = {
    "ballots_cast": say("Ballots cast"),
    "write_ins": say("Write-ins"),
    "overvotes": say("Overvotes"),
    "undervotes": say("Undervotes"),
    "rejected_ballots": say("Rejected ballots"),
}


class Line:
    """One figure: its field, and what each of the entries says."""

    def __init__(self, field: CountField, name: str, given: bool, entries: list[CaseTally]) -> None:
        self.field = field
        self.name = name
        self.is_data = given
        self.said = [dict(entry.figures())[field.name] for entry in entries]

    @property
    def differs(self) -> bool:
        return len(set(self.said)) > 1


class ResolutionForm(PageForm):
    """`resolution_form` makes one for each case."""

    step = HiddenField(default="check")
    reason = text(
        say("Reason"),
        say("Everybody can read it in the public log: say what you found, and name nobody."),
        most=MOST_REASON,
        kind=TextAreaField,
        rows=3,
    )

    case: CaseFile

    @property
    def entries(self) -> list[CaseTally]:
        return self.case.entries or [self.case.tally]

    @cached_property
    def votes(self) -> list[Line]:
        names = self.case.selections
        return [Line(self[f"votes.{one.code}"], one.name, True, self.entries) for one in names]

    @cached_property
    def counts(self) -> list[Line]:
        return [Line(self[name], _LABELS[name], False, self.entries) for name in COUNTS]

    def begin(self) -> None:
        """What all entries agree on is filled in."""
        for line in (*self.votes, *self.counts):
            if not line.differs:
                line.field.data = line.said[0]

    async def is_sound(self) -> bool:
        """Whether it can be sent; adding it up asks for no reason."""
        sound: bool = await self.validate()
        if self.step.data != "send":
            self.reason.errors = []
        return sound

    @property
    def resolution(self) -> Resolution:
        """What a valid form says."""
        return Resolution(
            votes={one.code: self[f"votes.{one.code}"].data for one in self.case.selections},
            reason=self.reason.data,
            **{name: self[name].data for name in COUNTS},
        )

    @property
    def sums(self) -> tuple[int, int] | None:
        """What the votes add up to and what the ballots make; None while a figure is missing."""
        if any(line.field.data is None for line in (*self.votes, *self.counts)):
            return None
        figures = {name: self[name].data for name in COUNTS}
        votes = {one.code: self[f"votes.{one.code}"].data for one in self.case.selections}
        return self.case.sums(votes=votes, **figures)


def resolution_form(case: CaseFile) -> type[ResolutionForm]:
    """The form of one case, with a field for each figure of its contest."""
    votes = {f"votes.{one.code}": _count(one.name) for one in case.selections}
    counts = {name: _count(_LABELS[name]) for name in COUNTS}
    members: dict[str, Any] = {**votes, **counts, "case": case}
    return type("ResolutionForm", (ResolutionForm,), members)


def _count(label: str) -> CountField:
    attributes = {"inputmode": "numeric", "autocomplete": "off", "maxlength": 24, "pattern": r"[\d\s]*"}
    needed = InputRequired(say("Fill in 0 if there were none."))
    return CountField(label, [needed], render_kw=attributes)
