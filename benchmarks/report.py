"""What a run leaves behind: a page in Markdown with its drawings for people, `latest.json` for programs.

The page and the drawings are part of the repository. Neither names a host, a folder or a port.
"""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import curves
from benchmarks.machine import Facts
from benchmarks.measuring import Compared
from benchmarks.paths import PATHS
from benchmarks.tables import in_markdown, of_goals, of_points, of_rows

RESULTS = Path(__file__).parent / "results"
LATEST, PAGE = "latest.json", "README.md"

HEAD = """# What was measured

Written by `make bench`; [docs/benchmarks.md](../../docs/benchmarks.md) tells how it is measured and how to
read it. Figures drift with the machine: **the ratio of two rows of one path is what counts.** "ours is" says
how many times as good ours is as that row; every figure is the median of its rounds.
"""


def write(facts: Facts, paths: Mapping[str, Compared], folder: Path = RESULTS) -> None:
    """Writes what was measured. Paths that were not stay as they are, if they come from an equal machine.

    "Equal" means every fact, versions too: figures that stand side by side were got alike.
    """
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    measured = {path: {**compared.as_json(), "measured_at": at} for path, compared in paths.items()}
    everything = {**_earlier(facts, folder / LATEST), **measured}
    in_order = {path: everything[path] for path in PATHS if path in everything}
    folder.mkdir(exist_ok=True)
    latest = {"machine": facts, "paths": in_order}
    (folder / LATEST).write_bytes(msgspec.json.format(msgspec.json.encode(latest), indent=2) + b"\n")
    (folder / PAGE).write_text(_page(facts, in_order))
    _draw({path: Compared.from_json(found) for path, found in in_order.items()}, folder)


def _earlier(facts: Facts, latest: Path) -> dict[str, Any]:
    try:
        earlier = msgspec.json.decode(latest.read_bytes())
        return dict(earlier["paths"]) if earlier["machine"] == facts else {}
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        return {}


def _page(facts: Facts, found: Mapping[str, dict[str, Any]]) -> str:
    compared = {path: Compared.from_json(figures) for path, figures in found.items()}
    machine = ", ".join(f"{name} {value}" for name, value in facts.items())
    parts = [HEAD, f"Machine and versions: {machine}.\n"]
    goals = of_goals(compared)
    if goals.rows:
        parts.append(f"## Goals\n\n{in_markdown(goals)}\n")
    parts += [_section(path, compared[path], figures["measured_at"]) for path, figures in found.items()]
    return "\n".join(parts)


def _section(path: str, compared: Compared, measured_at: str) -> str:
    about = PATHS[path]
    parts = [f"## {path}\n", f"{about.says} Measured {measured_at[:10]}.\n"]
    if compared.rows:
        parts.append(in_markdown(of_rows(compared)) + "\n")
    lines = [f"- **{row}**: {about.about[row]}" for row in compared.rows if row in about.about]
    if lines:
        parts.append("\n".join(lines) + "\n")
    for curve in compared.curves:
        parts.append(f"![{curve.title}: {curve.y} by {curve.x}]({curves.name_of(path, curve)})\n")
        parts.append(in_markdown(of_points(curve)) + "\n")
    return "\n".join(parts)


def _draw(paths: Mapping[str, Compared], folder: Path) -> None:
    drawings = {
        curves.name_of(path, curve): curve for path, compared in paths.items() for curve in compared.curves
    }
    for old in folder.glob("*.svg"):
        if old.name not in drawings:
            old.unlink()
    for name, curve in drawings.items():
        (folder / name).write_bytes(curves.drawn(curve))
