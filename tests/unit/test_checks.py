"""The soft checks on one tally and its surroundings (DOMAIN.md, Checks on a tally)."""

import msgspec
import pytest

from models.check_settings import CheckSettings
from models.checks import (
    MIN_SIBLINGS,
    MIN_WITNESSES,
    FailedCheck,
    Surroundings,
    all_zero,
    balance,
    ceiling,
    duplicate_vector,
    failed_checks,
    outlier,
    same_ballots,
    turnout,
    vector_of,
)
from models.moments import MIN_WHOLE, Moments, permille, share_permilles, turnout_permille
from models.submissions import TallySubmission
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


# ---- tolerances ----


def test_a_tolerance_is_in_the_unit_of_its_check() -> None:
    short = a_tally(contest="council", undervotes=30 - 4)
    assert balance(short, 2, 1) is not None, "two votes make a ballot"
    assert balance(short, 2, 2) is None
    assert turnout(a_tally(), 78, 1) is not None
    assert turnout(a_tally(), 78, 2) is None
    above = a_tally(votes={"ada": 85, "ben": 0, "cy": 0})
    assert ceiling(above, 4) is not None
    assert ceiling(above, 5) is None


# ---- same ballots ----


def ballots(*others: int, contests: int = 9) -> Surroundings:
    return Surroundings(ballots={f"contest-{n}": other for n, other in enumerate(others)}, contests=contests)


def test_a_tally_is_held_against_the_ballots_of_most_of_the_other_contests() -> None:
    assert same_ballots(a_tally(), ballots(80, 80, 80)) is None
    failed = same_ballots(a_tally(), ballots(95, 95, 12, 95))
    assert failed is not None
    assert (failed.check, failed.found, failed.expected) == ("same-ballots", 80, 95)
    assert same_ballots(a_tally(), ballots(95, 95, 12, 95), 15) is None
    assert same_ballots(a_tally(), ballots(95, 95, 12, 95), 14) is not None


@pytest.mark.parametrize(
    "others", [(), (95,), (95, 95), (95, 95, 80, 80), (95, 95, 95, 1, 2, 3), (95, 96, 97)]
)
def test_where_too_few_contests_agree_nobody_knows_which_is_wrong(others: tuple[int, ...]) -> None:
    assert same_ballots(a_tally(), ballots(*others)) is None
    assert same_ballots(a_tally(), ballots(*others, contests=0)) is None


def test_on_a_short_ballot_all_the_other_contests_are_witnesses_enough() -> None:
    assert same_ballots(a_tally(), ballots(95, contests=2)) is not None
    assert same_ballots(a_tally(), ballots(95, contests=3)) is None, "one more may come"
    assert same_ballots(a_tally(), ballots(95, 95, contests=3)) is not None
    assert same_ballots(a_tally(), ballots(95, 80, contests=3)) is None


def test_one_wrong_contest_holds_up_none_of_the_others_whenever_it_comes() -> None:
    for place in range(8):
        counted: list[int] = []
        held = []
        for number in range(8):
            tally = a_tally(ballots_cast=12 if number == place else 80)
            if same_ballots(tally, ballots(*counted, contests=8)):
                held.append(number)
            else:
                counted.append(tally.ballots_cast)
        assert held == ([place] if place >= MIN_WITNESSES else []), place


# ---- all zero, and identical figures ----


def test_one_figure_alone_is_not_nothing() -> None:
    assert all_zero(msgspec.structs.replace(NOTHING, rejected_ballots=1), 100) is None
    assert all_zero(msgspec.structs.replace(NOTHING, votes={"ada": 0, "ben": 0, "cy": 1}), 100) is None


def test_where_nobody_knows_how_many_could_vote_zeros_are_believed() -> None:
    assert all_zero(NOTHING, None) is None


def test_identical_figures_name_the_other_precinct() -> None:
    failed = duplicate_vector(a_tally(), Surroundings(twin="south-2"), 76)
    assert failed is not None
    assert (failed.check, failed.found, failed.expected, failed.about) == (
        "duplicate-vector",
        76,
        0,
        "south-2",
    )
    assert "'south-2'" in failed.message
    assert duplicate_vector(a_tally(), Surroundings(), 76) is None


def test_identical_figures_of_few_votes_or_of_a_candidate_alone_are_trivial() -> None:
    assert duplicate_vector(a_tally(), Surroundings(twin="south-2"), 77) is None
    alone = a_tally(votes={"ada": 370}, write_ins=10, overvotes=0, undervotes=0, ballots_cast=380)
    assert duplicate_vector(alone, Surroundings(twin="south-2"), 50) is None


def test_the_vector_is_that_of_all_figures_in_the_order_of_the_ballot() -> None:
    order = ["ada", "ben", "cy"]
    vector = vector_of(a_tally(), order)
    assert vector is not None and -(2**63) <= vector < 2**63
    assert vector_of(a_tally(votes={"cy": 5, "ben": 30, "ada": 40}), order) == vector
    assert vector_of(a_tally(rejected_ballots=9, ref="other", precinct="south-1"), order) == vector
    assert vector_of(a_tally(), ["ben", "ada", "cy"]) != vector
    for field in ("ballots_cast", "overvotes", "undervotes", "write_ins"):
        assert vector_of(a_tally(**{field: 77}), order) != vector
    assert vector_of(NOTHING, order) is None


# ---- outliers ----


def siblings(*permilles: int) -> Moments:
    moments = Moments()
    for value in permilles:
        moments.add(+1, value)
    return moments


def test_moments_have_the_mean_and_the_deviation_of_a_sample() -> None:
    moments = siblings(2, 4, 4, 4, 5, 5, 7, 9)
    assert moments.mean == 5
    assert moments.deviation == pytest.approx((32 / 7) ** 0.5)
    assert (Moments().mean, Moments().deviation, siblings(7).deviation) == (0, 0, 0)


def test_a_turnout_far_from_its_siblings_is_an_outlier_once_enough_have_reported() -> None:
    around = Surroundings(turnout=siblings(*[300] * MIN_SIBLINGS))
    # 80 of 100 against 300 per mille: 500 apart, which is 6.25 times the least deviation.
    failed = outlier(a_tally(), 100, around, 6)
    assert failed is not None
    assert (failed.check, failed.found, failed.expected, failed.about) == ("outlier", 800, 300, "")
    assert "80.0 %" in failed.message and "30.0 %" in failed.message
    assert outlier(a_tally(), 100, around, 7) is None
    assert outlier(a_tally(), None, around, 6) is None
    around.turnout.add(-1, 300)
    assert outlier(a_tally(), 100, around, 6) is None


def test_an_outlying_share_names_its_selection_in_the_order_of_the_tally() -> None:
    usual = {"ada": 20, "ben": 390, "cy": 590}
    around = Surroundings(shares={code: siblings(*[share] * MIN_SIBLINGS) for code, share in usual.items()})
    failed = outlier(a_tally(), 100, around, 6)
    assert failed is not None
    # 40 of 76 votes; cy's 5 are 66 per mille instead of 590, which lies outside too.
    assert (failed.found, failed.expected, failed.about) == (526, 20, "ada")
    around.shares["ada"] = siblings(*[400] * MIN_SIBLINGS)
    failed = outlier(a_tally(), 100, around, 6)
    assert failed is not None and failed.about == "cy"


def test_the_farther_the_siblings_lie_apart_the_more_is_believed() -> None:
    apart = Surroundings(turnout=siblings(*[200, 400] * MIN_SIBLINGS))
    assert outlier(a_tally(), 100, apart, 5) is None
    assert outlier(a_tally(), 100, apart, 4) is not None


def test_a_tiny_precinct_is_compared_with_nobody() -> None:
    assert permille(10, MIN_WHOLE - 1) is None
    assert permille(10, MIN_WHOLE) == 500
    assert (permille(5, 0), permille(5, None)) == (None, None)
    assert share_permilles({"ada": MIN_WHOLE - 2, "ben": 1}, 0) == {}
    assert turnout_permille(a_tally(), 100) == 800


def test_per_mille_is_rounded_to_the_nearest_and_has_an_upper_end() -> None:
    assert [permille(part, 2000) for part in (0, 1, 2, 3, 1999, 2000)] == [0, 1, 1, 2, 1000, 1000]
    assert permille(2_147_483_647, 20) == 10_000


# ---- all of them ----


def test_all_failed_checks_are_named_in_a_fixed_order() -> None:
    wrong = a_tally(votes={"ada": 300, "ben": 0, "cy": 0}, ballots_cast=200)
    failed = failed_checks(
        wrong, CheckSettings(), votes_allowed=1, voters_registered=100, surroundings=Surroundings()
    )
    assert [check.check for check in failed] == ["balance", "turnout", "ceiling"]


ON_EVERYTHING = Surroundings(
    ballots={"a": 5, "b": 5, "c": 5},
    twin="south-2",
    turnout=siblings(*[100] * MIN_SIBLINGS),
)


def test_a_check_that_is_off_is_not_made() -> None:
    wrong = a_tally(votes={"ada": 300, "ben": 1, "cy": 1}, ballots_cast=200)
    found = failed(wrong, CheckSettings())
    assert found == ["balance", "turnout", "ceiling", "same-ballots", "duplicate-vector", "outlier"]
    for name in found:
        without = msgspec.convert({name: {"on": False, "tolerance": 50}}, CheckSettings)
        assert failed(wrong, without) == [other for other in found if other != name]


def test_nothing_but_zeros_fails_for_its_zeros() -> None:
    assert "all-zero" in failed(NOTHING, CheckSettings())


def failed(tally: TallySubmission, settings: CheckSettings) -> list[str]:
    found = failed_checks(tally, settings, votes_allowed=1, voters_registered=100, surroundings=ON_EVERYTHING)
    return [check.check for check in found]


def test_what_a_check_is_about_is_left_out_where_it_is_about_nothing() -> None:
    older = {"check": "turnout", "found": 80, "expected": 79, "message": "…"}
    assert msgspec.to_builtins(msgspec.convert(older, FailedCheck)) == older
