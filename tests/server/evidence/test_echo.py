"""An agent on a loudspeaker: its echo is known as such, and the caller is heard through it."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from talkover.core.audio import Encoding, decode, encode, read_wav
from talkover.core.audio.prompts import find_prompts
from talkover.core.clock import HOP, RATE
from talkover.core.errors import AudioError
from talkover.core.vad import VoiceModel, speech_probabilities
from talkover.server.evidence import EchoCanceller, EchoHop

LIKELY = 0.7


def speech(language, seed, duration):
    """Prompts one after the other, with short pauses: float [n]."""
    found = [one for one in find_prompts(language) if 1.5 < one.seconds < 6]
    if not found:
        pytest.skip("no recordings; `sh scripts/test_setup.sh` says why")
    rng = np.random.default_rng(seed)
    parts = [np.zeros(RATE // 4)]
    while sum(map(len, parts)) < duration * RATE:
        voice = read_wav(found[rng.integers(len(found))].path).astype(float)
        parts += [voice * 3000 / np.sqrt(np.mean(voice**2)), np.zeros(RATE // 5)]
    return np.concatenate(parts)[: int(duration * RATE)]


def room(seed, decay):
    """An impulse response: the direct sound and a tail that falls by 60 dB in ``decay`` s."""
    count = int(decay * RATE)
    noise = np.random.default_rng(seed).standard_normal(count)
    tail = noise * 10 ** (-3 * np.arange(count) / count)
    tail *= 0.7 / np.sqrt(np.sum(tail**2))
    tail[0] = 1
    return tail / np.sqrt(np.sum(tail**2))


def returned(agent, delay, gain, decay=0.3, seed=3):
    """The echo of float [n]: ``delay`` s later, at ``gain`` dB."""
    path = room(seed, decay)
    size = 2 ** int(np.ceil(np.log2(len(agent) + len(path))))
    sound = np.fft.irfft(np.fft.rfft(agent, size) * np.fft.rfft(path, size), size)
    late = np.pad(sound, (round(delay * RATE), 0))[: len(agent)]
    return late * 10 ** (gain / 20)


def noise(count, level=4.0):
    return np.random.default_rng(9).standard_normal(count) * level


def pcm(sound):
    return np.rint(sound).clip(-32768, 32767).astype(np.int16)


def run(caller, agent):
    """Every hop of two lanes, float or int16 [n]."""
    canceller = EchoCanceller()
    lanes = [pcm(lane)[: len(lane) // HOP * HOP].reshape(-1, HOP) for lane in (caller, agent)]
    return [canceller.push(*hop) for hop in zip(*lanes, strict=True)]


def joined(hops: list[EchoHop]):
    return np.concatenate([hop.clean for hop in hops])


def fires(model, hops):
    """Hops at which two in a row were voiced and no echo."""
    voice = speech_probabilities(model, joined(hops)) >= 0.5
    hot = [bool(on) and hop.likelihood < LIKELY for on, hop in zip(voice, hops, strict=True)]
    return [index for index, both in enumerate(map(all, pairwise(hot)), 1) if both]


def decibels(sound):
    return 10 * np.log10(np.mean(np.square(sound, dtype=float)) + 1e-3)


@pytest.fixture(scope="module")
def model(bundle: Path):
    return VoiceModel(bundle / "vad" / "model.onnx")


@pytest.mark.parametrize(
    ("delay", "gain"), [(0.0003, -6), (0.08, -18), (0.25, -30), (0.25, -12), (0.6, -18)]
)
def test_an_echo_alone_is_no_caller(model, delay, gain):
    agent = speech("en", 1, 12)
    echo = returned(agent, delay, gain)
    heard = echo + noise(len(echo))
    hops = run(heard, agent)
    assert (speech_probabilities(model, pcm(heard)) >= 0.5).mean() > 0.5  # it sounds like a voice
    late = [at for at in fires(model, hops) if at > (0.75 + delay) * RATE / HOP]
    assert late == []


def test_the_delay_and_the_loss_are_found():
    agent = speech("en", 2, 8)
    last = run(returned(agent, 0.18, -12) + noise(len(agent)), agent)[-1]
    assert last.delay == pytest.approx(0.18, abs=0.002)
    assert last.loss == pytest.approx(12, abs=3)


def test_the_echo_is_taken_off():
    agent = speech("en", 3, 10)
    heard = returned(agent, 0.05, -12) + noise(len(agent))
    clean = joined(run(heard, agent))
    settled = slice(4 * RATE, len(clean))
    assert decibels(clean[settled]) < decibels(heard[settled]) - 15


@pytest.mark.parametrize("ratio", [3, 10, 20])
def test_the_caller_is_heard_in_double_talk(model, ratio):
    agent = speech("en", 4, 10)
    echo = returned(agent, 0.12, -15)
    caller = np.zeros(len(agent))
    start = 6 * RATE
    voice = speech("fr", 5, 3)
    loudness = np.sqrt(np.mean(echo**2) / np.mean(voice**2)) * 10 ** (ratio / 20)
    caller[start : start + len(voice)] = voice * loudness
    first = int(np.argmax(speech_probabilities(model, pcm(caller)) >= 0.5))
    hops = run(echo + caller + noise(len(agent)), agent)
    heard = [at for at in fires(model, hops) if at >= first - 1]
    assert heard
    assert heard[0] + 1 - first <= 4  # 128 ms from the first hop that is voiced without an echo


def test_a_jump_of_the_delay_is_no_caller(model):
    agent = speech("en", 6, 12)
    cut = 6 * RATE
    heard = np.concatenate(
        [returned(agent, 0.1, -15)[:cut], returned(agent, 0.14, -15)[cut:]]
    ) + noise(len(agent))
    hops = run(heard, agent)
    assert [at for at in fires(model, hops) if at > 30] == []
    assert hops[-1].delay == pytest.approx(0.14, abs=0.002)


def test_an_echo_through_the_telephone_is_no_caller(model):
    agent = speech("en", 7, 10)
    heard = returned(agent, 0.2, -15) + noise(len(agent))
    coded = decode(encode(pcm(heard), Encoding.MULAW), Encoding.MULAW)
    assert [at for at in fires(model, run(coded, agent)) if at > 35] == []


def test_a_headset_is_left_alone():
    agent, caller = speech("en", 8, 10), pcm(speech("fr", 9, 10) + noise(10 * RATE))
    hops = run(caller, agent)
    clean = joined(hops)
    assert np.array_equal(clean, caller[: len(clean)])
    assert max(hop.likelihood for hop in hops[RATE // HOP :]) == 0
    assert all(hop.delay is None for hop in hops)


def test_a_silent_agent_has_no_echo():
    caller = pcm(speech("fr", 10, 3))
    hops = run(caller, np.zeros(len(caller)))
    assert all(hop.likelihood == 0 for hop in hops[RATE // HOP + 2 :])
    assert np.array_equal(joined(hops), caller[: len(hops) * HOP])


def test_the_same_call_gives_the_same_evidence():
    agent = speech("en", 11, 4)
    heard = returned(agent, 0.05, -12) + noise(len(agent))
    first, second = run(heard, agent), run(heard, agent)
    assert np.array_equal(joined(first), joined(second))
    assert [hop.likelihood for hop in first] == [hop.likelihood for hop in second]


@pytest.mark.parametrize("wrong", [np.zeros(320, np.int16), np.zeros(HOP, np.float32)])
def test_another_hop_is_refused(wrong):
    with pytest.raises(AudioError, match="a hop is int16"):
        EchoCanceller().push(wrong, np.zeros(HOP, np.int16))
