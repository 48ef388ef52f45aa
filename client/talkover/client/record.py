"""What both sides said, on one clock: a two-channel WAV and a log of events, as they happen."""

import contextlib
import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, TextIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from talkover.client._events import AgentAudio, Event
from talkover.core.clock import RATE
from talkover.core.errors import AudioError, ConfigError

Samples = NDArray[np.int16]

_CALLER: Final = 0
_AGENT: Final = 1


class Recorder:
    """Writes the caller on the left and the agent on the right, in the caller's time.

    Left is what was sent; right is what came out of the caller's loudspeaker, not what arrived.
    Every ``write`` reaches the file; closing makes its header right.

    Args:
        path: Where to; folders on the way are made.
        rate: Of both channels (Hz).

    Raises:
        AudioError: the file cannot be written.
    """

    def __init__(self, path: Path, *, rate: int = RATE) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = soundfile.SoundFile(
                path, "w", samplerate=rate, channels=2, subtype="PCM_16", format="WAV"
            )
        except (OSError, soundfile.SoundFileError) as error:
            raise AudioError(f"{path} cannot be written: {error}") from None

    def write(self, caller: Samples, agent: Samples) -> None:
        """Add what sounded at the same time: two int16 arrays of one length."""
        both = np.empty((len(caller), 2), np.int16)
        both[:, _CALLER] = caller
        both[:, _AGENT] = agent
        self._file.write(both)

    def close(self) -> None:
        """Finish the file; doing it twice does nothing."""
        self._file.close()


class EventLog:
    """One JSON object a line: ``event``, ``at`` (media ticks), ``wall`` (seconds), and what else.

    ``wall`` counts from the making of the log, on a monotonic clock. Audio is logged as a number
    of samples, so the log tells what arrived when without holding it.

    Args:
        path: Where to; folders on the way are made.

    Raises:
        ConfigError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = path.open("w", encoding="utf-8", buffering=1)
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
        self._began = time.monotonic()

    def event(self, event: Event) -> None:
        """Log what the agent did."""
        self._write(event_fields(event), event.received)

    def note(self, what: str, *, at: int, **fields: Any) -> None:
        """Log what the caller did, at a media time."""
        self._write({"event": what, "at": at, **fields}, time.monotonic())

    def close(self) -> None:
        """Finish the file; doing it twice does nothing."""
        with contextlib.suppress(ValueError):
            self._file.close()

    def _write(self, fields: dict[str, Any], moment: float) -> None:
        line = {**fields, "wall": round(moment - self._began, 6)}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")


def event_fields(event: Event) -> dict[str, Any]:
    """An event as JSON can hold it; ``received`` is left out."""
    samples = None
    if isinstance(event, AgentAudio):
        samples = len(event.pcm)
        event = replace(event, pcm=np.zeros(0, np.int16))  # don't copy what is not written
    fields = asdict(event)
    del fields["received"]
    if samples is not None:
        del fields["pcm"]
        fields["samples"] = samples
    return {"event": _snake(type(event).__name__), **fields}


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).removeprefix("_")
