"""Audio bytes to samples and back: linear PCM and the two G.711 companding laws.

The G.711 tables are computed from the recommendation's segment rules once, at import: 256 entries
to decode, 65,536 to encode, so that a chunk costs one numpy look-up.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio.formats import Encoding
from talkover.core.errors import AudioError

Samples = NDArray[np.int16]
"""Mono audio, shape (samples,), full scale +-32768."""

_WIRE: Final = np.dtype("<i2")
_MULAW_BIAS: Final = 0x84  # 33 on the 14-bit scale of G.711, times 4: PCM here has 16 bits
_MULAW_CLIP: Final = 32_635


def _mulaw_decoding() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    segment, step = (code >> 4) & 7, code & 15
    size = (((step << 3) + _MULAW_BIAS) << segment) - _MULAW_BIAS
    return np.where(code & 0x80, -size, size).astype(np.int16)


def _alaw_decoding() -> Samples:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment, step = (code >> 4) & 7, code & 15
    size = np.where(segment == 0, (step << 4) + 8, ((step << 4) + 0x108) << (segment - 1).clip(0))
    return np.where(code & 0x80, size, -size).astype(np.int16)


def _segments(size: NDArray[np.int32]) -> NDArray[np.int32]:
    """The G.711 segment of each size: how far its highest bit is above bit 7."""
    segment = np.zeros_like(size)
    for bit in range(8, 15):
        segment += (size >> bit) > 0
    return segment


def _all_pcm() -> NDArray[np.int32]:
    """Every 16-bit sample, in the order of its unsigned pattern."""
    return np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)


def _mulaw_encoding() -> NDArray[np.uint8]:
    # The coder has 14 bits: the two lowest are dropped by an arithmetic shift, as telephony does.
    pcm = _all_pcm() >> 2 << 2
    size = np.minimum(np.abs(pcm), _MULAW_CLIP) + _MULAW_BIAS
    segment = _segments(size)
    code = (segment << 4) | ((size >> (segment + 3)) & 15)
    code |= np.where(pcm < 0, 0x80, 0)
    flipped: NDArray[np.int32] = code ^ 0xFF
    return flipped.astype(np.uint8)


def _alaw_encoding() -> NDArray[np.uint8]:
    # Thirteen bits; a negative sample is mirrored in one's complement.
    pcm = _all_pcm() >> 3 << 3
    size = np.where(pcm < 0, ~(pcm >> 3) << 3, pcm)
    segment = _segments(size)
    code = (segment << 4) | ((size >> np.maximum(segment + 3, 4)) & 15)
    return np.where(pcm >= 0, code ^ 0xD5, code ^ 0x55).astype(np.uint8)


_DECODING: Final[dict[Encoding, Samples]] = {
    Encoding.MULAW: _mulaw_decoding(),
    Encoding.ALAW: _alaw_decoding(),
}
_ENCODING: Final[dict[Encoding, NDArray[np.uint8]]] = {
    Encoding.MULAW: _mulaw_encoding(),
    Encoding.ALAW: _alaw_encoding(),
}


def decode(data: bytes, encoding: Encoding) -> Samples:
    """Bytes of mono audio as samples.

    Args:
        data: A whole number of samples; any length, including none.
        encoding: How they are written.

    Returns:
        int16, shape (samples,); the caller's own to change.

    Raises:
        AudioError: PCM16 with an odd number of bytes.
    """
    if encoding is not Encoding.PCM16:
        return _DECODING[encoding][np.frombuffer(data, np.uint8)]
    if len(data) % 2:
        raise AudioError(
            f"a PCM16 chunk of {len(data)} bytes ends within a sample; send whole samples"
        )
    return np.frombuffer(data, _WIRE).astype(np.int16)


def encode(samples: Samples, encoding: Encoding) -> bytes:
    """Samples as bytes of mono audio.

    Args:
        samples: int16, shape (samples,).
        encoding: How to write them.

    Raises:
        AudioError: the array is not one channel of int16.
    """
    if samples.dtype != np.int16 or samples.ndim != 1:
        raise AudioError(
            f"expected int16 of shape (samples,), got {samples.dtype} of shape {samples.shape}"
        )
    if encoding is Encoding.PCM16:
        return samples.astype(_WIRE, copy=False).tobytes()
    return _ENCODING[encoding][np.ascontiguousarray(samples).view(np.uint16)].tobytes()


def to_float(samples: Samples) -> NDArray[np.float32]:
    """int16 as float32 in [-1, 1), for models."""
    return samples.astype(np.float32) / np.float32(32_768)


def to_int16(samples: NDArray[np.floating]) -> Samples:
    """Floats with full scale 1 as int16, rounded to the nearest and clipped."""
    scaled: NDArray[np.floating] = np.rint(samples * 32_768)
    return scaled.clip(-32_768, 32_767).astype(np.int16)
