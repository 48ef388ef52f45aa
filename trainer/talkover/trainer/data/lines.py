"""What lies between a mouth and a listener: a room, a noise, a line. Lengths and times stay.

Everything is drawn from a seed; what comes out is as long as what went in, and no sound moves by
more than a millisecond, so that word times stay true.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from talkover.core.audio import Encoding, decode, encode, to_float, to_int16
from talkover.core.audio.opus import OpusDecoder, OpusEncoder
from talkover.core.clock import FRAME, RATE
from talkover.core.errors import DataError
from talkover.trainer.overlap import sounds

Sound = NDArray[np.float32]
Random = np.random.Generator

_NARROW: Final = 8_000  # Hz
_AHEAD: Final = 104  # samples that Opus looks ahead at 16 kHz
_LOUD: Final = 0.05  # of a sound's loudest 20 ms: what is softer is no speech
_ROOM: Final = (0.15, 0.7)  # seconds until the echo has lost 60 dB
_HALL: Final = (0.6, 1.2)
_BITRATES: Final = (8_000, 12_000, 16_000, 24_000)
_LOSSES: Final = (0.0, 0.0, 0.02, 0.05, 0.1)


class Codec(StrEnum):
    """How a line carries sound."""

    WIDE = "wide"
    NARROW = "narrow"
    MULAW = "mulaw"
    OPUS = "opus"


@dataclass(frozen=True, slots=True)
class Line:
    """A way from mouth to listener.

    Attributes:
        codec: Of the line.
        bitrate: Of Opus (bits a second).
        loss: Share of Opus packets that are lost.
        clip: Of the loudest sample; what is louder is cut off. 1: nothing is.
        decay: Seconds in which a room's echo loses 60 dB; 0: no room.
        near: How much of the voice comes straight from the mouth, against the room.
    """

    codec: Codec = Codec.WIDE
    bitrate: int = 16_000
    loss: float = 0.0
    clip: float = 1.0
    decay: float = 0.0
    near: float = 1.0


def draw_line(random: Random) -> Line:
    """Half of all lines are telephones, and one in four callers is in a room.

    Every third of those is at the far end of a long one, heard by its echoes more than straight.
    """
    inside, far = random.random() < 0.25, random.random() < 1 / 3
    return Line(
        codec=Codec(str(random.choice(list(Codec), p=[0.3, 0.2, 0.3, 0.2]))),
        bitrate=int(random.choice(_BITRATES)),
        loss=float(random.choice(_LOSSES)),
        clip=float(random.uniform(0.3, 0.9)) if random.random() < 0.1 else 1.0,
        decay=float(random.uniform(*(_HALL if far else _ROOM))) if inside else 0.0,
        near=float(random.uniform(0.1, 0.3) if far else random.uniform(0.3, 1.0)),
    )


def through(line: Line, sound: Sound, random: Random) -> Sound:
    """What arrives of a sound.

    Args:
        line: It goes through.
        sound: float32 [n] at 16 kHz.
        random: Of the room, and of which packets are lost.

    Returns:
        float32 [n].
    """
    if line.decay:
        sound = _in_room(sound, line, random)
    if line.clip < 1.0 and len(sound):
        most = float(np.abs(sound).max()) * line.clip
        sound = np.clip(sound, -most, most)
    match line.codec:
        case Codec.WIDE:
            return sound
        case Codec.NARROW:
            return _narrow(sound, Encoding.PCM16)
        case Codec.MULAW:
            return _narrow(sound, Encoding.MULAW)
        case Codec.OPUS:
            return _opus(sound, line, random)


def mixed(voice: Sound, noise: Sound, snr: float) -> Sound:
    """A voice over a noise.

    Args:
        voice: float32 [n].
        noise: float32, at least as long.
        snr: Of the voice where it speaks against the noise (dB).

    Raises:
        DataError: the noise is too short.
    """
    if len(noise) < len(voice):
        raise DataError(f"{len(noise)} samples of noise for {len(voice)} of voice")
    noise = noise[: len(voice)]
    power = float(np.mean(noise**2))
    if not power or not len(voice):
        return voice
    return voice + noise * np.float32(np.sqrt(_speaking(voice) / power) * 10 ** (-snr / 20))


def babble(voices: Sequence[Sound], count: int, random: Random) -> Sound:
    """Others who talk at once, each from some place in what they say, again and again.

    Args:
        voices: float32 each, none empty.
        count: Samples to make.
        random: Where they begin.
    """
    sound = np.zeros(count, np.float32)
    for voice in voices:
        begin = int(random.integers(len(voice)))
        level = np.sqrt(max(_speaking(voice), 1e-12))
        turned = np.concatenate([voice[begin:], voice[:begin]])
        sound += np.resize(turned, count) / np.float32(level)
    return sound / np.float32(max(len(voices), 1))


def _speaking(sound: Sound) -> float:
    """Mean power where there is speech."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    if not len(frames):
        return float(np.mean(sound**2)) if len(sound) else 0.0
    power = (frames**2).mean(axis=1)
    return float(power[power >= power.max() * _LOUD].mean())


def _in_room(sound: Sound, line: Line, random: Random) -> Sound:
    """The room's echoes after the straight sound."""
    tail = sounds.echoes(line.decay, random)
    tail[0] = 0.0
    tail *= (1.0 - line.near) / max(float(np.sqrt((tail**2).sum())), 1e-9)
    tail[0] = line.near
    return sounds.convolved(sound, tail)[: len(sound)].astype(np.float32)


def _narrow(sound: Sound, encoding: Encoding) -> Sound:
    low = to_int16(soxr.resample(sound, RATE, _NARROW))
    heard = to_float(decode(encode(low, encoding), encoding))
    return _fitted(soxr.resample(heard, _NARROW, RATE), len(sound))


def _opus(sound: Sound, line: Line, random: Random) -> Sound:
    pcm = to_int16(sound)
    frames = -(-(len(pcm) + _AHEAD) // FRAME)
    padded = np.zeros(frames * FRAME, np.int16)
    padded[: len(pcm)] = pcm
    with OpusEncoder(RATE, bitrate=line.bitrate) as encoder, OpusDecoder(RATE) as decoder:
        heard = [
            decoder.conceal(FRAME) if random.random() < line.loss else decoder.decode(packet)
            for packet in map(encoder.encode, padded.reshape(-1, FRAME))
        ]
    return _fitted(to_float(np.concatenate(heard)[_AHEAD:]), len(sound))


def _fitted(sound: NDArray[np.floating], count: int) -> Sound:
    kept = np.asarray(sound[:count], np.float32)
    return np.pad(kept, (0, count - len(kept)))
