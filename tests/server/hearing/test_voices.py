"""Voice activity of many callers at once, against each alone."""

import asyncio

import numpy as np
import pytest

from talkover.core.audio import read_wav
from talkover.core.clock import HOP, RATE
from talkover.core.vad import VoiceActivity, VoiceModel
from talkover.server.hearing import REPLAY, BatchedVoices
from talkover.server.inference import Worker

pytestmark = pytest.mark.bundle


@pytest.fixture(scope="module")
def model(bundle):
    return VoiceModel(bundle / "vad" / "model.onnx")


@pytest.fixture
async def voices(model):
    worker = Worker("voices", nice=0)
    made = BatchedVoices(model, worker)
    yield made
    await made.close()
    await worker.close()


@pytest.fixture(scope="module")
def hops(prompts):
    """Three callers who say different things."""
    recordings = [read_wav(prompt.path, rate=RATE) for prompt in prompts[40:43]]
    return [pcm[: len(pcm) // HOP * HOP].reshape(-1, HOP)[:60] for pcm in recordings]


async def until(truth):
    async with asyncio.timeout(5):
        while not truth():
            await asyncio.sleep(0.005)


def fails(error):
    pytest.fail(f"broke: {error}")


async def test_together_they_are_judged_as_each_alone(voices, model, hops):
    found = [[] for _ in hops]
    streams = [voices.open(one.append, fails) for one in found]
    for number in range(max(map(len, hops))):
        for stream, spoken in zip(streams, hops, strict=True):
            if number < len(spoken):
                await stream.push((number + 1) * HOP, spoken[number])
    await until(lambda: [len(one) for one in found] == [len(one) for one in hops])
    for judged, spoken in zip(found, hops, strict=True):
        alone = VoiceActivity(model)
        expected = [alone.feed(hop) for hop in spoken]
        assert [one.end for one in judged] == [(n + 1) * HOP for n in range(len(spoken))]
        assert np.allclose([one.voice for one in judged], expected, atol=1e-3)
        assert max(expected) > 0.9


async def test_who_comes_over_from_other_weights_has_heard_the_last_seconds(voices, model, prompts):
    spoken = read_wav(prompts[40].path, rate=RATE)
    spoken = np.concatenate([spoken] * (1 + 100 * HOP // len(spoken)))[: 100 * HOP]
    alone = VoiceActivity(model)
    expected = [alone.feed(hop) for hop in spoken.reshape(-1, HOP)]

    came, moved = [], 80
    worker = Worker("others", nice=0)
    others = BatchedVoices(model, worker)
    stream = others.open(came.append, fails)
    for number in range(moved):
        await stream.push((number + 1) * HOP, spoken[number * HOP : (number + 1) * HOP])
    await until(lambda: len(came) == moved)
    recent = spoken[moved * HOP - REPLAY : moved * HOP]
    after = voices.open(came.append, fails, stream, recent)
    stream.close()
    await others.close()
    await worker.close()
    for number in range(moved, 100):
        await after.push((number + 1) * HOP, spoken[number * HOP : (number + 1) * HOP])
    await until(lambda: len(came) == 100)
    assert [one.end for one in came] == [(n + 1) * HOP for n in range(100)]
    assert np.allclose([one.voice for one in came], expected, atol=0.05)
    assert after.echo is stream.echo, "what is known of the echo goes on"


async def test_who_is_too_fast_waits_and_who_leaves_hears_no_more(voices, hops):
    came = []
    stream = voices.open(came.append, fails)

    async def much():
        for number in range(2_000):
            await stream.push(number, hops[0][0])

    pushing = asyncio.create_task(much())
    await until(lambda: len(came) > 10)
    assert len(stream.waiting) <= 40
    stream.close()
    known = len(came)
    await asyncio.sleep(0.05)
    assert len(came) == known
    await pushing


async def test_one_callers_mistake_is_their_own(voices, hops):
    broke, fine = [], []

    def mistake(_):
        raise ZeroDivisionError

    bad, good = voices.open(mistake, broke.append), voices.open(fine.append, fails)
    for number in range(3):
        await bad.push(number, hops[0][number])
        await good.push(number, hops[1][number])
    await until(lambda: len(fine) == 3)
    assert [type(error) for error in broke] == [ZeroDivisionError]


async def test_silence_is_not_judged_but_keeps_its_place(voices, hops):
    came = []
    stream = voices.open(came.append, fails)
    silence = np.full(HOP, 3, np.int16)
    spoken = [hops[0][20], silence, hops[0][21], silence]
    for number, hop in enumerate(spoken):
        await stream.push(number, hop)
    await until(lambda: len(came) == 4)
    assert [one.end for one in came] == [0, 1, 2, 3]
    await stream.push(4, silence)
    assert came[-1].end == 4, "at once"
    assert came[-1].voice == 0
