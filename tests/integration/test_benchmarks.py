"""Every row of every path, with so little load that only the answers are looked at."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import board, burst, fanout, intake, night, programs, reads, registry
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


PEERS_OF_FANOUT = ("book", "shared-queue", "starlette-shared-queue", "sse-starlette")


def few_viewers(stage: Stage) -> list[Row]:
    return fanout.rows(stage, fanout.Size(viewers=5, precincts=4, warm_up=0, events=1))


def a_small_burst(stage: Stage) -> list[Row]:
    return burst.rows(stage, burst.Size(viewers=5, seconds=0.2, contests=2, precincts=1_500, items=10))


def a_quiet_night(stage: Stage) -> list[Row]:
    quiet = night.Size(viewers=5, officers=3, a_second=50, warm_up=0.1, seconds=1, contests=2, precincts=30)
    return night.rows(stage, quiet)


def few_readers(stage: Stage) -> list[Row]:
    return reads.rows(stage, reads.Size(readers=3, warm_up=0.05, seconds=0.2))


def few_voters(stage: Stage) -> list[Row]:
    return registry.rows(stage, registry.Size(voters=2500, of_others=1200, precincts=4, warm_up=5))


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        (few_tallies, [*(sending.name for sending in intake.SENDINGS), *with_program("pgbench", "pgbench")]),
        (few_viewers, ["ours", *PEERS_OF_FANOUT, *with_nchan("nchan"), "c-write-loop"]),
        (a_small_burst, ["ours", *with_nchan("nchan")]),
        (a_quiet_night, ["ours"]),
        (few_readers, ["ours", "plain-view"]),
        (few_voters, ["ours", "one-insert-a-row"]),
    ],
    ids=["intake", "fanout", "burst", "night", "reads", "registry"],
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
