"""Rooms, noises and lines: what comes out is as long, and where it was."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.accents import accent
from talkover.trainer.data.lines import Codec, Line, babble, draw_line, mixed, through
from talkover.trainer.data.mouths import speak
from talkover.trainer.data.throat import Throat

LINES = (
    *(Line(codec) for codec in Codec),
    *(Line(Codec.OPUS, bitrate=8_000), Line(Codec.OPUS, loss=0.1), Line(clip=0.4)),
    *(Line(decay=0.5, near=0.6), Line(Codec.MULAW, decay=0.3, near=0.8, clip=0.6)),
)


@pytest.fixture(scope="module")
def voice():
    with Throat() as throat:
        chosen = accent("rp")
        return speak(chosen, chosen.say("The fourth street on the right, please."), throat).pcm


def lag(first, second):
    """Samples by which the second comes later."""
    size = 2 * len(first)
    spectrum = np.conj(np.fft.rfft(first, size)) * np.fft.rfft(second, size)
    place = int(np.fft.irfft(spectrum, size).argmax())
    return place if place < len(first) else place - size


@pytest.mark.parametrize("line", LINES, ids=str)
def test_nothing_moves_on_a_line(voice, line):
    heard = through(line, voice, np.random.default_rng(0))
    assert heard.shape == voice.shape
    assert heard.dtype == np.float32
    assert abs(lag(voice, heard)) <= RATE // 1000
    assert not np.array_equal(heard, voice) or line == Line()


def test_a_telephone_carries_nothing_above_four_kilohertz(voice):
    heard = through(Line(Codec.NARROW), voice, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(heard)) ** 2
    above = power[round(4_200 / RATE * len(heard)) :].sum()
    assert above < power.sum() * 1e-5


def test_lost_packets_are_heard(voice):
    whole, holed = (
        through(Line(Codec.OPUS, loss=loss), voice, np.random.default_rng(1)) for loss in (0.0, 0.3)
    )
    assert np.abs(whole - holed).max() > 0.01


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 5_000))
def test_any_line_takes_any_length_and_the_same_seed_gives_the_same(seed, count):
    sound = np.random.default_rng(seed).standard_normal(count).astype(np.float32) / 10
    once, again = (
        through(draw_line(np.random.default_rng(seed)), sound, np.random.default_rng(seed))
        for _ in range(2)
    )
    assert once.shape == sound.shape
    assert np.isfinite(once).all()
    assert np.array_equal(once, again)


@pytest.mark.parametrize("snr", [-5, 0, 12, 30])
def test_noise_is_as_loud_as_it_should_be(voice, snr):
    noise = np.random.default_rng(2).standard_normal(len(voice) + 5).astype(np.float32)
    added = mixed(voice, noise, snr) - voice
    frames = voice[: len(voice) // 320 * 320].reshape(-1, 320)
    power = (frames**2).mean(axis=1)
    speech = power[power >= power.max() * 0.05].mean()
    assert 10 * np.log10(speech / np.mean(added**2)) == pytest.approx(snr, abs=0.1)


def test_babble_is_of_all_voices_and_of_any_length(voice):
    noise = babble([voice, voice[::-1].copy()], 3 * len(voice), np.random.default_rng(3))
    assert len(noise) == 3 * len(voice)
    assert np.isfinite(noise).all()
    assert len(babble([], 100, np.random.default_rng(0))) == 100


def test_too_little_noise_is_refused(voice):
    with pytest.raises(DataError, match="samples of noise"):
        mixed(voice, voice[:-1], 10)
