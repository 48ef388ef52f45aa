"""Opus (RFC 6716) by way of the C library, for one voice: encode, decode, repair.

No package of its own: PyAV's wheel carries libopus, and most systems have one. It is loaded when
the first encoder, decoder or question about a packet needs it, and PyAV itself is never imported.

An object belongs to one thread at a time. Cost of 20 ms at 24 kHz on one core of a server CPU,
speech at 32 kbit/s, libopus 1.6: encode 250 us, decode 48 us, recover 39 us, conceal 37 us,
``duration`` 4 us, ``has_fec`` 2 us.
"""

import ctypes
import ctypes.util
import importlib.util
import weakref
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from talkover.core.audio.codec import Samples
from talkover.core.closing import Closing
from talkover.core.errors import AudioError

RATES: Final = (8_000, 12_000, 16_000, 24_000, 48_000)
"""Rates libopus takes and gives (Hz)."""
MAX_PACKET: Final = 1_275 * 6
"""No longer packet is taken (bytes): 120 ms of 20 ms frames, each as large as can be."""

_VOIP: Final = 2_048  # OPUS_APPLICATION_VOIP
_SET_BITRATE: Final = 4_002
_SET_COMPLEXITY: Final = 4_010
_SET_INBAND_FEC: Final = 4_012
_SET_PACKET_LOSS_PERC: Final = 4_014
_RESET_STATE: Final = 4_028
_INTERNAL_ERROR: Final = -3  # OPUS_INTERNAL_ERROR

_COMPLEXITY: Final = 5
_EXPECTED_LOSS: Final = 10  # per cent: how much of the bit rate in-band FEC may take
_MAX_FRAME: Final = 1_276  # bytes of one encoded frame with its first byte
_STEP: Final = 400  # a second has this many of the shortest frames, 2.5 ms
_CELT_ONLY: Final = 0x80  # in a packet's first byte: no SILK part, so no FEC
_STEREO: Final = 0x04


def candidates() -> Iterator[str]:
    """Where a libopus may be, best first: inside PyAV's wheel, then the system's."""
    spec = importlib.util.find_spec("av")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        for folder, pattern in (
            (package.parent / "av.libs", "libopus-*.so*"),
            (package / ".dylibs", "libopus*.dylib"),
            (package.parent / "av.libs", "*opus*.dll"),
        ):
            yield from map(str, sorted(folder.glob(pattern)))
    system = ctypes.util.find_library("opus")
    if system is not None:
        yield system


@cache
def _library() -> ctypes.CDLL:
    for candidate in candidates():
        try:
            library = ctypes.CDLL(candidate)
            _declare(library)
        except (OSError, AttributeError):  # cannot be loaded, or is something else
            continue
        return library
    raise AudioError(
        "there is no libopus; pip install 'talkover[server]' brings one, "
        "or install the system's (libopus0 on Debian)"
    )


def _declare(library: ctypes.CDLL) -> None:
    """Tell ctypes the types of what is used. Raises AttributeError when a function lacks."""
    state, number, text = ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p
    code = ctypes.c_int
    # The controls are variadic: their last argument is passed as a c_int each time.
    signatures: dict[str, tuple[type | None, list[type]]] = {
        "opus_encoder_create": (state, [number, code, code, ctypes.c_void_p]),
        "opus_encoder_destroy": (None, [state]),
        "opus_encoder_ctl": (code, [state, code]),
        "opus_encode": (number, [state, ctypes.c_void_p, code, ctypes.c_void_p, number]),
        "opus_decoder_create": (state, [number, code, ctypes.c_void_p]),
        "opus_decoder_destroy": (None, [state]),
        "opus_decoder_ctl": (code, [state, code]),
        "opus_decode": (code, [state, text, number, ctypes.c_void_p, code, code]),
        "opus_packet_get_nb_samples": (code, [text, number, number]),
        "opus_packet_get_samples_per_frame": (code, [text, number]),
        "opus_packet_parse": (code, [text, number, *[ctypes.c_void_p] * 4]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    if hasattr(library, "opus_packet_has_lbrr"):  # since libopus 1.5
        library.opus_packet_has_lbrr.restype = code
        library.opus_packet_has_lbrr.argtypes = [text, number]


class _Coder(Closing):
    """A libopus state that is given back exactly once."""

    def __init__(self, kind: str, rate: int, *arguments: int) -> None:
        if rate not in RATES:
            raise AudioError(f"Opus has no rate of {rate} Hz; use one of {RATES}")
        self.rate = rate
        self._opus = _library()
        failed = ctypes.c_int()
        create = getattr(self._opus, f"opus_{kind}_create")
        self._state: int | None = create(rate, 1, *arguments, ctypes.byref(failed))
        if self._state is None or failed.value:
            raise AudioError(f"libopus made no {kind} (error {failed.value}); check its arguments")
        # Runs at the latest when this object is collected or the process ends.
        self._free = weakref.finalize(
            self, getattr(self._opus, f"opus_{kind}_destroy"), self._state
        )

    def close(self) -> None:
        """Free the C state; what is called afterwards raises AudioError."""
        self._state = None
        self._free()

    def _open(self) -> int:
        if self._state is None:
            raise AudioError("this Opus coder is closed; make a new one")
        return self._state


class OpusEncoder(_Coder):
    """Encodes one mono voice, with in-band FEC for about 10 % of lost packets.

    Args:
        rate: Of the samples (Hz), one of ``RATES``.
        bitrate: Bits a second to aim at, FEC included.

    Raises:
        AudioError: there is no libopus, or it refuses the rate or the bit rate.
    """

    def __init__(self, rate: int = 24_000, *, bitrate: int = 32_000) -> None:
        super().__init__("encoder", rate, _VOIP)
        self._out = ctypes.create_string_buffer(_MAX_FRAME)
        for request, value in (
            (_SET_BITRATE, bitrate),
            (_SET_COMPLEXITY, _COMPLEXITY),
            (_SET_INBAND_FEC, 1),
            (_SET_PACKET_LOSS_PERC, _EXPECTED_LOSS),
        ):
            if self._opus.opus_encoder_ctl(self._state, request, ctypes.c_int(value)):
                self.close()
                raise AudioError(f"libopus refuses {value} for setting {request}; check bitrate")

    def encode(self, pcm: Samples) -> bytes:
        """One frame of 20 ms as a packet.

        Args:
            pcm: int16, shape (rate / 50,).

        Raises:
            AudioError: another shape or type, or the encoder is closed.
        """
        state = self._open()
        if pcm.shape != (self.rate // 50,) or pcm.dtype != np.int16:
            raise AudioError(
                f"an Opus frame is int16 of shape ({self.rate // 50},), "
                f"got {pcm.dtype} of shape {pcm.shape}; reframe to 20 ms"
            )
        pcm = np.ascontiguousarray(pcm)
        size = self._opus.opus_encode(state, pcm.ctypes.data, len(pcm), self._out, _MAX_FRAME)
        if size < 0:
            raise AudioError(f"libopus could not encode (error {size}); make a new encoder")
        return self._out.raw[:size]


class OpusDecoder(_Coder):
    """Decodes one voice to mono, and makes up for packets that are lost.

    For each lost packet call ``recover`` with the packet after it when that ``has_fec``, else
    ``conceal``; then go on with ``decode``. A refused packet leaves the decoder fit for the next.

    Args:
        rate: Of the samples that come out (Hz), one of ``RATES``; any stream decodes at any.

    Raises:
        AudioError: there is no libopus, or it has no such rate.
    """

    def __init__(self, rate: int = 24_000) -> None:
        super().__init__("decoder", rate)

    def decode(self, packet: bytes) -> Samples:
        """The audio of one packet.

        Returns:
            int16, shape (samples,), 2.5 to 120 ms; the caller's own.

        Raises:
            AudioError: it is no Opus packet.
        """
        self._open()
        return self._run(packet, duration(packet, self.rate), fec=False)

    def recover(self, packet: bytes, samples: int) -> Samples:
        """The audio right before ``packet``, from the FEC it carries; concealed without any.

        Args:
            packet: The one after the lost one; decode it next.
            samples: How many to give, at most a second: as many as the lost packets had. FEC holds
                the last frame of them; the rest, or all when less than a frame, is concealed.

        Raises:
            AudioError: it is no Opus packet, or the count is out of range.
        """
        self._open()
        duration(packet, self.rate)
        return self._run(packet, self._steps(samples), fec=True)[-samples:]

    def conceal(self, samples: int) -> Samples:
        """A guess at lost audio from what was decoded before (at most a second of it).

        Raises:
            AudioError: the count is out of range.
        """
        self._open()
        return self._run(None, self._steps(samples), fec=False)[:samples]

    def _steps(self, samples: int) -> int:
        """Rounded up to what libopus can make up: whole steps of 2.5 ms."""
        if not 1 <= samples <= self.rate:
            raise AudioError(f"cannot make up {samples} samples; ask for 1 to {self.rate}")
        step = self.rate // _STEP
        return -(-samples // step) * step

    def _run(self, packet: bytes | None, samples: int, *, fec: bool) -> Samples:
        state = self._open()
        out = np.zeros(samples, np.int16)
        size = 0 if packet is None else len(packet)
        done = self._opus.opus_decode(state, packet, size, out.ctypes.data, samples, int(fec))
        if done < 0:
            if done == _INTERNAL_ERROR:  # found out half way: its memory is worth nothing now
                self._opus.opus_decoder_ctl(state, _RESET_STATE)
            raise AudioError(f"this is no Opus packet (error {done}); drop it and conceal")
        return out[:done]


def duration(packet: bytes, rate: int) -> int:
    """How many samples at ``rate`` a packet holds, from its first bytes.

    Raises:
        AudioError: it is no Opus packet: empty, too long, or contradicting itself.
    """
    if not packet or len(packet) > MAX_PACKET:
        raise AudioError(
            f"an Opus packet has 1 to {MAX_PACKET} bytes, not {len(packet)}; drop it and conceal"
        )
    opus = _library()
    samples = int(opus.opus_packet_get_nb_samples(packet, len(packet), rate))
    if samples <= 0 or _first_frame(opus, packet) is None:
        raise AudioError("this is no Opus packet; drop it and conceal")
    return samples


def has_fec(packet: bytes) -> bool:
    """Whether a packet carries the audio before it once more; False for what is no packet."""
    if not packet or len(packet) > MAX_PACKET:
        return False
    opus = _library()
    if hasattr(opus, "opus_packet_has_lbrr"):
        return bool(opus.opus_packet_has_lbrr(packet, len(packet)) > 0)
    return _has_lbrr(opus, packet)


def _first_frame(opus: ctypes.CDLL, packet: bytes) -> tuple[int, int] | None:
    """Offset and size of a packet's first frame; None when it cannot be taken apart."""
    sizes, offset = (ctypes.c_int16 * 48)(), ctypes.c_int()
    frames = opus.opus_packet_parse(packet, len(packet), None, None, sizes, ctypes.byref(offset))
    return (offset.value, sizes[0]) if frames > 0 else None


def _has_lbrr(opus: ctypes.CDLL, packet: bytes) -> bool:
    """What libopus before 1.5 lacks, by RFC 6716, 4.2.3 and 4.2.4.

    A SILK frame begins with one bit of voice activity for each of its 20 ms, then the bit asked
    for; for stereo the same follows for the side channel.
    """
    first = _first_frame(opus, packet)
    if packet[0] & _CELT_ONLY or first is None or not first[1]:
        return False
    parts = max(1, opus.opus_packet_get_samples_per_frame(packet, 48_000) // 960)
    header = packet[first[0]]
    wanted = 0x80 >> parts
    if packet[0] & _STEREO:
        wanted |= 0x80 >> (2 * parts + 1)
    return bool(header & wanted)
