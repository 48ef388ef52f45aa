import numpy as np
import pytest
import soundfile

from talkover.core.audio import read_wav, write_wav
from talkover.core.errors import AudioError


def test_samples_survive_a_file(tmp_path):
    samples = np.arange(-500, 500, dtype=np.int16)
    path = tmp_path / "deeper" / "a.wav"
    write_wav(path, samples)
    assert np.array_equal(read_wav(path), samples)


def test_channels_are_written_apart_and_read_as_their_mean(tmp_path):
    two = np.stack([np.full(100, 1_000), np.full(100, 3_000)], axis=1).astype(np.int16)
    path = tmp_path / "two.wav"
    write_wav(path, two)
    assert soundfile.info(path).channels == 2
    assert read_wav(path).tolist() == [2_000] * 100


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
def test_another_rate_is_converted(tmp_path, rate):
    t = np.arange(rate) / rate
    write_wav(tmp_path / "a.wav", (9_000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16), rate=rate)
    samples = read_wav(tmp_path / "a.wav")
    expected = 9_000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert len(samples) == 16_000
    assert np.abs(samples - expected)[1_000:-1_000].max() < 90


def test_a_file_that_is_too_long_is_refused_before_it_is_read(tmp_path):
    write_wav(tmp_path / "a.wav", np.zeros(16_000, np.int16))
    with pytest.raises(AudioError, match="longer than"):
        read_wav(tmp_path / "a.wav", longest=0.5)


def test_what_is_no_audio_is_refused(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"not audio at all")
    with pytest.raises(AudioError, match="cannot be read"):
        read_wav(tmp_path / "a.wav")
    with pytest.raises(AudioError, match="cannot be read"):
        read_wav(tmp_path / "missing.wav")


def test_what_is_no_int16_is_not_written(tmp_path):
    with pytest.raises(AudioError, match="expected int16"):
        write_wav(tmp_path / "a.wav", np.zeros(10, np.float32))
