"""What can go wrong, in the domain's words. Each error has a stable code; none knows HTTP."""

from collections.abc import Collection

import msgspec

from models.statuses import status_word
from models.wording import listed, say

MAX_ERRORS = 100
"""Faults of one message that are named at most; a message can hold more of them than its answer may."""


class FieldError(msgspec.Struct, frozen=True):
    """One field of a message that cannot be taken, and what to do about it."""

    field: str
    message: str
    code: str = "invalid"


class DomainError(Exception):
    """Base of all errors that a client may be told about.

    `code` is stable and meant for programs, `title` is one sentence for people, and `errors` names
    the fields concerned.
    """

    code = "error"

    def __init__(self, title: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(title)
        self.title = title
        self.errors = errors


class NotFound(DomainError):
    """The thing named in the address does not exist."""

    code = "not-found"


class UnknownElection(NotFound):
    code = "unknown-election"

    def __init__(self, election: str) -> None:
        super().__init__(say("There is no election %(election)r.", election=election))


class UnknownContest(NotFound):
    code = "unknown-contest"

    def __init__(self, contest: str) -> None:
        super().__init__(say("This election has no contest %(contest)r.", contest=contest))


class UnknownUnit(NotFound):
    code = "unknown-unit"

    def __init__(self, unit: str) -> None:
        super().__init__(say("There is no reporting unit %(unit)r here.", unit=unit))


class UnknownMember(NotFound):
    code = "unknown-member"

    def __init__(self, username: str) -> None:
        super().__init__(say("There is no member %(username)r.", username=username))


class UnknownParty(NotFound):
    code = "unknown-party"

    def __init__(self, party: str) -> None:
        super().__init__(say("This election has no party %(party)r.", party=party))


class UnknownSelection(NotFound):
    code = "selection-not-found"

    def __init__(self, selection: str) -> None:
        super().__init__(say("This contest has no selection %(selection)r.", selection=selection))


class UnknownCandidate(NotFound):
    code = "unknown-candidate"

    def __init__(self, candidate: str) -> None:
        super().__init__(say("There is no candidate %(candidate)r here.", candidate=candidate))


class UnknownVoter(NotFound):
    code = "unknown-voter"

    def __init__(self) -> None:
        super().__init__(say("There is no such registration here."))


class UnknownComplaint(NotFound):
    code = "unknown-complaint"

    def __init__(self, number: int) -> None:
        super().__init__(say("This election has no complaint %(number)s.", number=number))


class UnknownAttachment(NotFound):
    code = "unknown-attachment"

    def __init__(self, position: int) -> None:
        super().__init__(say("This complaint has no attachment %(position)s.", position=position))


class Unreadable(DomainError):
    """The message is not JSON, or not the kind of object that belongs here."""

    code = "unreadable"


class Invalid(DomainError):
    """A message that could be read and cannot be taken; its code is that of its first fault.

    The first hundred faults are named.
    """

    def __init__(self, errors: tuple[FieldError, ...], title: str = "") -> None:
        super().__init__(title or _summary(errors), errors[:MAX_ERRORS])
        self.code = errors[0].code


def _summary(errors: tuple[FieldError, ...]) -> str:
    """One sentence: the first fault with its field, and how many more there are."""
    first, others = errors[0], len(errors) - 1
    text = (
        say("%(field)s: %(fault)s", field=first.field, fault=first.message) if first.field else first.message
    )
    return say("%(fault)s (%(number)d more)", fault=text, number=others) if others else text


class TooLarge(DomainError):
    code = "too-large"


class TooLong(DomainError):
    """The address holds more than can be asked for."""

    code = "too-long"


class NotSignedIn(DomainError):
    code = "not-signed-in"


class WrongPassword(NotSignedIn):
    """Also what is answered for a name that does not exist."""

    code = "wrong-password"


class NotAllowed(DomainError):
    code = "not-allowed"


class NotFresh(NotAllowed):
    """The password was given too long ago for something of this weight, or a token came in its place."""

    code = "fresh-sign-in-needed"

    def __init__(self) -> None:
        super().__init__(
            say("Give your password again first: this needs a session that was confirmed just now.")
        )


class SessionNeeded(NotAllowed):
    """A token came for what is about a session."""

    code = "session-needed"

    def __init__(self) -> None:
        super().__init__(
            say("This is about a session, and you came with a token: sign in with your password.")
        )


class ForeignOrigin(NotAllowed):
    """A page of another site tries to use somebody's session."""

    code = "foreign-origin"

    def __init__(self) -> None:
        super().__init__(say("Requests with a session come only from this site's own pages."))


class NotYourPrecinct(NotAllowed):
    code = "not-your-precinct"

    def __init__(self, precinct: str) -> None:
        super().__init__(
            say("You are not an officer of the precinct %(precinct)r.", precinct=precinct),
            (FieldError("precinct", say("is not one of your precincts"), self.code),),
        )


class WrongCode(NotAllowed):
    """Whoever filed a complaint has a code for it, and this is another one."""

    code = "wrong-code"

    def __init__(self) -> None:
        super().__init__(
            say("This is not the code of this complaint; it was shown when the complaint was filed."),
            (FieldError("code", say("is not the code of this complaint"), self.code),),
        )


class Conflict(DomainError):
    """The message is sound, and does not fit what is already there."""

    code = "conflict"


class ElectionNotOpen(Conflict):
    code = "election-not-open"

    def __init__(self, election: str, status: str) -> None:
        super().__init__(
            say(
                "The election %(election)r is %(status)s; tallies are taken only while it is open.",
                election=election,
                status=status_word(status),
            )
        )


class RefReused(Conflict):
    code = "ref-reused"

    def __init__(self, ref: str) -> None:
        super().__init__(
            say("This ref was sent before with other figures; give a new submission a ref of its own."),
            (
                FieldError(
                    "ref", say("%(ref)r already names another submission of yours", ref=ref), self.code
                ),
            ),
        )


class RevisionConflict(Conflict):
    """A revision that does not follow the newest one of this precinct and contest."""

    code = "revision-conflict"

    def __init__(self, latest: int, sent: int) -> None:
        wanted = latest + 1
        what = (
            say(
                "revision %(latest)s is already here: to correct it send revision %(wanted)s with a reason",
                latest=latest,
                wanted=wanted,
            )
            if latest
            else say("there is nothing to correct yet: send revision 1")
        )
        super().__init__(
            say("Revision %(sent)s does not follow; %(what)s.", sent=sent, what=what),
            (FieldError("revision", what, self.code),),
        )
        self.latest = latest


class SecondPersonNeeded(Conflict):
    """The two entries of a tally come from two people, whoever they are."""

    code = "second-person-needed"

    def __init__(self, precinct: str, contest: str) -> None:
        super().__init__(
            say(
                "Your entry of %(contest)r in %(precinct)r is here; the second one comes from somebody else.",
                contest=contest,
                precinct=precinct,
            )
        )


class SecondEntryNeeded(Conflict):
    """A first entry waits: the next to come is the second entry of the same revision."""

    code = "second-entry-needed"

    def __init__(self, revision: int) -> None:
        what = say("send revision %(revision)s: it waits for its second entry", revision=revision)
        super().__init__(
            say("A first entry is here; %(what)s.", what=what), (FieldError("revision", what, self.code),)
        )
        self.revision = revision


class UnknownTally(NotFound):
    code = "unknown-tally"

    def __init__(self, seq: int) -> None:
        super().__init__(say("Log entry %(seq)s of this election brought no tally.", seq=seq))


class OwnTally(NotAllowed):
    """Nobody decides on what they sent, whatever their roles are."""

    code = "own-tally"

    def __init__(self) -> None:
        super().__init__(say("You sent this tally, so somebody else decides on it."))


class TallyDecided(Conflict):
    """It was decided on the tally meanwhile, or something else was sent in its place."""

    code = "tally-decided"

    def __init__(self, status: str, newest: int) -> None:
        super().__init__(
            say(
                "This tally is %(status)s by now; the newest one here is that of log entry %(newest)s.",
                status=status_word(status),
                newest=newest,
            )
        )
        self.newest = newest


class NewerRevision(Conflict):
    """The decision is about an old revision."""

    code = "newer-revision"

    def __init__(self, newest: int) -> None:
        super().__init__(
            say("A newer revision waits: decide on that of log entry %(newest)s.", newest=newest)
        )
        self.newest = newest


class EntryConcealed(Conflict):
    """Of two entries the first is shown to nobody before the second has come."""

    code = "entry-concealed"

    def __init__(self) -> None:
        super().__init__(
            say("This is the first of two entries: nobody sees it before the second one has come.")
        )


class TwoEntriesDiffer(Conflict):
    code = "two-entries-differ"

    def __init__(self) -> None:
        super().__init__(say("The two entries differ: say of each figure which one holds, and send those."))


class RecallNotAsked(Conflict):
    code = "recall-not-asked"

    def __init__(self) -> None:
        super().__init__(say("Nobody has asked to recall this tally: ask first, and somebody else approves."))


class RecallAsked(Conflict):
    code = "recall-asked"

    def __init__(self) -> None:
        super().__init__(say("It was asked already to recall this tally: approve that, or refuse it."))


class RecallAskedByYou(NotAllowed):
    code = "recall-asked-by-you"

    def __init__(self) -> None:
        super().__init__(say("You asked for this recall, so somebody else approves it."))


class ElectionCertified(Conflict):
    """What is certified stands until a correction begins."""

    code = "election-certified"

    def __init__(self, election: str) -> None:
        super().__init__(
            say(
                "The election %(election)r is certified: begin a correction first, with its reason.",
                election=election,
            )
        )


class TwoPeopleNeeded(Conflict):
    """Nobody certifies alone, whatever way they take."""

    code = "two-people-needed"

    def __init__(self, election: str) -> None:
        super().__init__(
            say(
                "Certifying takes two people: one asks and another confirms, at %(address)s.",
                address=f"/elections/{election}/certification",
            )
        )


class NotReadyToCertify(Conflict):
    """Something waits, and nobody has said why it is certified all the same."""

    code = "not-ready-to-certify"

    def __init__(self, waiting: Collection[str]) -> None:
        what = listed(waiting)
        super().__init__(
            say(
                "This is not ready to be certified: %(waiting)s. Certify it all the same by saying why.",
                waiting=what,
            ),
            (
                FieldError(
                    "reason", say("is needed while something waits: %(waiting)s", waiting=what), self.code
                ),
            ),
        )


class AlreadyAsked(Conflict):
    code = "already-asked"

    def __init__(self) -> None:
        super().__init__(
            say("It was asked already to certify this election: another administrator confirms that.")
        )


class NobodyAsked(Conflict):
    code = "nobody-asked"

    def __init__(self) -> None:
        super().__init__(
            say("Nobody has asked to certify this election: ask first, and somebody else confirms.")
        )


class AskedByYou(NotAllowed):
    """The same person is not the second of two people."""

    code = "asked-by-you"

    def __init__(self) -> None:
        super().__init__(say("You asked to certify this election, so another administrator confirms it."))


class TotalsMoved(Conflict):
    """What was asked for is not what stands there by now."""

    code = "totals-moved"

    def __init__(self) -> None:
        super().__init__(
            say(
                "The totals, or what still waits, have changed since it was asked to certify them, so that "
                "request has ended: look at them again, and ask anew."
            )
        )


class RecountOn(Conflict):
    """While votes are counted again, nothing is certified, and the same recount is not ordered twice."""

    code = "recount-on"

    def __init__(self, contests: Collection[str]) -> None:
        super().__init__(
            say("There is a recount of %(contests)s: end it first.", contests=", ".join(contests))
        )


class NoRecountOn(Conflict):
    code = "no-recount-on"

    def __init__(self, contest: str) -> None:
        super().__init__(say("There is no recount of %(contest)r to end.", contest=contest))


class TalliesSent(Conflict):
    """How tallies are entered is settled once the first of them has come."""

    code = "tallies-sent"

    def __init__(self) -> None:
        words = say("cannot be changed any more: tallies have been sent already")
        super().__init__(
            say("How often each tally is entered is settled: tallies have been sent already."),
            (FieldError("double_entry", words, self.code),),
        )


class IllegalTransition(Conflict):
    code = "illegal-transition"

    def __init__(self, subject: str, current: str, wanted: str, allowed: Collection[str]) -> None:
        moves = ", ".join(sorted(allowed)) or say("none")
        super().__init__(
            say(
                "%(subject)s is %(current)s and cannot become %(wanted)s; allowed: %(moves)s.",
                subject=subject,
                current=status_word(current),
                wanted=status_word(wanted),
                moves=moves,
            )
        )


class AlreadyExists(Conflict):
    code = "already-exists"


class EmailTaken(Conflict):
    """Each member has an e-mail address of their own."""

    code = "email-taken"

    def __init__(self) -> None:
        super().__init__(
            say("Another member has this e-mail address."),
            (FieldError("email", say("belongs to another member"), self.code),),
        )


class ElectionNotDraft(Conflict):
    """What an election consists of is fixed once it is open."""

    code = "election-not-draft"

    def __init__(self, election: str, status: str) -> None:
        super().__init__(
            say(
                "The election %(election)r is %(status)s; this is changed only while it is a draft.",
                election=election,
                status=status_word(status),
            )
        )


class RegisterClosed(Conflict):
    """Voters are registered before the polls close."""

    code = "register-closed"

    def __init__(self, election: str, status: str) -> None:
        super().__init__(
            say(
                "The election %(election)r is %(status)s; voters change only while it is a draft or open.",
                election=election,
                status=status_word(status),
            )
        )


class VoterRemoved(Conflict):
    code = "voter-removed"

    def __init__(self) -> None:
        super().__init__(say("This registration was removed; the voter number can be registered anew."))


class VoterNumberTaken(Conflict):
    code = "already-registered"

    def __init__(self) -> None:
        super().__init__(
            say("Another registration of this election has this voter number."),
            (FieldError("voter_id", say("belongs to another registration"), self.code),),
        )


class AlreadyDecided(Conflict):
    code = "already-decided"

    def __init__(self, candidate: str, status: str) -> None:
        super().__init__(
            say(
                "The candidate %(candidate)r is %(status)s; a filing can only be corrected before that.",
                candidate=candidate,
                status=status_word(status),
            )
        )


class ComplaintClosed(Conflict):
    """Nobody sees to a complaint any more that was decided or taken back."""

    code = "complaint-closed"

    def __init__(self, number: int, status: str) -> None:
        super().__init__(
            say(
                "The complaint %(number)s is %(status)s; it can only be assigned before that.",
                number=number,
                status=status_word(status),
            )
        )


class Stale(DomainError):
    """The `If-Match` that came is not of the thing as it stands now."""

    code = "stale"

    def __init__(self) -> None:
        super().__init__(say("This was changed by somebody else meanwhile: read it again, then change that."))


class ConditionNeeded(DomainError):
    """A change that must say which state it changes."""

    code = "condition-needed"

    def __init__(self) -> None:
        super().__init__(
            say("Send If-Match with the ETag of what you read, so that nobody's change is lost.")
        )


class TooMany(DomainError):
    """Too many tries; the next may come after `retry_after` seconds."""

    code = "too-many-requests"

    def __init__(self, title: str, retry_after: int) -> None:
        super().__init__(title)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """Something we need is away or full; the same request may succeed after `retry_after` seconds."""

    code = "unavailable"

    def __init__(self, title: str, retry_after: int = 2) -> None:
        super().__init__(title)
        self.retry_after = retry_after


class Overloaded(Unavailable):
    """More comes than can be taken just now; nothing of this was."""

    code = "overloaded"

    def __init__(self) -> None:
        super().__init__(
            say("More tallies wait here than can be taken just now; send the same again soon."), 3
        )


class DatabaseAway(Unavailable):
    code = "database-unavailable"

    def __init__(self) -> None:
        super().__init__(say("The database cannot be reached just now; send the same again in a moment."))


class TooManyWatchers(Unavailable):
    code = "too-many-watchers"

    def __init__(self) -> None:
        super().__init__(say("This server carries as many live viewers as it can; try again shortly."), 10)
