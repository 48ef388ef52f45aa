"""The media clock: samples at 16 kHz, counted from a session's start.

A position on it is a plain ``int``. Every chunk, word, event and report carries one, so audio,
text and pictures line up by comparing integers.
"""

from typing import Final

RATE: Final = 16_000
"""Ticks of the media clock a second, and the rate of audio inside Talkover (Hz)."""

FRAME: Final = 320
"""A frame: 20 ms of the media clock."""

HOP: Final = 512
"""What voice activity detection eats at a time: 32 ms."""


def seconds(samples: int) -> float:
    """Media time in seconds."""
    return samples / RATE


def samples(duration: float) -> int:
    """Seconds as ticks of the media clock, to the nearest."""
    return round(duration * RATE)


def rescale(count: int, rate: int, to: int = RATE) -> int:
    """A count of samples at ``rate`` as a count at ``to``, to the nearest."""
    return (count * to + rate // 2) // rate
