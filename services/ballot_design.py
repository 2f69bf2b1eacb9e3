"""What stands on the ballots of a draft: parties, contests and selections."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from models.drafting import (
    ContestEdit,
    NewContest,
    NewParty,
    NewSelection,
    PartyEdit,
    SelectionEdit,
    WholeContest,
)
from models.editions import changed, hold_against
from models.errors import Conflict, FieldError, Invalid
from models.places import PartyInfo, SelectionInfo
from models.results import ElectionState
from models.rights import Actor
from models.wording import Figure, say, say_many
from repositories.database import Database, Repositories
from services.ballots import order_ballot
from services.clock import Clock


class BallotDesign:
    """All changes raise UnknownElection and ElectionNotDraft; `expected` is the edition that was read."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    # ---- parties ----

    async def party(self, election: str, code: str) -> PartyInfo:
        """Raises UnknownElection and UnknownParty."""
        async with self._database.snapshot() as repos:
            return (await repos.contests.party((await repos.elections.get(election)).id, code))[1]

    async def add_party(self, election: str, new: NewParty, by: Actor) -> PartyInfo:
        """Raises AlreadyExists."""
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election, alone=True)
            await repos.contests.add_party(state.id, new.code, new)
            _, party = await repos.contests.party(state.id, new.code)
            await self._record(repos, state, by, "party-added", new.code, None, party)
        return party

    async def edit_party(
        self, election: str, code: str, edit: PartyEdit, expected: str, by: Actor
    ) -> PartyInfo:
        """Raises UnknownParty and Stale."""
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election, alone=True)
            party_id, before = await repos.contests.party(state.id, code)
            hold_against(before, expected)
            await repos.contests.edit_party(party_id, edit)
            _, after = await repos.contests.party(state.id, code)
            await self._record(repos, state, by, "party-changed", code, before, after)
        return after

    async def remove_party(self, election: str, code: str, expected: str, by: Actor) -> None:
        """Raises UnknownParty, Stale, and Conflict while somebody stands for it."""
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election, alone=True)
            party_id, before = await repos.contests.party(state.id, code)
            hold_against(before, expected)
            selections, candidates = await repos.contests.party_uses(party_id)
            if selections or candidates:
                message = say(
                    "The party %(code)r cannot be removed while something names it; "
                    "there are selections: %(selections)s, candidates: %(candidates)s.",
                    code=code,
                    selections=Figure(selections),
                    candidates=Figure(candidates),
                )
                raise Conflict(message)
            await repos.contests.remove_party(party_id)
            await self._record(repos, state, by, "party-removed", code, before, None)

    # ---- contests ----

    async def contest(self, election: str, code: str) -> WholeContest:
        """Raises UnknownElection and UnknownContest."""
        async with self._database.snapshot() as repos:
            return (await repos.contests.contest((await repos.elections.get(election)).id, code))[1]

    async def add_contest(self, election: str, new: NewContest, by: Actor) -> WholeContest:
        """Puts a contest behind the others on the ballot. Raises AlreadyExists and Invalid."""
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election, alone=True)
            plan = await _Plan.of(repos, state, new)
            contest_id = await repos.contests.add_contest(state.id, plan.district, new.code, new)
            await plan.write(repos, state, contest_id, before=None)
            _, after = await repos.contests.contest(state.id, new.code)
            await self._record(repos, state, by, "contest-added", new.code, None, after)
        return after

    async def edit_contest(
        self, election: str, code: str, edit: ContestEdit, expected: str, by: Actor
    ) -> WholeContest:
        """Writes what a contest is, where it stands and what can be chosen in it.

        Raises UnknownContest, Stale, Invalid, and Conflict where a selection that candidates stand
        behind would go, or people who have filed for it would find a measure.
        """
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election, alone=True)
            contest_id, before = await repos.contests.contest(state.id, code)
            hold_against(before, expected)
            becomes_measure = edit.is_measure and not before.is_measure
            if becomes_measure and (candidates := await repos.contests.candidates(contest_id)):
                raise Conflict(
                    say_many(
                        "%(code)r cannot become a measure: %(number)s candidate has filed for it.",
                        "%(code)r cannot become a measure: %(number)s candidates have filed for it.",
                        candidates,
                        code=code,
                    )
                )
            plan = await _Plan.of(repos, state, edit)
            await repos.contests.edit_contest(contest_id, plan.district, edit)
            await plan.write(repos, state, contest_id, before=before)
            _, after = await repos.contests.contest(state.id, code)
            await self._record(repos, state, by, "contest-changed", code, before, after)
        return after

    async def remove_contest(self, election: str, code: str, expected: str, by: Actor) -> None:
        """With its selections.

        Raises UnknownContest, Stale, and Conflict while candidates stand in it or complaints name it.
        """
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election, alone=True)
            contest_id, before = await repos.contests.contest(state.id, code)
            hold_against(before, expected)
            if candidates := await repos.contests.candidates(contest_id):
                raise Conflict(
                    say_many(
                        "The contest %(code)r cannot be removed: %(number)s candidate has filed for it.",
                        "The contest %(code)r cannot be removed: %(number)s candidates have filed for it.",
                        candidates,
                        code=code,
                    )
                )
            if complaints := await repos.complaints.about_contest(contest_id):
                raise Conflict(
                    say_many(
                        "The contest %(code)r cannot be removed: %(number)s complaint is about it.",
                        "The contest %(code)r cannot be removed: %(number)s complaints are about it.",
                        complaints,
                        code=code,
                    )
                )
            await repos.opening.forget_totals([contest_id])
            await repos.contests.remove_contest(contest_id)
            await self._record(repos, state, by, "contest-removed", code, before, None)

    # ---- selections ----

    async def selection(self, election: str, contest: str, code: str) -> SelectionInfo:
        """Raises UnknownElection, UnknownContest and UnknownSelection."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            contest_id = await repos.elections.contest_id(state.id, contest)
            return (await repos.contests.selection(contest_id, code)).info

    async def add_selection(self, election: str, contest: str, new: NewSelection, by: Actor) -> SelectionInfo:
        """Raises UnknownContest, AlreadyExists, and Invalid for an unknown party."""
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election, alone=True)
            contest_id = await repos.elections.contest_id(state.id, contest)
            party = await _party_id(repos, state, new)
            await repos.contests.add_selection(contest_id, new.code, new.name, party)
            await order_ballot(repos, state, [contest_id])
            found = await repos.contests.selection(contest_id, new.code)
            await self._record(repos, state, by, "selection-added", f"{contest}/{new.code}", None, found.info)
        return found.info

    async def edit_selection(
        self, election: str, contest: str, code: str, edit: SelectionEdit, expected: str, by: Actor
    ) -> SelectionInfo:
        """Raises UnknownContest, UnknownSelection, Stale, and Invalid for an unknown party."""
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election, alone=True)
            contest_id = await repos.elections.contest_id(state.id, contest)
            before = await repos.contests.selection(contest_id, code)
            hold_against(before.info, expected)
            await repos.contests.edit_selection(before.id, edit, await _party_id(repos, state, edit))
            await order_ballot(repos, state, [contest_id])
            after = (await repos.contests.selection(contest_id, code)).info
            await self._record(repos, state, by, "selection-changed", f"{contest}/{code}", before.info, after)
        return after

    async def remove_selection(
        self, election: str, contest: str, code: str, expected: str, by: Actor
    ) -> None:
        """Raises UnknownContest, UnknownSelection, Stale, and Conflict while candidates stand behind it."""
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election, alone=True)
            contest_id = await repos.elections.contest_id(state.id, contest)
            before = await repos.contests.selection(contest_id, code)
            hold_against(before.info, expected)
            await _remove_selections(repos, [before.id])
            await self._record(repos, state, by, "selection-removed", f"{contest}/{code}", before.info, None)

    # ---- parts ----

    async def _record(
        self,
        repos: Repositories,
        state: ElectionState,
        by: Actor,
        action: str,
        subject: str,
        before: msgspec.Struct | None,
        after: msgspec.Struct | None,
    ) -> None:
        if changes := changed(before, after):
            await repos.audit.add(by, self._clock(), action, subject, election=state.id, changes=changes)


class _Plan:
    """What a contest says of units and parties, found; what is not there is named all at once."""

    def __init__(
        self, edit: ContestEdit, district: int, precincts: list[int], parties: dict[str, int]
    ) -> None:
        self.district = district
        self._edit = edit
        self._precincts = precincts
        self._parties = parties

    @classmethod
    async def of(cls, repos: Repositories, state: ElectionState, edit: ContestEdit) -> "_Plan":
        """Raises Invalid."""
        faults: list[FieldError] = []
        district = (await repos.units.named(state.id, [edit.district])).get(edit.district)
        precincts: list[int] = []
        if district is None:
            message = say("there is no unit %(unit)r", unit=edit.district)
            faults.append(FieldError("district", message, "unknown-unit"))
        elif edit.precincts is not None:
            there = await repos.contests.at_or_below(district.id)
            for code in [code for code in edit.precincts if code not in there]:
                message = say(
                    "%(code)r is not a precinct at or below %(district)r", code=code, district=edit.district
                )
                faults.append(FieldError("precincts", message, "outside-district"))
            precincts = [there[code] for code in edit.precincts if code in there]
            faults += _repeated("precincts", edit.precincts)
        selections = edit.selections or []
        faults += _repeated("selections", [selection.code for selection in selections])
        named = {selection.party for selection in selections if selection.party is not None}
        parties = await repos.contests.party_ids(state.id, named)
        faults += [_unknown_party(code, "selections") for code in sorted(named - parties.keys())]
        if district is None or faults:
            raise Invalid(tuple(faults))
        return cls(edit, district.id, precincts, parties)

    async def write(
        self, repos: Repositories, state: ElectionState, contest_id: int, *, before: WholeContest | None
    ) -> None:
        """Writes the list of precincts and the selections, where they change."""
        wanted = sorted(self._edit.precincts) if self._edit.precincts is not None else None
        if wanted != (before.precincts if before is not None else None):
            await repos.opening.forget_totals([contest_id])
            await repos.contests.list_precincts(contest_id, self._precincts)
            await repos.opening.count_upwards([contest_id])
        if self._edit.selections is not None:
            kept = {selection.code for selection in self._edit.selections}
            there = await repos.contests.selections(contest_id)
            gone = [one.id for one in there if one.info.code not in kept]
            await _remove_selections(repos, gone)
            await repos.contests.put_selections(contest_id, self._edit.selections, self._parties)
        await order_ballot(repos, state, [contest_id])


async def _remove_selections(repos: Repositories, selections: list[int]) -> None:
    """Raises Conflict while candidates stand behind one."""
    if stood_behind := await repos.contests.stood_behind(selections):
        named = ", ".join(stood_behind)
        raise Conflict(say("Candidates stand behind %(selections)s; withdraw them first.", selections=named))
    await repos.ballots.remove(selections)


async def _party_id(repos: Repositories, state: ElectionState, edit: SelectionEdit) -> int | None:
    """Raises Invalid."""
    if edit.party is None:
        return None
    found = await repos.contests.party_ids(state.id, [edit.party])
    if edit.party not in found:
        raise Invalid((_unknown_party(edit.party, "party"),))
    return found[edit.party]


def _unknown_party(code: str, field: str) -> FieldError:
    return FieldError(field, say("this election has no party %(party)r", party=code), "unknown-party")


def _repeated(field: str, codes: Iterable[str]) -> list[FieldError]:
    twice = sorted(code for code, times in Counter(codes).items() if times > 1)
    return [FieldError(field, say("%(code)r is named twice", code=code), "named-twice") for code in twice]
