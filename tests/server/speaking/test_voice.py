import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from talkover.core.errors import BundleError, ModelError
from talkover.core.voice import SpokenClause
from talkover.core.voice.config import GRAPH
from talkover.server.inference import Worker
from talkover.server.speaking import PiperVoice

pytestmark = pytest.mark.bundle


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker("voice")
    yield worker
    await worker.close()


@pytest.fixture
def voice_folder(bundle: Path) -> Path:
    return next(bundle.rglob(GRAPH)).parent


@pytest.fixture
async def voice(voice_folder: Path, worker: Worker) -> PiperVoice:
    return await PiperVoice.load(voice_folder, worker)


async def said(voice: PiperVoice, text: str) -> list[SpokenClause]:
    return [piece async for piece in voice.say(text)]


async def test_it_speaks_without_holding_up_the_loop(voice: PiperVoice) -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.005)
            beats += 1

    heart = asyncio.create_task(beat())
    pieces = await said(voice, "I can help you with that, just tell me when it suits you.")
    heart.cancel()
    assert sum(len(piece.pcm) for piece in pieces) > voice.rate
    assert len(pieces[0].pcm) < voice.rate / 2
    assert beats >= 3


async def test_a_cancelled_clause_leaves_the_line(voice: PiperVoice, worker: Worker) -> None:
    first = asyncio.create_task(said(voice, "This one is being said, and it takes time."))
    later = [asyncio.create_task(said(voice, f"Number {i} waits in line.")) for i in range(20)]
    await asyncio.sleep(0)
    for task in later:
        task.cancel()
    loop = asyncio.get_running_loop()
    await first
    before = loop.time()
    clause, *_ = await said(voice, "Now.")
    assert loop.time() - before < 2  # twenty clauses would take longer
    assert clause.words[0].text == "Now."
    assert worker.waiting == 0


async def test_a_closed_voice_says_so(voice: PiperVoice) -> None:
    await voice.close()
    with pytest.raises(ModelError, match="closed"):
        await said(voice, "hello")


async def test_a_folder_without_a_voice(tmp_path: Path, worker: Worker) -> None:
    with pytest.raises(BundleError):
        await PiperVoice.load(tmp_path, worker)
