"""Every row of every path, with so little load that only the answers are looked at."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import (
    board,
    burst,
    fanout,
    filling,
    growth,
    intake,
    nchan_front,
    night,
    overload,
    programs,
    reads,
    reads_h2,
    registry,
    wide,
    workers,
)
from benchmarks.load.officers import Officers
from benchmarks.load.websocket import frame
from benchmarks.load.wire import WrongAnswer
from benchmarks.measuring import Row
from benchmarks.peers import nchan
from benchmarks.stage import Stage
from quart_app.embedded import Engines


@pytest.fixture
def stage(clean: Engines, tmp_path: Path) -> Stage:
    return Stage(clean, tmp_path)


def few_tallies(stage: Stage) -> list[Row]:
    return intake.rows(stage, intake.Size(officers=3, precincts=400, warm_up=0.02, seconds=0.2))


def with_program(program: str, *rows: str) -> list[str]:
    """Rows that need a program from Debian: left out where it is not, but in CI it has to be there."""
    return list(rows) if os.environ.get("CI") == "true" or programs.is_here(program) else []


def with_nchan(*rows: str) -> list[str]:
    return list(rows) if os.environ.get("CI") == "true" or nchan.is_here() else []


BY_NGINX = with_program("nginx", "nginx-static", "nginx-cache")
READS = with_program("wrk", *(server.name for server in reads.ONE_PROCESS), *BY_NGINX)
READS_H2 = with_program("h2load", "ours", "plain-view", *BY_NGINX)
PEERS_OF_FANOUT = ("book", "shared-queue", "starlette-shared-queue", "sse-starlette")


def few_viewers(stage: Stage) -> list[Row]:
    return fanout.rows(stage, fanout.Size(viewers=5, precincts=4, warm_up=0, events=1))


def a_small_burst(stage: Stage) -> list[Row]:
    return burst.rows(stage, burst.Size(viewers=5, seconds=0.2, contests=2, precincts=1_500, items=10))


QUIET = night.Size(viewers=5, officers=3, a_second=50, warm_up=0.1, seconds=1, contests=2, precincts=30)


def a_quiet_night(stage: Stage) -> list[Row]:
    return night.rows(stage, QUIET)


def a_quiet_night_in_front(stage: Stage) -> list[Row]:
    return nchan_front.rows(stage, QUIET, crowd=15)


def a_small_flood(stage: Stage) -> list[Row]:
    size = overload.Size(
        connections=20,
        few=2,
        viewers=3,
        officers=2,
        a_second=20,
        warm_up=0.5,
        seconds=1,
        precincts=120,
        capacity_seconds=1,
    )
    return overload.rows(stage, size)


def few_readers(stage: Stage) -> list[Row]:
    return reads.rows(stage, reads.Size(readers=3))


def few_readers_who_have_it(stage: Stage) -> list[Row]:
    return reads.rows(stage, reads.Size(readers=3), reads.IN_BROWSERS, has_it=True)


def few_readers_over_h2(stage: Stage) -> list[Row]:
    return reads_h2.rows(stage, reads_h2.Size(connections=3, seconds=1))


def few_voters(stage: Stage) -> list[Row]:
    return registry.rows(stage, registry.Size(voters=2500, of_others=1200, precincts=4, warm_up=5))


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        (few_tallies, [*(sending.name for sending in intake.SENDINGS), *with_program("pgbench", "pgbench")]),
        (few_viewers, ["ours", *PEERS_OF_FANOUT, *with_nchan("nchan"), "c-write-loop"]),
        (a_small_burst, ["ours", *with_nchan("nchan")]),
        (a_quiet_night, ["ours"]),
        (a_quiet_night_in_front, ["ours", *with_nchan("nchan", "nchan-18000")]),
        (a_small_flood, with_program("wrk", "ours", "at-ease")),
        (few_readers, READS),
        (few_readers_who_have_it, READS),
        (few_readers_over_h2, READS_H2),
        (few_voters, ["ours", "one-insert-a-row"]),
    ],
    ids=[
        "intake",
        "fanout",
        "burst",
        "night",
        "nchan",
        "overload",
        "reads",
        "reads-304",
        "reads-h2",
        "registry",
    ],
)
def test_every_row_gives_right_answers(
    stage: Stage, rows: Callable[[Stage], list[Row]], names: list[str]
) -> None:
    found = rows(stage)
    assert [row.name for row in found] == names
    assert all(row.measure().figure > 0 for row in found)


def test_a_crowd_is_measured_at_each_of_its_sizes(stage: Stage) -> None:
    sizes = [fanout.Size(viewers=viewers, precincts=4, warm_up=0, events=1) for viewers in (2, 4)]
    curves = fanout.curves(stage, sizes)
    assert [curve.y for curve in curves] == ["deliveries/s", "ms", "kB"]
    assert all([viewers for viewers, _ in points] == [2, 4] for points in curves[0].points.values())


def test_growth_is_measured_at_each_size_on_copies_that_are_gone_afterwards(stage: Stage) -> None:
    quick = growth.Size(
        stored=(20, 60),
        precincts=20,
        on_each_ballot=8,
        contests=(4, 8),
        of_contests=(24, 4, 10),
        officers=3,
        readers=3,
        warm_up=0.02,
        seconds=0.2,
        rounds=1,
    )
    fills, _, _, contests, _, whole = growth.curves(stage, quick)
    assert [[x for x, _ in points] for points in fills.points.values()] == [[20, 60], [20, 60]]
    assert [[x for x, _ in points] for points in contests.points.values()] == [[4, 8], [4, 8]]
    [(_, few), (_, many)] = whole.points["results of all contests"]
    assert few < many
    assert stage.run(databases(stage)) == []


async def databases(stage: Stage) -> list[str]:
    """Those that a measurement has made and not dropped."""
    connection = await stage.connect()
    rows = await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'benchmark\\_%'")
    await connection.close()
    return [row["datname"] for row in rows]


def test_two_workers_are_measured_with_connections_at_both(stage: Stage) -> None:
    quick = workers.Size(readers=20, officers=4, tallied=200, warm_up=0.02, seconds=0.5, percent=50)
    rows = {row.name: row for row in workers.rows(stage, quick)}
    limited = with_program("cpulimit", "ours", "two-workers")
    expected = with_program("wrk", *limited, "one-unlimited", "two-unlimited")
    assert list(rows) == expected
    for name in {"two-workers", "one-unlimited"} & rows.keys():
        measured = rows[name].measure()
        assert measured.figure > 0
        assert measured.details["receipts/s"] > 0
        assert measured.details["connections"] == 20


def test_a_filled_election_without_one_of_its_tallies_is_found(stage: Stage) -> None:
    few = wide.wide_election("filling", precincts=3, contests=2, on_each_ballot=2)
    election = stage.defined(few.definition, ())
    assert filling.fill(stage, election, few, 0, 4, lambda _: None) > 4
    with pytest.raises(WrongAnswer, match="of 6 tallies the database has"):
        filling.fill(stage, election, few, 5, 6, lambda _: None)


def test_nothing_is_left_out_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(WrongAnswer, match="apt-get install nginx libnginx-mod-nchan"):
        nchan.left_out()


def test_the_board_is_measured_in_a_browser_that_shows_the_right_figures_in_the_end(stage: Stage) -> None:
    if board.chromium() is None:
        pytest.skip("the board is measured in chromium: apt-get install chromium")
    [row] = board.rows(stage, board.Size(contests=2, precincts=9, before=1, seconds=1))
    measured = row.measure()
    assert measured.figure >= 0
    assert measured.details.keys() >= {"main_%", "renderer_%", "updates/s"}


def test_a_voter_whom_the_database_does_not_have_is_found(stage: Stage) -> None:
    election = stage.election(2)
    with pytest.raises(WrongAnswer, match="of 1 voters the database has"):
        stage.run(registry.audit(stage, election, 1))


def test_an_entry_in_the_log_that_nobody_has_a_receipt_of_is_found(stage: Stage) -> None:
    election = stage.election(2)
    stage.count(election, election.tallies[:1])
    with pytest.raises(WrongAnswer, match="0 receipts, but 1 entries"):
        stage.run(intake.audit(stage, election, []))


def test_a_refused_tally_is_found(stage: Stage) -> None:
    election = stage.election(2)
    with (
        stage.serving(intake.HYPERCORN) as running,
        Officers(running.port, f"{election.path}/tallies/ws", election.bearer, 1) as officers,
        pytest.raises(WrongAnswer, match="no receipt"),
    ):
        list(intake.receipts_of([officers.ask(frame(b'{"type":"tally"}'))]))


def test_a_server_that_does_not_start_is_a_wrong_answer_with_its_last_words(stage: Stage) -> None:
    broken = intake.on_hypercorn("broken", "benchmarks.peers.no_such_peer:create_app()")
    with pytest.raises(WrongAnswer, match="did not start"), stage.serving(broken):
        pass
