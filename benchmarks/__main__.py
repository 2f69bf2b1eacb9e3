"""`python -m benchmarks [PATH…] [--rounds N]`, with the paths of paths.py."""

import sys
from collections.abc import Sequence

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import machine, report, tables
from benchmarks.load.wire import WrongAnswer
from benchmarks.measuring import Compared, Row, compare
from benchmarks.paths import PATHS, Path
from benchmarks.stage import Stage, stage
from quart_app.embedded import EngineUnavailable


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
        for name in paths:
            compared[name] = _measured(name, PATHS[name], here, rounds, console)
            console.print(tables.on_terminal(name, tables.of_rows(compared[name])))
            for curve in compared[name].curves:
                console.print(tables.on_terminal(f"{curve.title}: {curve.y}", tables.of_points(curve)))
            report.write(facts, compared)
        console.print(tables.on_terminal("goals", tables.of_goals(compared)))


def _measured(name: str, path: Path, here: Stage, rounds: int, console: Console) -> Compared:
    compared = _with_progress(name, path, path.rows(here), rounds, console)
    return msgspec.structs.replace(compared, curves=tuple(path.curves(here)))


def _with_progress(name: str, path: Path, rows: Sequence[Row], rounds: int, console: Console) -> Compared:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Drawn only between two measurements: while one runs, this core belongs to the load.
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as progress:
        task = progress.add_task(name, total=len(rows) * rounds)

        def measured(row: str, number: int) -> None:
            progress.update(task, advance=1, description=f"{name}: {row}, round {number} done", refresh=True)

        return compare(path.unit, rows, rounds, measured, less_is_better=path.less_is_better)


if __name__ == "__main__":
    main()
