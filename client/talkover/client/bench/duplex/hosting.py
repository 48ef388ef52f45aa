"""A server of the bench's own: started before the calls, with a brain that tells stories."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from talkover.client._oneshot import status
from talkover.client.bench.duplex.stories import storyteller
from talkover.core.errors import CallError, ConfigError
from talkover.core.settings import load_settings

_START: Final = 120.0  # seconds
_STOP: Final = 20.0
_REPLAYED: Final = re.compile(r"(\d+) of (\d+) calls took the same turns")


@dataclass(frozen=True, slots=True)
class Hosted:
    """A server that answers.

    Attributes:
        url: For gRPC.
        page: For WebRTC.
        pid: Of its process.
    """

    url: str
    page: str
    pid: int


@contextlib.asynccontextmanager
async def hosted(folder: Path) -> AsyncIterator[Hosted]:
    """Start ``talkover serve`` and end it again; settings come from where they always do.

    Args:
        folder: For its log and its traces; its bundles are the usual ones.

    Raises:
        ConfigError: it does not start; the message names the log.
    """
    _link_bundles(folder)
    log = folder / "server.log"
    async with storyteller() as brain:
        port, page = _free_port(), _free_port()
        command = (sys.executable, "-m", "talkover.core.cli", "serve")
        where = ("--port", str(port), "--http-port", str(page), "--data-dir", str(folder))
        with log.open("wb") as sink:
            process = await asyncio.create_subprocess_exec(
                *command,
                *where,
                *("--brain-url", brain),
                stdout=sink,
                stderr=sink,
                start_new_session=True,  # Ctrl-C is the bench's: calls end before the server
            )
            try:
                server = Hosted(f"127.0.0.1:{port}", f"http://127.0.0.1:{page}", process.pid)
                await _until_ready(server, process, log)
                yield server
            finally:
                await _end(process)


def _link_bundles(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        link = folder / "bundles"
        if not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to((load_settings().data_dir / "bundles").absolute())
    except OSError as error:
        raise ConfigError(f"{folder} cannot be used: {error.strerror}; choose another") from None


async def replay_all(folder: Path) -> tuple[int, int]:
    """How many calls of the server that runs in ``folder`` replay exactly, and of how many.

    Raises:
        ConfigError: that cannot be found out.
    """
    environment = {**os.environ, "TALKOVER_DATA_DIR": str(folder)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "talkover.core.cli", "replay", "--all"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
    )
    said, _ = await process.communicate()
    found = _REPLAYED.search(said.decode("utf-8", "replace"))
    if found is None:
        raise ConfigError(f"`talkover replay --all` failed: {said[-300:].decode(errors='replace')}")
    return int(found[1]), int(found[2])


async def _until_ready(server: Hosted, process: asyncio.subprocess.Process, log: Path) -> None:
    try:
        async with asyncio.timeout(_START):
            while process.returncode is None:
                with contextlib.suppress(CallError):
                    await status(server.url)
                    return
                await asyncio.sleep(0.3)
    except TimeoutError:
        pass
    raise ConfigError(f"the server did not start; {log} says why")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        async with asyncio.timeout(_STOP):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
