"""A real OpenAI-compatible server with the real weights, and a hostile one."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from importlib.util import find_spec

import pytest

from talkover.core.errors import TalkoverError
from talkover.core.settings import load_settings
from talkover.core.weights import require
from talkover.core.weights.catalog import BRAIN

LLAMA = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel, params.port, params.warmup = 4096, 2, 0, False
params.cpuparams.n_threads = 2
params.verbosity = -1
server = xllamacpp.Server(params)
print("serving", server.listening_address, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="session")
def llama():
    """llama.cpp's server on the very weights that the bundle was made of: its URL."""
    if find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp is not installed; pip install 'talkover[dev]'")
    try:
        weights = require(load_settings().data_dir, BRAIN) / BRAIN.files[0].name
    except TalkoverError as error:
        pytest.skip(f"no base weights: {error}")
    process = subprocess.Popen(
        [sys.executable, "-c", LLAMA, str(weights)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        for line in process.stdout:
            word, _, address = line.partition(" ")
            if word == "serving":
                break
        else:
            pytest.fail(f"the llama.cpp server ended with {process.wait()}")
        yield address.strip()
        process.stdin.close()  # ends it
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Hostile:
    """An HTTP server that answers with whatever bytes a test likes.

    Attributes:
        url: Where it is.
        requests: Header lines and body of each request.
        hung_up: Set when a client closes its connection.
    """

    def __init__(self, answer: Answer):
        self.requests: list[tuple[str, dict]] = []
        self.hung_up = asyncio.Event()
        self._answer = answer

    async def serve(self, reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
            self.requests.append((head, json.loads(await reader.readexactly(length))))
            answering = asyncio.ensure_future(self._answer(reader, writer))
            with contextlib.suppress(ConnectionError):
                await reader.read()
            self.hung_up.set()
            answering.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await answering
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
async def hostile():
    """Starts hostile servers: ``await hostile(answer)``."""
    servers = []

    async def start(answer: Answer) -> Hostile:
        made = Hostile(answer)
        server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
        servers.append(server)
        made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        return made

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()
