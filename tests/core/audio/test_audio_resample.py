import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkover.core.audio import RATES, Reframer, StreamResampler
from talkover.core.errors import AudioError

PAIRS = [(src, dst) for src in RATES for dst in RATES if src != dst] + [(22_050, 16_000)]


def noise(count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(-32_768, 32_768, count).astype(np.int16)


def cut(samples, sizes):
    """The samples in chunks of the given sizes, over and over."""
    at, turn = 0, 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        yield samples[at : at + size]
        at, turn = at + size, turn + 1


def whole(resampler, samples):
    return np.concatenate([resampler.push(samples), resampler.flush()])


def tone(rate, frequency, seconds=1.0):
    t = np.arange(int(rate * seconds)) / rate
    return np.sin(2 * np.pi * frequency * t) * 20_000


def rms(signal):
    middle = signal[len(signal) // 4 : -len(signal) // 4].astype(float)
    return np.sqrt(np.mean(middle**2))


@given(
    pair=st.sampled_from(PAIRS),
    length=st.integers(0, 3_000),
    sizes=st.lists(st.integers(1, 700), min_size=1, max_size=5),
    seed=st.integers(0, 99),
)
@settings(max_examples=60)
def test_any_chunking_gives_the_same_samples(pair, length, sizes, seed):
    src, dst = pair
    samples = noise(length, seed)
    at_once = whole(StreamResampler(src, dst), samples)
    live = StreamResampler(src, dst)
    parts = [live.push(chunk) for chunk in cut(samples, sizes)]
    pieces = np.concatenate([*parts, live.flush()])
    assert np.array_equal(at_once, pieces)
    assert len(at_once) == -(-length * dst // src)


@pytest.mark.parametrize(("src", "dst"), PAIRS)
def test_no_more_is_held_back_than_delay_says(src, dst):
    live, given_back = StreamResampler(src, dst), 0
    for step in range(1, 60):
        given_back += len(live.push(noise(src // 50)))
        assert step * 0.02 - given_back / dst <= live.delay + 1 / dst
    if src in RATES:
        assert live.delay <= 0.0045


@pytest.mark.parametrize(("src", "dst"), PAIRS)
def test_a_tone_in_the_band_comes_out_in_time_and_in_size(src, dst):
    frequency = 0.42 * min(src, dst)
    out = whole(StreamResampler(src, dst), tone(src, frequency).astype(np.int16))
    expected = tone(dst, frequency)
    assert rms(out - expected) < rms(expected) / 100


@pytest.mark.parametrize(("src", "dst"), [(48_000, 16_000), (24_000, 16_000), (16_000, 8_000)])
def test_a_tone_above_the_new_band_does_not_fold_into_it(src, dst):
    loud = tone(src, 0.6 * dst)
    out = whole(StreamResampler(src, dst), loud.astype(np.int16))
    assert rms(out) < rms(loud) / 1_000  # 60 dB


@pytest.mark.parametrize(("src", "dst"), [(16_000, 48_000), (8_000, 16_000), (16_000, 24_000)])
def test_up_and_down_again_is_the_same_speech_band(src, dst):
    signal = sum(tone(src, f) for f in (200, 900, 2_500)) / 3
    up = whole(StreamResampler(src, dst), signal.astype(np.int16))
    back = whole(StreamResampler(dst, src), up)
    assert len(back) == len(signal)
    assert rms(back - signal) < rms(signal) / 300


def test_equal_rates_pass_through_at_once():
    live = StreamResampler(16_000, 16_000)
    samples = noise(320)
    assert np.array_equal(live.push(samples), samples)
    assert len(live.flush()) == 0
    assert live.delay == 0


def test_after_a_flush_a_new_stream_begins():
    live = StreamResampler(48_000, 16_000)
    first, second = noise(1_000, 1), noise(1_000, 2)
    whole(live, first)
    assert np.array_equal(whole(live, second), whole(StreamResampler(48_000, 16_000), second))


def test_full_scale_clips_and_does_not_wrap():
    square = np.where(np.arange(4_800) // 40 % 2, 32_767, -32_768).astype(np.int16)
    out = whole(StreamResampler(48_000, 16_000), square).astype(int)
    steady = np.abs(np.diff(out)) < 30_000  # a wrap would jump from one rail to the other
    assert out.max() == 32_767
    assert np.mean(steady) > 0.85


@pytest.mark.parametrize(("src", "dst"), [(0, 16_000), (16_000, -1), (44_101, 16_000)])
def test_a_senseless_pair_of_rates_is_refused(src, dst):
    with pytest.raises(AudioError):
        StreamResampler(src, dst)


@given(
    length=st.integers(0, 3_000),
    sizes=st.lists(st.integers(1, 900), min_size=1, max_size=5),
    size=st.integers(1, 512),
)
def test_frames_hold_the_stream_whatever_the_chunks(length, sizes, size):
    samples, reframer = noise(length), Reframer(size)
    frames = [frame for chunk in cut(samples, sizes) for frame in reframer.push(chunk)]
    assert reframer.held == length % size
    frames += reframer.flush()
    assert all(len(frame) == size for frame in frames)
    joined = np.concatenate([*frames, np.zeros(0, np.int16)])
    assert np.array_equal(joined[:length], samples)
    assert not joined[length:].any()
    assert reframer.flush() == []


def test_a_frame_is_a_copy():
    chunk = np.ones(320, np.int16)
    (frame,) = Reframer(320).push(chunk)
    chunk[:] = 0
    assert frame.all()


def test_a_frame_without_samples_is_refused():
    with pytest.raises(AudioError, match="positive"):
        Reframer(0)
