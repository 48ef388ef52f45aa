"""The caller's own microphone and loudspeaker, through PortAudio."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from talkover.client.floor import Floor
from talkover.core.errors import ConfigError

Samples = NDArray[np.int16]

_WAITING: Final = 50
"""Frames from the microphone that may wait: a second. Older ones are dropped."""
_AHEAD: Final = 10
"""Frames that may wait for the loudspeaker. Older ones are dropped: late is worse than lost."""


class Microphone:
    """A voice whose clock is the sound card. Use headphones: nothing here cancels echo.

    Args:
        rate: Of both directions (Hz).

    Raises:
        ConfigError: there is no sound library or no device.
    """

    def __init__(self, rate: int) -> None:
        try:
            import sounddevice  # type: ignore[import-not-found, unused-ignore]  # an optional extra
        except ImportError:
            raise ConfigError("--mic needs sounddevice: pip install 'talkover[mic]'") from None
        except OSError:
            raise ConfigError("--mic needs the PortAudio library: install libportaudio2") from None
        self._loop = asyncio.get_running_loop()
        self._spoken: asyncio.Queue[Samples] = asyncio.Queue(_WAITING)
        self._sounding: deque[Samples] = deque(maxlen=_AHEAD)
        try:
            self._stream = sounddevice.Stream(
                samplerate=rate,
                blocksize=rate // 50,
                channels=1,
                dtype="int16",
                latency="low",
                callback=self._exchange,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise ConfigError(
                f"no usable sound device ({error}); connect one, or use --wav"
            ) from None

    def __enter__(self) -> Self:
        self._stream.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()

    async def frame(self, floor: Floor) -> Samples | None:
        """The microphone's next 20 ms."""
        del floor  # a person has ears
        return await self._spoken.get()

    def play(self, frame: Samples) -> None:
        """Queue 20 ms for the loudspeaker."""
        self._sounding.append(frame)

    def _exchange(self, spoken: Samples, sounding: Samples, *_: Any) -> None:
        """One block both ways, on PortAudio's thread; deques need no lock."""
        sounding[:, 0] = self._sounding.popleft() if self._sounding else 0
        self._loop.call_soon_threadsafe(self._hear, spoken[:, 0].copy())

    def _hear(self, frame: Samples) -> None:
        if self._spoken.full():
            self._spoken.get_nowait()
        self._spoken.put_nowait(frame)
