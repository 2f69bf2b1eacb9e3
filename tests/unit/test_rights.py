"""Who may enter, and what roles show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rights import PUBLIC, ROLES, SIGNED_IN, Access, Credential, Identity, Role

SESSION = Credential("session", 1)


def member(*roles: str) -> Identity:
    return Identity(1, "olga", frozenset(roles), frozenset(), SESSION)


SOME = st.frozensets(st.sampled_from(ROLES))


@given(SOME)
def test_the_public_enters_what_is_public_and_so_does_everybody(roles: frozenset[str]) -> None:
    assert PUBLIC.admits(None)
    assert PUBLIC.admits(member(*roles))


@given(SOME)
def test_whoever_signed_in_enters_what_is_for_members_and_the_public_does_not(roles: frozenset[str]) -> None:
    assert SIGNED_IN.admits(member(*roles))
    assert not SIGNED_IN.admits(None)


@given(SOME, SOME.filter(bool))
def test_one_of_the_roles_is_enough_and_none_is_not(has: frozenset[str], wanted: frozenset[str]) -> None:
    assert Access(roles=wanted).admits(member(*has)) is bool(has & wanted)
    assert not Access(roles=wanted).admits(None)


@given(SOME)
def test_freshness_is_another_question(roles: frozenset[str]) -> None:
    assert Access(fresh=True).admits(member(*roles))


@pytest.mark.parametrize("role", ROLES)
def test_only_those_who_work_with_the_figures_see_them_before_their_release(role: str) -> None:
    assert member(role).sees_withheld_results is (role in ("administrator", "reviewer", "auditor"))


@pytest.mark.parametrize("role", ROLES)
def test_only_officers_send_tallies(role: str) -> None:
    assert member(role).sends_tallies is (role == Role.OFFICER)


def test_no_role_is_no_right() -> None:
    assert not member().sends_tallies
    assert not member().sees_withheld_results
