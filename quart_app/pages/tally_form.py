"""The form of one precinct's tally of one contest: a field for each selection, in ballot order."""

import secrets
from functools import cached_property
from typing import Any

from wtforms import HiddenField, IntegerField
from wtforms.validators import InputRequired
from wtforms.widgets import TextInput

from models.checks import FailedCheck, Surroundings, failed_checks
from models.entries import Entry, EntryPrecinct, KeptTally, SentTally, count_of
from models.errors import DomainError, RefReused, RevisionConflict, SecondEntryNeeded, SecondPersonNeeded
from models.places import ContestInfo
from models.submissions import MAX_COUNT, TallySubmission
from models.wording import Figure, say
from quart_app.languages import said
from quart_app.pages.entry_words import NOT_SENT
from quart_app.pages.fields import text
from quart_app.pages.forms import PageForm

COUNTS = ("ballots_cast", "write_ins", "overvotes", "undervotes", "rejected_ballots")

_NEEDED = say("Fill in 0 if there were none.")
_DIGITS = say("Digits only: a whole number from 0 to %(most)s.", most=Figure(MAX_COUNT))
_REASON = say("Say why the figures change.")
_CONFLICT = say(
    "This contest of this precinct was sent meanwhile, perhaps by a colleague or in another window. "
    "Nothing of yours was lost or counted twice. If your figures are the right ones, say why and send them."
)
_REPEATED = say(
    "What you sent from this page before is recorded already. To correct it, check the figures and say why."
)
_SECOND_PERSON = say(
    "Your entry is here already and waits for the other person's; nothing was lost. To correct it, check the "
    "figures and say why; otherwise there is nothing to send."
)
_SECOND_ENTRY = say(
    "Another person's entry came meanwhile and waits for yours. If these are the figures on the paper, "
    "send them."
)
_MEANWHILE: dict[type[DomainError], str] = {
    RevisionConflict: _CONFLICT,
    RefReused: _REPEATED,
    SecondPersonNeeded: _SECOND_PERSON,
    SecondEntryNeeded: _SECOND_ENTRY,
}
SECOND_ENTRY = say("Second entry")
"""The reason of a second entry, where whoever makes it has no other: what the first one said is with that."""


class CountField(IntegerField):  # type: ignore[misc]
    """A count as people type it: digits of any script, with spaces between groups."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        try:
            self.data = count_of(valuelist[0]) if valuelist else None
        except ValueError:
            raise ValueError(_DIGITS) from None


class Place:
    """One contest in one precinct, as an officer of it sees it, and the newest tally that it has sent."""

    def __init__(self, entry: Entry, contest: ContestInfo, newest: KeptTally | None) -> None:
        self.entry = entry
        self.precinct: EntryPrecinct = entry.precincts[0]
        self.contest = contest
        self.newest = newest

    @property
    def names(self) -> dict[str, str]:
        """Of the contest's selections, by their codes."""
        return {one.code: one.name for one in self.contest.selections}

    @property
    def sent(self) -> SentTally | None:
        return self.precinct.newest(self.contest.code)

    @property
    def second(self) -> bool:
        """Whether somebody else's entry waits for this person's."""
        return self.sent is not None and self.sent.second_for(self.entry.username)

    @property
    def stand(self) -> str:
        return self.sent.stand_for(self.entry.username) if self.sent else NOT_SENT

    @property
    def revision(self) -> int:
        """The one that would be taken now."""
        return self.sent.next_for(self.entry.username) if self.sent else 1

    @property
    def figures(self) -> dict[str, int]:
        """Those of the newest tally, by the names of the fields; a correction starts from them.

        Who enters from the paper, without looking at another's figures, starts from none.
        """
        if self.newest is None or self.sent is None or self.sent.begins_empty_for(self.entry.username):
            return {}
        entry = self.newest.entry
        votes = {f"votes.{code}": count for code, count in entry.votes.items()}
        return {**votes, **{name: getattr(entry, name) for name in COUNTS}}


class TallyForm(PageForm):
    """`tally_form` makes one for each contest."""

    ref = HiddenField()
    revision = HiddenField()
    reason = text(say("Reason"), say("It stands in the public log: name no voter."), most=500, needed=False)

    place: Place

    @property
    def correcting(self) -> bool:
        return self.number > 1

    @property
    def number(self) -> int:
        """The revision that this form sends."""
        said = self.revision.data or ""
        return int(said) if said.isascii() and said.isdigit() and len(said) < 6 else 1

    @property
    def votes(self) -> list[Any]:
        return [self[f"votes.{one.code}"] for one in self.place.contest.selections]

    @property
    def counts(self) -> list[Any]:
        return [self[name] for name in COUNTS]

    async def validate(self, *args: Any, **kwargs: Any) -> bool:
        sound: bool = await super().validate(*args, **kwargs)
        if self.correcting and not self.reason.data:
            self.reason.errors = [*self.reason.errors, _REASON]
            return False
        return sound

    def begin(self) -> None:
        """What is sent from here has one ref, however often it is sent."""
        self.ref.data = secrets.token_urlsafe(16)
        self.revision.data = str(self.place.revision)
        if self.place.second and self.correcting and not self.reason.data:
            self.reason.data = said(SECOND_ENTRY)

    @cached_property
    def tally(self) -> TallySubmission:
        """What a valid form says."""
        return TallySubmission(
            ref=(self.ref.data or "")[:64] or secrets.token_urlsafe(16),
            precinct=self.place.precinct.code,
            contest=self.place.contest.code,
            votes={one.code: self[f"votes.{one.code}"].data for one in self.place.contest.selections},
            revision=self.number,
            reason=self.reason.data if self.correcting else "",
            **{name: self[name].data for name in COUNTS},
        )

    @property
    def failed(self) -> tuple[FailedCheck, ...]:
        """The checks for which it will be held, as far as its own figures tell."""
        return failed_checks(
            self.tally,
            self.place.entry.checks,
            votes_allowed=self.place.contest.votes_allowed,
            voters_registered=self.place.precinct.voters_registered,
            surroundings=Surroundings(),
        )

    @property
    def found(self) -> int:
        """What the ballots add up to by the votes on them; see `models/checks.py`."""
        tally, allowed = self.tally, self.place.contest.votes_allowed
        return sum(tally.votes.values()) + tally.write_ins + tally.overvotes * allowed + tally.undervotes

    @property
    def expected(self) -> int:
        return self.tally.ballots_cast * self.place.contest.votes_allowed

    def refuse(self, error: DomainError) -> None:
        """What came in between makes another revision of this, with a ref of its own."""
        words = _MEANWHILE.get(type(error))
        if words is None:
            super().refuse(error)
            return
        self._refused_with = 409
        self.form_errors.append(words)
        self.begin()


def tally_form(place: Place) -> type[TallyForm]:
    """The form for a place, with its selections' fields in front of the counts."""
    votes = {f"votes.{one.code}": _count(_named(one.name, one.party)) for one in place.contest.selections}
    counts = {
        "ballots_cast": _count(say("Ballots cast")),
        "write_ins": _count(say("Write-ins")),
        "overvotes": _count(say("Overvotes"), say("Ballots with too many marks")),
        "undervotes": _count(say("Undervotes"), say("Votes not given")),
        "rejected_ballots": _count(say("Rejected ballots")),
    }
    return type("TallyForm", (TallyForm,), {**votes, **counts, "place": place})


def _named(name: str, party: str | None) -> str:
    return f"{name} ({party})" if party else name


def _count(label: str, hint: str = "") -> CountField:
    attributes = {"inputmode": "numeric", "autocomplete": "off", "maxlength": 24, "pattern": r"[\d\s]*"}
    return CountField(label, [InputRequired(_NEEDED)], description=hint, render_kw=attributes)
