"""Audio files: whatever libsndfile reads, as mono int16 at a wanted rate, within a bound."""

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from talkover.core.audio.codec import Samples, to_int16
from talkover.core.clock import RATE
from talkover.core.errors import AudioError


def read_wav(path: Path, *, rate: int = RATE, longest: float = 600.0) -> Samples:
    """Read an audio file (WAV, FLAC, Ogg) as one channel.

    Args:
        path: The file; its channels are averaged.
        rate: Wanted rate (Hz); soxr at high quality converts.
        longest: Refuse a file of more seconds.

    Returns:
        int16, shape (samples,).

    Raises:
        AudioError: the file is missing, is no audio, or is too long.
    """
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames > longest * file.samplerate:
                raise AudioError(f"{path.name} is longer than {longest:g} s; cut it first")
            source = file.samplerate
            audio = file.read(dtype="int16", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise AudioError(f"{path} cannot be read as audio: {error}") from None
    if audio.shape[1] == 1 and source == rate:
        return np.ascontiguousarray(audio[:, 0])
    mono = audio.mean(axis=1, dtype=np.float32) / np.float32(32_768)
    if source != rate:
        mono = soxr.resample(mono, source, rate)
    return to_int16(mono)


def write_wav(path: Path, samples: NDArray[np.int16], *, rate: int = RATE) -> None:
    """Write a 16-bit WAV.

    Args:
        path: Where to; folders on the way are made.
        samples: int16, shape (samples,) or (samples, channels).
        rate: Samples a second (Hz).

    Raises:
        AudioError: the array has another type or shape, or the file cannot be written.
    """
    if samples.dtype != np.int16 or samples.ndim not in (1, 2):
        raise AudioError(
            f"expected int16 of shape (samples,) or (samples, channels), "
            f"got {samples.dtype} of shape {samples.shape}"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, rate, subtype="PCM_16", format="WAV")
    except (OSError, soundfile.SoundFileError) as error:
        raise AudioError(f"{path} cannot be written: {error}") from None
