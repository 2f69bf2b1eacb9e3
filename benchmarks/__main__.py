"""`python -m benchmarks [intake|fanout|reads|registry|pages|board] [--rounds N]`."""

import sys
from collections.abc import Callable, Sequence

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import board, fanout, intake, machine, pages, reads, registry, report
from benchmarks.load.wire import WrongAnswer
from benchmarks.measuring import Compared, Row, compare
from benchmarks.stage import Stage, stage
from quart_app.embedded import EngineUnavailable

PATHS: dict[str, tuple[str, Callable[[Stage], list[Row]]]] = {
    "intake": (intake.UNIT, lambda here: intake.rows(here, intake.Size())),
    "fanout": (fanout.UNIT, lambda here: fanout.rows(here, fanout.Size())),
    "reads": (reads.UNIT, lambda here: reads.rows(here, reads.Size())),
    "registry": (registry.UNIT, lambda here: registry.rows(here, registry.Size())),
    "pages": (pages.UNIT, pages.rows),
    "board": (board.UNIT, lambda here: board.rows(here, board.Size())),
}


@click.command()
@click.argument("paths", nargs=-1, type=click.Choice(list(PATHS)))
@click.option("--rounds", default=3, show_default=True, help="How often each row is measured.")
def main(paths: Sequence[str], rounds: int) -> None:
    """Measures ours beside others: tallies in, results out live, results read, voters in, and the pages."""
    if sys.platform != "linux":
        raise click.ClickException("The benchmarks need Linux: epoll, and cores that can be chosen.")
    try:
        _run(paths or list(PATHS), rounds, Console())
    except (WrongAnswer, EngineUnavailable) as error:
        raise click.ClickException(str(error)) from None


def _run(paths: Sequence[str], rounds: int, console: Console) -> None:
    with stage() as here:
        facts = here.run(machine.facts(here.engines))
        console.print(", ".join(f"{name} {value}" for name, value in facts.items()))
        compared = {}
        for path in paths:
            unit, rows_of = PATHS[path]
            compared[path] = _with_progress(path, unit, rows_of(here), rounds, console)
            console.print(report.table(path, compared[path]))
            report.write(facts, compared)


def _with_progress(path: str, unit: str, rows: Sequence[Row], rounds: int, console: Console) -> Compared:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Drawn only between two measurements: while one runs, this core belongs to the load.
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as progress:
        task = progress.add_task(path, total=len(rows) * rounds)

        def measured(row: str, number: int) -> None:
            progress.update(task, advance=1, description=f"{path}: {row}, round {number} done", refresh=True)

        return compare(unit, rows, rounds, measured)


if __name__ == "__main__":
    main()
