"""eSpeak NG inside this process: it says phonemes, and when each of them began.

The library has one state for all, and its noise goes on from call to call: see ``throat``.
"""

import ctypes
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import ConfigError
from talkover.trainer.data.espeak import MISSING

_LIBRARY: Final = "libespeak-ng.so.1"
_SYNCHRONOUS: Final = 2
_CHUNK: Final = 200  # milliseconds
_PHONEME_EVENTS: Final = 1 << 0
_IPA_EVENTS: Final = 1 << 1
_DO_NOT_EXIT: Final = 1 << 15
_UTF8: Final = 1
_PHONEMES: Final = 0x100  # what is in [[ ]] is phonemes
_PHONEME: Final = 7
_RATE, _PITCH, _RANGE = 1, 3, 4
_LONGEST: Final = 60  # seconds; what goes on for longer is cut off


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("text", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique", ctypes.c_uint),
        ("position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said.

    Attributes:
        voice: eSpeak's name, with a variant: ``en-us+f3``.
        pace: Words a minute.
        pitch: 0 to 99.
        pitch_range: 0 to 99; 0 is a monotone.
    """

    voice: str
    pace: int = 165
    pitch: int = 50
    pitch_range: int = 50


@dataclass(frozen=True, slots=True, eq=False)
class Uttered:
    """What came out.

    Attributes:
        pcm: int16 [n].
        rate: Hz.
        phones: Samples at which sounds begin, and which (IPA; empty for a pause).
    """

    pcm: NDArray[np.int16]
    rate: int
    phones: tuple[tuple[int, str], ...]


class Espeak:
    """The library; one a process.

    Raises:
        ConfigError: it is not installed, or does not start.
    """

    def __init__(self) -> None:
        try:
            self._library: Any = ctypes.CDLL(_LIBRARY)
        except OSError:
            raise ConfigError(MISSING) from None
        options = _PHONEME_EVENTS | _IPA_EVENTS | _DO_NOT_EXIT
        self.rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, _CHUNK, None, options))
        if self.rate <= 0:
            raise ConfigError("espeak-ng does not start: its data are missing; install it again")
        self._sound: list[NDArray[np.int16]] = []
        self._phones: list[tuple[int, str]] = []
        self._callback = _Callback(self._take)  # kept, or it would be freed under the library
        self._library.espeak_SetSynthCallback(self._callback)

    def utter(self, text: str, manner: Manner) -> Uttered:
        """Say a text; phonemes of the voice's table stand in double brackets.

        Raises:
            ConfigError: there is no such voice, or it failed.
        """
        data = text.encode("utf-8")
        self._sound, self._phones = [], []
        if self._library.espeak_SetVoiceByName(manner.voice.encode()) != 0:
            raise ConfigError(f"espeak-ng has no voice {manner.voice!r}")
        given = ((_RATE, manner.pace), (_PITCH, manner.pitch), (_RANGE, manner.pitch_range))
        for parameter, value in given:
            self._library.espeak_SetParameter(parameter, value, 0)
        size, flags = len(data) + 1, _UTF8 | _PHONEMES
        if self._library.espeak_Synth(data, size, 0, 0, 0, flags, None, None) != 0:
            raise ConfigError("espeak-ng did not speak")
        self._library.espeak_Synchronize()
        pcm = np.concatenate(self._sound or [np.zeros(0, np.int16)])
        return Uttered(pcm, self.rate, tuple(self._phones))

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if samples and count:
            self._sound.append(np.ctypeslib.as_array(samples, (count,)).copy())
        place = 0
        while events[place].type != 0:
            event = events[place]
            if event.type == _PHONEME:
                name = bytes(event.id.text).partition(b"\0")[0].decode("utf-8", "replace")
                self._phones.append((event.sample, name))
            place += 1
        return int(sum(map(len, self._sound)) > _LONGEST * self.rate)
