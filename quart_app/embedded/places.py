"""Places that the user `nobody` can reach, for when root starts PostgreSQL, which refuses to run as root.

Programs and clusters that lie where only root can go (a virtual environment or a data folder under /root, a
test's temporary folder) get a place in a folder of root's own under /var/tmp: programs are copied there once a
version, and a data folder gets a link to its cluster there. A cluster whose data folder is gone is removed.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from quart_app.embedded.children import Account, processes_in
from quart_app.embedded.errors import EngineUnavailable
from quart_app.embedded.wheels import Programs

_HOME = "home"  # beside a cluster: the path of the link that leads to it


def may_enter(path: Path, account: Account) -> bool:
    """Whether the account may go into this folder, or run this program, through every folder above it."""
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
    if not programs.bundle or may_enter(programs.bin / "postgres", account):
        return programs.bin
    copy = _shared_folder(account) / programs.version
    package = programs.bundle[0].parent.name
    if not copy.is_dir():
        _copy_bundle(programs, package, copy)
    return copy / package / programs.bin.relative_to(programs.bundle[0].parent)


def _copy_bundle(programs: Programs, package: str, target: Path) -> None:
    half_made = Path(tempfile.mkdtemp(prefix="copying-", dir=target.parent))
    installation, libraries = programs.bundle
    shutil.copytree(installation, half_made / package / installation.name, ignore=_needless, symlinks=True)
    shutil.copytree(libraries, half_made / libraries.name, symlinks=True)
    _open_to_readers(half_made)
    try:
        half_made.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(half_made)


def _needless(folder: str, names: list[str]) -> set[str]:
    return {"include"} & set(names)


def _open_to_readers(tree: Path) -> None:
    for folder, _, files in os.walk(tree):
        os.chmod(folder, 0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def cluster_folder(data: Path, account: Account) -> Path:
    """Where the cluster of a data folder belongs: in it, or behind the link `postgresql` in it."""
    link = data / "postgresql"
    if may_enter(data, account) and not link.is_symlink():
        return link
    shared = _shared_folder(account)
    with _locked(shared):
        _remove_forsaken(shared)
        if not link.is_dir():
            link.unlink(missing_ok=True)
            place = Path(tempfile.mkdtemp(prefix="cluster-", dir=shared))
            place.chmod(0o711)
            (place / _HOME).write_text(str(link))
            link.symlink_to(place)
    return link.resolve() / "postgresql"


def _remove_forsaken(shared: Path) -> None:
    for place in shared.glob("cluster-*"):
        home = place / _HOME
        link = Path(home.read_text()) if home.exists() else None
        lives_on = link is not None and link.is_symlink() and link.resolve() == place.resolve()
        if not lives_on and not processes_in(place / "postgresql" / "cluster"):
            shutil.rmtree(place)


def _shared_folder(account: Account) -> Path:
    """A folder that only we can change and the account can enter; a stranger's of the same name is refused."""
    for parent in (Path("/var/tmp"), Path(tempfile.gettempdir())):  # noqa: S108
        folder = parent / f"tallystream-{os.geteuid()}"
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o711, exist_ok=True)
            status = folder.lstat()
            ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
            closed = not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            programs_run = not os.statvfs(folder).f_flag & os.ST_NOEXEC
            if ours and closed and programs_run and may_enter(folder, account):
                return folder
    raise EngineUnavailable("no folder in which the user nobody could run PostgreSQL")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
