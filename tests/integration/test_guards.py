"""The database holds the rules itself: whoever writes around the program is refused."""

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from tests.building import a_tally, unbalanced
from tests.desk import Desk


@pytest.fixture
async def told(desk: Desk) -> Desk:
    """Two tallies in the log: seq 4 is counted, seq 5 is quarantined."""
    await desk.receipts(a_tally(ref="one"), unbalanced("north-2", ref="two"))
    return desk


async def refused(desk: Desk, query: str, **parameters: Any) -> str:
    with pytest.raises(DBAPIError) as error:
        await desk.sql(query, **parameters)
    return str(error.value.orig)


ADD_ENTRY = """
    INSERT INTO log_entries (election_id, seq, at, kind, entry, leaf_hash)
    SELECT election_id, :seq, at, kind, entry, leaf_hash FROM log_entries WHERE seq = 1
"""


async def test_a_log_entry_that_would_leave_a_gap_is_refused(told: Desk) -> None:
    assert "would leave a gap" in await refused(told, ADD_ENTRY, seq=7)


async def test_the_next_log_entry_is_taken(told: Desk) -> None:
    await told.sql(ADD_ENTRY, seq=6)


async def test_a_seq_is_given_once(told: Desk) -> None:
    assert "pk_log_entries" in await refused(told, ADD_ENTRY, seq=5)


async def test_a_seq_starts_at_one(told: Desk) -> None:
    assert "ck_log_entries_seq" in await refused(told, ADD_ENTRY, seq=0)


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE log_entries SET entry = '{}' WHERE seq = 4", "log_entries"),
        ("DELETE FROM log_entries WHERE seq = 5", "log_entries"),
        ("UPDATE tally_votes SET votes = votes + 1 WHERE seq = 4", "tally_votes"),
        ("DELETE FROM tally_votes WHERE seq = 4", "tally_votes"),
        ("DELETE FROM tallies WHERE seq = 4", "tallies"),
        ("UPDATE tallies SET ballots_cast = 1 WHERE seq = 4", "tallies"),
        ("UPDATE tallies SET revision = 9, reason = 'x' WHERE seq = 4", "tallies"),
        ("UPDATE tallies SET official_id = official_id, ref = 'other' WHERE seq = 4", "tallies"),
        ("UPDATE tallies SET status = 'superseded', overvotes = 0 WHERE seq = 4", "tallies"),
    ],
)
async def test_what_was_said_is_never_changed_or_deleted(told: Desk, statement: str, table: str) -> None:
    assert f"{table} is append-only" in await refused(told, statement)


async def test_the_status_of_a_tally_may_move(told: Desk) -> None:
    await told.sql("UPDATE tallies SET status = 'superseded' WHERE seq = 4")


async def test_a_status_that_does_not_exist_is_refused(told: Desk) -> None:
    assert "ck_tallies_status" in await refused(told, "UPDATE tallies SET status = 'counted' WHERE seq = 4")


COPY_TALLY = """
    INSERT INTO tallies (election_id, seq, contest_id, unit_id, official_id, revision, status, ballots_cast,
                         overvotes, undervotes, write_ins, rejected_ballots, reason, ref, digest, channel,
                         submitted_at)
    SELECT election_id, 6, contest_id, unit_id, official_id, {revision}, {status}, {ballots}, overvotes,
           undervotes, write_ins, rejected_ballots, {reason}, {ref}, digest, channel, submitted_at
    FROM tallies WHERE seq = 4
"""


def copied(**changes: str) -> str:
    fields = {
        "revision": "2",
        "status": "'quarantined'",
        "ballots": "ballots_cast",
        "reason": "'why'",
        "ref": "'new'",
    }
    return COPY_TALLY.format(**{**fields, **changes})


async def test_a_sound_row_is_taken(told: Desk) -> None:
    await told.sql(ADD_ENTRY, seq=6)
    await told.sql(copied())


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"status": "'accepted'"}, "uq_tallies_counted"),
        ({"ref": "ref"}, "uq_tallies_election_id_official_id_ref"),
        ({"revision": "1"}, "uq_tallies_unit_id_contest_id_revision"),
        ({"revision": "0"}, "ck_tallies_revision"),
        ({"reason": "''"}, "ck_tallies_corrections_have_a_reason"),
        ({"ballots": "-1"}, "ck_tallies_counts"),
    ],
    ids=["two counted", "ref twice", "revision twice", "revision 0", "no reason", "negative"],
)
async def test_a_row_against_the_rules_is_refused(
    told: Desk, changes: dict[str, str], constraint: str
) -> None:
    await told.sql(ADD_ENTRY, seq=6)
    assert constraint in await refused(told, copied(**changes))


async def test_a_tally_without_a_log_entry_is_refused(told: Desk) -> None:
    assert "tally 6 has no log entry" in await refused(told, copied())


async def test_a_tally_of_a_unit_that_does_not_vote_on_its_contest_is_refused(told: Desk) -> None:
    await told.sql(ADD_ENTRY, seq=6)
    elsewhere = copied().replace(
        "SELECT election_id, 6, contest_id, unit_id", "SELECT election_id, 6, 999999, unit_id"
    )
    assert "does not vote on its contest" in await refused(told, elsewhere)


async def test_a_ballot_of_which_there_are_tallies_is_not_deleted(told: Desk) -> None:
    await told.sql("DELETE FROM contest_totals")
    assert "has sent tallies" in await refused(told, "DELETE FROM contest_units")


ADD_VOTES = "INSERT INTO tally_votes SELECT 1, :seq, id, 5 FROM selections WHERE code = :selection"


@pytest.mark.parametrize(("seq", "selection"), [(6, "ada"), (4, "yes")], ids=["no tally", "other contest"])
async def test_votes_are_for_a_selection_on_a_tally_that_is_there(
    told: Desk, seq: int, selection: str
) -> None:
    said = await refused(told, ADD_VOTES, seq=seq, selection=selection)
    assert f"votes of tally {seq} are of no selection of its contest" in said


async def test_votes_for_a_selection_that_is_not_there_are_refused(told: Desk) -> None:
    statement = "INSERT INTO tally_votes SELECT election_id, seq, 999999, 1 FROM tallies WHERE seq = 4"
    assert "votes of tally 4 are of no selection" in await refused(told, statement)


async def test_a_selection_that_stands_on_tallies_is_not_deleted(told: Desk) -> None:
    await told.sql("DELETE FROM selection_totals")
    assert "stands on tallies" in await refused(told, "DELETE FROM selections")


async def test_the_first_log_entry_of_an_election_that_is_not_there_is_refused(told: Desk) -> None:
    statement = ADD_ENTRY.replace("SELECT election_id", "SELECT 999999")
    assert "would leave a gap" in await refused(told, statement, seq=1)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE contest_totals SET ballots_cast = -1", "ck_contest_totals_counts"),
        ("UPDATE contest_totals SET units_reported = -1", "ck_contest_totals_counts"),
        ("UPDATE contest_totals SET quarantined_units = -1", "ck_contest_totals_counts"),
        ("UPDATE selection_totals SET votes = -1", "ck_selection_totals_votes"),
        ("UPDATE reporting_units SET voters_registered = -1", "ck_reporting_units_voters_registered"),
        ("INSERT INTO tally_votes SELECT election_id, seq, 999999, -1 FROM tallies", "ck_tally_votes_votes"),
    ],
)
async def test_a_negative_number_is_refused_everywhere(told: Desk, statement: str, constraint: str) -> None:
    assert constraint in await refused(told, statement)


async def test_an_election_has_one_root(told: Desk) -> None:
    statement = """
        INSERT INTO reporting_units (election_id, code, name, kind)
        SELECT election_id, 'another', 'Another', 'country' FROM reporting_units WHERE parent_id IS NULL
    """
    assert "uq_reporting_units_root" in await refused(told, statement)


async def test_a_token_is_kept_as_its_hash_only(told: Desk) -> None:
    officer = await told.official()
    rows = await told.sql("SELECT token_hash FROM tokens")
    assert all(len(row.token_hash) == 32 for row in rows)
    assert officer.token.encode() not in b"".join(row.token_hash for row in rows)
