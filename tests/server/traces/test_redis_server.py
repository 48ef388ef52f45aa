import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from talkover.core.errors import TraceError
from talkover.server.traces import EmbeddedRedis, default_url

HOLDER = """
import asyncio, sys
from pathlib import Path
from talkover.server.traces import EmbeddedRedis
async def main():
    server = EmbeddedRedis(Path(sys.argv[1]))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def client(server: EmbeddedRedis) -> "redis.Redis":
    return redis.Redis.from_url(server.url, socket_timeout=2)


def private(server: EmbeddedRedis) -> bool:
    socket = Path(server.url.removeprefix("unix://"))
    return not (socket.stat().st_mode | socket.parent.stat().st_mode) & 0o077


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


async def until_it_answers(server: EmbeddedRedis) -> None:
    for _ in range(200):
        try:
            client(server).ping()
        except (redis.RedisError, OSError):
            await asyncio.sleep(0.02)
        else:
            return
    pytest.fail("Redis did not come back")


async def test_it_is_private_durable_and_bounded(server: EmbeddedRedis, tmp_path: Path) -> None:
    assert server.url == default_url(tmp_path)
    settings = client(server).config_get("*")
    assert settings["port"] == "0"
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "always"
    assert settings["maxmemory"] == str(512 << 20)
    assert private(server)


async def test_it_comes_back_with_what_it_had_when_killed(server: EmbeddedRedis) -> None:
    client(server).set("kept", "1")
    first = server.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await asyncio.sleep(0.05)
    await until_it_answers(server)
    assert server.restarts == 1
    assert server.pid not in (None, first)
    assert client(server).get("kept") == b"1"


async def test_closing_stops_it_even_when_it_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talkover.server.traces.redis_server.STOP_SECONDS", 0.3)
    server = EmbeddedRedis(tmp_path)
    await server.start()
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await server.close()
    assert not alive(pid)
    assert server.restarts == 0


async def test_ctrl_c_does_not_reach_it(server: EmbeddedRedis) -> None:
    assert server.pid is not None
    assert os.getsid(server.pid) != os.getsid(0)


async def test_a_folder_has_one_owner(server: EmbeddedRedis, tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="another server"):
        await EmbeddedRedis(tmp_path).start()
    assert client(server).ping()


@pytest.mark.parametrize("hung", [False, True])
async def test_what_a_killed_predecessor_left_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hung: bool
) -> None:
    monkeypatch.setattr("talkover.server.traces.redis_server.STOP_SECONDS", 0.5)
    with subprocess.Popen(  # noqa: ASYNC220 - starting it takes no time
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        orphan = int(await asyncio.to_thread(holder.stdout.readline))
        holder.kill()
    assert alive(orphan)
    redis.Redis.from_url(default_url(tmp_path)).set("kept", "1")
    if hung:
        os.kill(orphan, signal.SIGSTOP)
    server = EmbeddedRedis(tmp_path)
    await server.start()
    assert not alive(orphan)
    assert client(server).get("kept") == b"1"
    await server.close()


async def test_a_stale_pid_file_that_names_another_program_is_no_danger(tmp_path: Path) -> None:
    folder = tmp_path / "traces" / "redis"
    folder.mkdir(parents=True)
    (folder / "redis.pid").write_text(str(os.getpid()))
    (folder / "redis.sock").write_text("stale")
    server = EmbeddedRedis(tmp_path)
    await server.start()
    assert client(server).ping()
    await server.close()


async def test_a_long_path_gets_a_short_private_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 20) / "data dir"
    server = EmbeddedRedis(deep)
    await server.start()
    try:
        assert client(server).ping()
        socket = Path(server.url.removeprefix("unix://"))
        assert not socket.is_relative_to(tmp_path)
        assert private(server)
    finally:
        await server.close()
        socket.parent.rmdir()


async def test_a_redis_that_cannot_start_says_where_to_look(tmp_path: Path) -> None:
    folder = tmp_path / "traces" / "redis" / "appendonlydir"
    folder.mkdir(parents=True)
    (folder / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(TraceError, match=r"redis\.log"):
        await EmbeddedRedis(tmp_path).start()
