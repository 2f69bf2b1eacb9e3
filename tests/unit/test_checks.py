"""The soft checks: balance, turnout and ceiling (DOMAIN.md, Checks on a tally)."""

import pytest

from models.check_settings import CheckSettings
from models.checks import FailedCheck, Surroundings, all_zero, balance, ceiling, failed_checks, turnout
from tests.building import a_tally


def test_a_tally_that_adds_up_balances() -> None:
    assert balance(a_tally(contest="president"), 1) is None


def test_a_contest_with_two_votes_a_ballot_balances_by_votes_and_not_by_ballots() -> None:
    council = a_tally(contest="council")
    assert balance(council, 2) is None
    failed = balance(council, 1)
    assert failed is not None
    # 120 votes, 6 write-ins, 2 overvoted ballots of one vote each, 30 undervotes.
    assert (failed.found, failed.expected) == (158, 80)


@pytest.mark.parametrize("field", ["undervotes", "overvotes", "write_ins"])
def test_one_too_many_of_anything_is_out_of_balance(field: str) -> None:
    good = a_tally()
    failed = balance(a_tally(**{field: getattr(good, field) + 1}), 1)
    assert failed is not None
    assert (failed.check, failed.found, failed.expected) == ("balance", 81, 80)
    assert "81" in failed.message
    assert "80" in failed.message


def test_an_overvoted_ballot_of_an_n_of_m_contest_loses_all_its_votes() -> None:
    votes = {"dora": 1, "emil": 0, "fay": 0}
    figures = {"write_ins": 0, "undervotes": 1, "rejected_ballots": 0}
    assert balance(a_tally(contest="council", votes=votes, ballots_cast=2, overvotes=1, **figures), 2) is None


def test_rejected_ballots_do_not_enter_the_balance() -> None:
    assert balance(a_tally(rejected_ballots=7), 1) is None


NOTHING = a_tally(votes={"ada": 0, "ben": 0, "cy": 0}, ballots_cast=0, overvotes=0, undervotes=0, write_ins=0)


def test_nothing_but_zeros_balances_and_is_believed_only_where_nobody_could_vote() -> None:
    assert balance(NOTHING, 1) is None
    failed = all_zero(NOTHING, 100)
    assert failed is not None
    assert (failed.check, failed.found, failed.expected) == ("all-zero", 0, 100)
    assert all_zero(NOTHING, 0) is None
    assert all_zero(NOTHING, 100, 100) is None


@pytest.mark.parametrize(
    ("registered", "holds"), [(None, True), (80, True), (81, True), (79, False), (0, False)]
)
def test_turnout_holds_up_to_the_registered_voters_and_where_they_are_not_known(
    registered: int | None, holds: bool
) -> None:
    assert (turnout(a_tally(ballots_cast=80), registered) is None) == holds


def test_a_failed_turnout_says_what_was_found_and_expected() -> None:
    assert turnout(a_tally(), 79) == FailedCheck(
        "turnout", 80, 79, "80 ballots cast, but only 79 registered voters"
    )


def test_the_votes_of_a_selection_may_reach_the_ballots_cast_and_not_exceed_them() -> None:
    assert ceiling(a_tally(votes={"ada": 80, "ben": 0, "cy": 0})) is None
    failed = ceiling(a_tally(votes={"ada": 3, "ben": 81, "cy": 0}))
    assert failed is not None
    assert (failed.check, failed.found, failed.expected) == ("ceiling", 81, 80)
    assert "'ben'" in failed.message


def test_all_failed_checks_are_named_in_a_fixed_order() -> None:
    wrong = a_tally(votes={"ada": 300, "ben": 0, "cy": 0}, ballots_cast=200)
    failed = failed_checks(
        wrong, CheckSettings(), votes_allowed=1, voters_registered=100, surroundings=Surroundings()
    )
    assert [check.check for check in failed] == ["balance", "turnout", "ceiling"]
