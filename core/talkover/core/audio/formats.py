"""What a stream of audio bytes is: its encoding and its rate."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from talkover.core.errors import AudioError

RATES: Final = (8_000, 16_000, 24_000, 48_000)
"""Sample rates that callers may use (Hz)."""


class Encoding(StrEnum):
    """How one sample of mono audio is written as bytes."""

    PCM16 = "pcm16"
    """Signed 16-bit linear, little endian."""
    MULAW = "mulaw"
    """G.711 mu-law, 8 bits."""
    ALAW = "alaw"
    """G.711 A-law, 8 bits."""

    @property
    def sample_bytes(self) -> int:
        """Bytes a sample."""
        return 2 if self is Encoding.PCM16 else 1


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """A mono audio stream's encoding and rate.

    Args:
        encoding: Or its name, such as ``"mulaw"``.
        rate: Samples a second, one of ``RATES``.

    Raises:
        AudioError: the encoding or the rate is not one that we speak.
    """

    encoding: Encoding
    rate: int

    def __post_init__(self) -> None:
        try:
            encoding = Encoding(self.encoding)
        except ValueError:
            allowed = ", ".join(Encoding)
            raise AudioError(f"unknown audio encoding; use one of {allowed}") from None
        object.__setattr__(self, "encoding", encoding)
        if isinstance(self.rate, bool) or self.rate not in RATES:
            allowed = ", ".join(map(str, RATES))
            raise AudioError(f"a rate of {self.rate} Hz is not supported; use one of {allowed}")

    @property
    def frame_samples(self) -> int:
        """Samples in a 20 ms frame."""
        return self.rate // 50

    @property
    def frame_bytes(self) -> int:
        """Bytes in a 20 ms frame."""
        return self.frame_samples * self.encoding.sample_bytes

    def duration(self, size: int) -> float:
        """Seconds of audio in ``size`` bytes."""
        return size / (self.rate * self.encoding.sample_bytes)
