"""What the agent says in the bench: an OpenAI-compatible endpoint that tells fixed stories.

A bench of turn-taking needs an agent that talks for long enough, and the same words in the same
place in every run. So the brain is replaced by this endpoint (the server's ``brain.url``): what the
agent *says* is no part of any figure but who has the floor is. The first words come after 0.12 s
and then 30 tokens a second, about what a small model on a CPU gives. Which text comes is decided by
a word in the instructions, ``bench:STYLE:SEED``, and by how many turns the call has had.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from typing import Any, Final

from talkover.core.errors import ConfigError

STORIES: Final = (
    (
        "Every spring the beekeepers carry their hives up to the high meadows. The road is steep, "
        "so they travel at night, when the bees are quiet and the air is cool. By sunrise the "
        "boxes stand in long rows beside the old stone wall. Then the doors are opened one after "
        "another, and a soft humming fills the whole valley. The honey from those weeks is pale "
        "and tastes of thyme. In autumn everybody walks down again, a little slower, with full "
        "jars in every basket."
    ),
    (
        "The harbour was built on sand, and for many years nobody believed it would last. Ships "
        "came in carefully, with one man at the bow who measured the depth with a rope. After the "
        "great storm the town decided to sink heavy barrels filled with rocks along the shore. It "
        "took nine winters and most of their money. Today children sit on those barrels to catch "
        "crabs, and large vessels pass behind them without any trouble at all."
    ),
    (
        "My favourite train leaves the city before breakfast and follows the river for two hours. "
        "First you see gardens and bridges, later only forests with small wooden huts. Around the "
        "third tunnel the snow begins, even when it is warm below. A waiter brings strong tea in "
        "metal cups that must be held with both hands. Nobody speaks much on that train. People "
        "look out of the windows and forget what they were worried about the day before."
    ),
    (
        "Long ago the clock on the market square ran ten minutes late, and everyone had grown "
        "used to that. Bakers, teachers and even the mayor planned their days by it. One summer a "
        "young woman climbed up and repaired the wheels in a single afternoon. The next morning "
        "the whole town missed the ferry. They laughed about it for weeks, and finally they asked "
        "her to make the clock slow again, which she did, for a small fee."
    ),
    (
        "To grow good tomatoes you need patience more than anything else. Start the seeds indoors "
        "when nights are still cold, and give them as much light as possible. Once the plants "
        "have six leaves, move them outside for an hour, then for a morning, and finally for "
        "good. Water the ground but never the leaves. When the first green fruit appears, remove "
        "the lowest branches. By August you will have more than your neighbours can eat."
    ),
    (
        "The museum keeps its strangest treasure in the cellar, behind a plain grey door. It is a "
        "piano with only twelve keys, made for a princess who had very little time. Each key "
        "plays a complete melody through a system of pipes and springs. Visitors may touch it on "
        "the first Sunday of the month. Most of them press the lowest key, because it sounds like "
        "rain falling on a tin roof, and then they stay for a while and listen."
    ),
)
"""Half a minute each."""
ANSWERS: Final = (
    "Of course, I have written that down for you.",
    "That is no problem at all, it will be done today.",
    "Yes, you can find it right behind the station.",
    "Thank you, somebody will look into it this afternoon.",
    "I think that would be a very good idea.",
    "Sure, let me know if there is anything else.",
    "It opens at nine and closes at half past five.",
)
"""Two to three seconds each."""
_ASKED: Final = re.compile(r"bench:([a-z]+):(\d{1,9})")
_PIECES: Final = 30.0  # a second
_FIRST: Final = 0.12  # seconds
_LARGEST: Final = 1 << 20  # bytes of a request
_PATIENCE: Final = 10.0  # seconds for a request


def instructions(style: str, seed: int) -> str:
    """What a call's instructions must be for its answers to be of a style.

    Args:
        style: "long" or "short" or "echo": a story, an answer, two stories.
        seed: Which come first.
    """
    return f"bench:{style}:{seed}"


def answer(messages: list[dict[str, Any]]) -> str:
    """The text that follows on these messages; the same for the same ones."""
    system = next((str(m.get("content")) for m in messages if m.get("role") == "system"), "")
    asked = _ASKED.search(system)
    style, seed = asked.groups() if asked else ("long", "0")
    turns = sum(m.get("role") == "user" for m in messages)
    place = turns + int(seed)
    if style == "short":
        return ANSWERS[place % len(ANSWERS)]
    if style == "echo":
        return f"{STORIES[2 * place % len(STORIES)]} {STORIES[(2 * place + 1) % len(STORIES)]}"
    return STORIES[place % len(STORIES)]


@contextlib.asynccontextmanager
async def storyteller(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve the endpoint; gives the URL for ``brain.url``.

    Raises:
        ConfigError: the port is taken.
    """
    try:
        server = await asyncio.start_server(_serve, host, port)
    except OSError as error:
        raise ConfigError(f"port {port} on {host} cannot be used: {error.strerror}") from None
    async with server:
        yield f"http://{host}:{server.sockets[0].getsockname()[1]}/v1"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request, one answer, and the connection is closed."""
    try:
        async with asyncio.timeout(_PATIENCE):
            body = await _request(reader)
        if body is None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        else:
            await _stream(answer(body), writer)
        await writer.drain()
    except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, ValueError):
        pass  # the server hung up on an answer, as it does at an interruption
    finally:
        writer.close()


async def _request(reader: asyncio.StreamReader) -> list[dict[str, Any]] | None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next(
        (int(line.partition(":")[2]) for line in head.splitlines() if "content-length:" in line), 0
    )
    if not head.startswith("post ") or not 0 < length <= _LARGEST:
        return None
    asked = json.loads(await reader.readexactly(length))
    messages = asked.get("messages") if isinstance(asked, dict) else None
    return [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else None


async def _stream(text: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
    loop = asyncio.get_running_loop()
    begin = loop.time() + _FIRST
    for number, word in enumerate(text.split(" ")):
        await asyncio.sleep(begin + number / _PIECES - loop.time())
        chunk = {"choices": [{"index": 0, "delta": {"content": f"{' ' * bool(number)}{word}"}}]}
        writer.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await writer.drain()
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    writer.write(f"data: {json.dumps(last)}\n\ndata: [DONE]\n\n".encode())
