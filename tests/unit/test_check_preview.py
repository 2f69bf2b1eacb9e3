"""The preview of the checks: each counted tally held against all the others."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from models.check_preview import MAX_EXAMPLES, CountedTally, previewed
from models.check_settings import CheckName, CheckSetting, CheckSettings
from models.checks import (
    FailedCheck,
    Surroundings,
    failed_checks,
    vector_of,
)
from models.moments import Moments, share_permilles, turnout_permille

SELECTIONS = ("ada", "ben")


def a_counted(precinct: str = "p-1", contest: str = "mayor", **changes: Any) -> CountedTally:
    figures = {"votes": {"ada": 40, "ben": 35}, "ballots_cast": 80, "overvotes": 1, "undervotes": 4}
    place = {"parent": "north", "contests": 2, "votes_allowed": 1, "voters_registered": 100}
    return CountedTally(precinct=precinct, contest=contest, **{**figures, **place, **changes})


def held(settings: CheckSettings, counted: list[CountedTally]) -> dict[CheckName, int]:
    return {check.check: check.held for check in previewed(settings, counted).checks if check.held}


def test_of_nothing_nothing_is_held() -> None:
    nothing = previewed(CheckSettings(), [])
    assert (nothing.held, nothing.of) == (0, 0)
    assert [check.check for check in nothing.checks] == list(CheckName)


def test_it_tells_how_many_of_how_many_and_names_the_first_few() -> None:
    counted = [a_counted(f"p-{n}", voters_registered=79, undervotes=4 + n % 2) for n in range(14)]
    counted += [a_counted(f"q-{n}", votes={"ada": n, "ben": 75 - n}) for n in range(10)]
    settings = CheckSettings(
        duplicate_vector=CheckSetting(on=False, tolerance=50), outlier=CheckSetting(tolerance=9)
    )
    told = previewed(settings, counted)
    assert (told.held, told.of) == (14, 24)
    turnout = told.checks[1]
    assert (turnout.check, turnout.held, len(turnout.examples)) == (CheckName.TURNOUT, 14, MAX_EXAMPLES)
    first = turnout.examples[0]
    assert (first.precinct, first.contest) == ("p-0", "mayor")
    assert (first.failed.found, first.failed.expected) == (80, 79)


def test_a_check_that_is_off_is_previewed_and_does_not_count_in_the_sum() -> None:
    off = CheckSettings(duplicate_vector=CheckSetting(on=False, tolerance=50))
    told = previewed(off, [a_counted("p-1"), a_counted("p-2")])
    assert told.held == 0
    assert [check.held for check in told.checks if check.check is CheckName.DUPLICATE_VECTOR] == [2]
    on = CheckSettings(duplicate_vector=CheckSetting(tolerance=50))
    assert previewed(on, [a_counted("p-1"), a_counted("p-2")]).held == 2


def test_a_tally_is_its_own_sibling_and_its_own_twin_never() -> None:
    assert held(CheckSettings(), [a_counted()]) == {}
    alike = [
        a_counted(f"p-{n}", votes={"ada": 40 + n, "ben": 35 - n}, voters_registered=400) for n in range(20)
    ]
    assert held(CheckSettings(), [*alike, a_counted("far", votes={"ada": 75, "ben": 0})]) == {
        CheckName.OUTLIER: 1
    }


def test_a_tally_is_no_witness_of_its_own_ballots() -> None:
    two = [a_counted(), a_counted(contest="council", ballots_cast=95, undervotes=19)]
    assert held(CheckSettings(same_ballots=CheckSetting()), two) == {CheckName.SAME_BALLOTS: 2}


FEW = st.integers(0, 60)
COUNTED = st.lists(
    st.builds(
        a_counted,
        st.integers(1, 60).map("p-{}".format),
        st.sampled_from(["mayor", "council", "measure"]),
        votes=st.fixed_dictionaries(dict.fromkeys(SELECTIONS, FEW)),
        ballots_cast=st.sampled_from([0, 60, 80, 100]),
        undervotes=st.integers(0, 2),
        voters_registered=st.sampled_from([None, 0, 50, 200]),
        contests=st.sampled_from([2, 3]),
    ),
    min_size=20,
    max_size=80,
    unique_by=lambda counted: (counted.precinct, counted.contest),
)
SETTINGS = st.builds(
    CheckSettings,
    outlier=st.builds(CheckSetting, tolerance=st.integers(1, 4)),
    duplicate_vector=st.builds(CheckSetting, tolerance=st.integers(1, 60)),
    same_ballots=st.builds(CheckSetting, tolerance=st.integers(0, 30)),
)


@given(SETTINGS, COUNTED)
def test_it_holds_what_failed_checks_holds_of_each_among_all_the_others(
    settings: CheckSettings, counted: list[CountedTally]
) -> None:
    told = previewed(settings, counted)
    slowly = [one_by_one(settings, tally, counted) for tally in counted]
    assert told.held == sum(bool(failed) for failed in slowly)
    for check in told.checks:
        found = [
            (tally.precinct, tally.contest, nameless(one))
            for tally, failed in zip(counted, slowly, strict=True)
            for one in failed
            if one.check == check.check
        ]
        assert check.held == len(found)
        examples = [
            (example.precinct, example.contest, nameless(example.failed)) for example in check.examples
        ]
        assert examples == found[:MAX_EXAMPLES]


def nameless(failed: FailedCheck) -> FailedCheck:
    """Of several twins either may be named."""
    if failed.check == CheckName.DUPLICATE_VECTOR:
        return msgspec.structs.replace(failed, message="", about="")
    return failed


def one_by_one(
    settings: CheckSettings, tally: CountedTally, counted: list[CountedTally]
) -> tuple[FailedCheck, ...]:
    others = [other for other in counted if other is not tally]
    around = Surroundings(contests=tally.contests)
    around.ballots = {o.contest: o.ballots_cast for o in others if o.precinct == tally.precinct}
    rivals = [o for o in others if o.contest == tally.contest]
    vector = vector_of(tally.submission(), SELECTIONS)
    around.twin = next(
        (o.precinct for o in rivals if vector and vector_of(o.submission(), SELECTIONS) == vector), None
    )
    for other in rivals:
        turnout = turnout_permille(other.submission(), other.voters_registered)
        if turnout is not None:
            around.turnout.add(+1, turnout)
        for code, share in share_permilles(other.votes, other.write_ins).items():
            around.shares.setdefault(code, Moments()).add(+1, share)
    return failed_checks(
        tally.submission(),
        settings,
        votes_allowed=tally.votes_allowed,
        voters_registered=tally.voters_registered,
        surroundings=around,
    )
