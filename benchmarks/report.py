"""Tables for people, and `latest.json` for programs."""

import datetime
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table

from benchmarks.machine import Facts
from benchmarks.measuring import OURS, Compared

LATEST = Path(__file__).parent / "results" / "latest.json"


def table(path: str, compared: Compared) -> Table:
    details = list(dict.fromkeys(key for row in compared.rows.values() for key in row.details))
    shown = Table(title=path, title_justify="left")
    shown.add_column("row", no_wrap=True)
    for heading in (compared.unit, "ours is", *(key.replace("_", "\n") for key in details)):
        shown.add_column(heading, justify="right", no_wrap=True)
    for name, row in compared.rows.items():
        ratio = "" if name == OURS else f"{compared.times_ours(name):.2f} ×"
        further = [_short(row.details[key]) if key in row.details else "" for key in details]
        shown.add_row(name, f"{row.figure:,.0f}", ratio, *further)
    return shown


def _short(value: float) -> str:
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def write(facts: Facts, paths: dict[str, Compared], latest: Path = LATEST) -> None:
    """Writes what was measured. Paths that were not stay as they are, if they come from an equal machine.

    "Equal" means every fact, versions too: figures that stand side by side were got alike.
    """
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    measured = {path: {**compared.as_json(), "measured_at": at} for path, compared in paths.items()}
    kept = _paths_of(facts, latest)
    found = {"machine": facts, "paths": {**kept, **measured}}
    latest.parent.mkdir(exist_ok=True)
    latest.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


def _paths_of(facts: Facts, latest: Path) -> dict[str, Any]:
    try:
        earlier = msgspec.json.decode(latest.read_bytes())
        return dict(earlier["paths"]) if earlier["machine"] == facts else {}
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        return {}
