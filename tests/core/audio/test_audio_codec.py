import importlib
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.audio import AudioFormat, Encoding, decode, encode, to_float, to_int16
from talkover.core.errors import AudioError

EVERY_SAMPLE = np.arange(-32_768, 32_768).astype(np.int16)
EVERY_BYTE = bytes(range(256))


@pytest.fixture(scope="module")
def audioop():
    """The standard library's own G.711, up to Python 3.12."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return importlib.import_module("audioop")
        except ModuleNotFoundError:
            pytest.skip("audioop has left the standard library")


@pytest.mark.parametrize(("encoding", "law"), [("mulaw", "ulaw"), ("alaw", "alaw")])
def test_g711_equals_the_standard_library_on_every_value(audioop, encoding, law):
    encoding = Encoding(encoding)
    pcm = EVERY_SAMPLE.astype("<i2").tobytes()
    assert encode(EVERY_SAMPLE, encoding) == getattr(audioop, f"lin2{law}")(pcm, 2)
    decoded = decode(EVERY_BYTE, encoding).astype("<i2").tobytes()
    assert decoded == getattr(audioop, f"{law}2lin")(EVERY_BYTE, 2)


@pytest.mark.parametrize("encoding", [Encoding.MULAW, Encoding.ALAW])
def test_g711_round_trip_error_is_within_one_step_of_the_segment(encoding):
    back = decode(encode(EVERY_SAMPLE, encoding), encoding).astype(int)
    size = np.abs(EVERY_SAMPLE.astype(int))
    # Sixteen steps a segment, and a segment is at least half of the size it holds.
    assert np.all(np.abs(back - EVERY_SAMPLE) <= np.maximum(size / 16, 8) + 8)


@pytest.mark.parametrize("encoding", [Encoding.MULAW, Encoding.ALAW])
def test_g711_bytes_survive_a_round_trip(encoding):
    samples = decode(EVERY_BYTE, encoding)
    assert np.array_equal(decode(encode(samples, encoding), encoding), samples)


@given(st.binary(max_size=2_000))
def test_pcm16_is_bytes_in_bytes_out(data):
    if len(data) % 2:
        with pytest.raises(AudioError, match="ends within a sample"):
            decode(data, Encoding.PCM16)
    else:
        assert encode(decode(data, Encoding.PCM16), Encoding.PCM16) == data


def test_pcm16_is_little_endian():
    assert decode(b"\x01\x02", Encoding.PCM16).tolist() == [0x0201]


def test_decoded_samples_may_be_changed():
    for encoding in Encoding:
        decode(b"\x00\x01", encoding)[0] = 7


def test_encode_takes_a_slice_with_a_stride():
    samples = np.arange(10, dtype=np.int16) * 1_000
    for encoding in Encoding:
        assert encode(samples[::2], encoding) == encode(samples[::2].copy(), encoding)


@pytest.mark.parametrize("bad", [np.zeros(4, np.float32), np.zeros((2, 2), np.int16)])
def test_encode_refuses_what_is_not_one_channel_of_int16(bad):
    with pytest.raises(AudioError, match="expected int16"):
        encode(bad, Encoding.PCM16)


def test_floats_and_back_are_exact_and_clipped():
    assert np.array_equal(to_int16(to_float(EVERY_SAMPLE)), EVERY_SAMPLE)
    assert to_float(EVERY_SAMPLE).dtype == np.float32
    assert to_int16(np.array([-2.0, 1.0, 2.0])).tolist() == [-32_768, 32_767, 32_767]


@pytest.mark.parametrize(
    ("encoding", "rate", "size"),
    [("pcm16", 16_000, 640), ("mulaw", 8_000, 160), ("alaw", 48_000, 960), ("pcm16", 24_000, 960)],
)
def test_a_format_knows_its_frames(encoding, rate, size):
    form = AudioFormat(Encoding(encoding), rate)
    assert form.frame_bytes == size
    assert form.duration(size) == pytest.approx(0.02)


@pytest.mark.parametrize("rate", [0, -8_000, 44_100, 16_000.5, True])
def test_an_impossible_rate_is_refused_by_naming_the_possible_ones(rate):
    with pytest.raises(AudioError, match="8000, 16000, 24000, 48000"):
        AudioFormat(Encoding.PCM16, rate)


def test_an_unknown_encoding_is_refused_by_naming_the_known_ones():
    with pytest.raises(AudioError, match="pcm16, mulaw, alaw"):
        AudioFormat("opus", 16_000)


def test_an_encoding_may_be_given_by_name():
    assert AudioFormat("mulaw", 8_000).encoding is Encoding.MULAW
