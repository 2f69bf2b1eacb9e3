"""Places that the user `nobody` can reach, for when root starts PostgreSQL, which refuses to run as root.

Programs and clusters that lie where only root can go (a virtual environment or a data folder under /root, a
test's temporary folder) get a place in a folder of root's own under /var/tmp: programs are copied there once
a version, and a data folder gets a link to its cluster there.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from quart_app.embedded.children import Account, processes_of
from quart_app.embedded.errors import EngineUnavailable
from quart_app.embedded.wheels import Programs

_HOME = "home"  # beside a cluster: the path of the link that leads to it
_COPYING = "copying"


def may_enter(path: Path, account: Account) -> bool:
    """Whether the account may go into this folder, or run this program, through every folder above it."""
    if account.uid == os.geteuid():
        return True  # it is there already
    real = path.resolve()
    return all(_executable(step, account) for step in (real, *real.parents))


def _executable(path: Path, account: Account) -> bool:
    status = path.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def reachable_programs(programs: Programs, account: Account) -> Path:
    """The folder of programs itself, or that of a copy which the account can reach."""
    if may_enter(programs.bin / "postgres", account):
        return programs.bin
    shared = _shared_folder(account)
    copy = shared / programs.version
    with _locked(shared):
        if not copy.is_dir():
            shutil.rmtree(shared / _COPYING, ignore_errors=True)
            _copy(programs, shared / _COPYING)
            (shared / _COPYING).rename(copy)
    return copy / programs.bin.relative_to(programs.root)


def _copy(programs: Programs, target: Path) -> None:
    for folder in programs.bundle:
        place = target / folder.relative_to(programs.root)
        shutil.copytree(folder, place, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for folder_name, _, names in os.walk(target):
        opened = Path(folder_name)
        opened.chmod(0o755)
        for path in (opened / name for name in names):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def cluster_folder(wanted: Path, account: Account, durable: bool) -> Path:
    """Where the cluster belongs: at `wanted`, or, where the account cannot go, behind a link there.

    A link that came with a copied data folder is replaced, as its cluster is another's. What was not durable
    and whose link is gone is removed; a durable cluster never is, as its data folder may only have moved.
    """
    if not wanted.is_symlink() and (wanted.exists() or may_enter(wanted.parent, account)):
        return wanted
    shared = _shared_folder(account)
    with _locked(shared):
        if not wanted.is_dir() or _is_anothers(wanted):
            wanted.unlink(missing_ok=True)
            place = Path(tempfile.mkdtemp(prefix="lasting-" if durable else "passing-", dir=shared))
            place.chmod(0o711)
            wanted.symlink_to(place / "postgresql")
        (wanted.resolve().parent / _HOME).write_text(str(wanted))
        _remove_forsaken(shared)
    return wanted.resolve()


def _remove_forsaken(shared: Path) -> None:
    for place in shared.glob("passing-*"):
        in_use = processes_of("postgres", place / "postgresql" / "cluster")
        if not in_use and not _leads_to(place, _home(place)):
            shutil.rmtree(place)


def _home(place: Path) -> Path | None:
    home = place / _HOME
    return Path(home.read_text()) if home.exists() else None


def _leads_to(place: Path, link: Path | None) -> bool:
    return link is not None and link.is_symlink() and link.resolve().parent == place


def _is_anothers(link: Path) -> bool:
    place = link.resolve().parent
    home = _home(place)
    return home != link and _leads_to(place, home)


def _shared_folder(account: Account) -> Path:
    """A folder that only we can change and the account can enter, and never a stranger's of that name."""
    for parent in (Path("/var/tmp"), Path(tempfile.gettempdir())):
        folder = parent.resolve() / f"tallystream-{os.geteuid()}"
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o711, exist_ok=True)
            if _is_ours_alone(folder) and _runs_programs(folder) and may_enter(folder, account):
                return folder
    raise EngineUnavailable("no folder in which the user nobody could run PostgreSQL")


def _is_ours_alone(folder: Path) -> bool:
    status = folder.lstat()
    ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    return ours and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _runs_programs(folder: Path) -> bool:
    return sys.platform != "linux" or not os.statvfs(folder).f_flag & os.ST_NOEXEC


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
