"""From a turn record to a training item, or to the reason why it is none."""

from dataclasses import dataclass, replace

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from talkover.core.audio import to_float
from talkover.core.clock import RATE
from talkover.core.errors import TraceError
from talkover.core.learning.items import Item, Items, State, Taken
from talkover.core.records import TurnRecord
from talkover.core.traces.blobs import BlobStore, decode
from talkover.trainer.learning.filters import Limits, Refusal, of_record, of_sound
from talkover.trainer.mining.withheld import Withheld, sound_of


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of a record.

    Attributes:
        taken: Whether it is new.
        reason: Why it is not learnt from; empty: it may be.
    """

    taken: Taken
    reason: str = ""


class Taker:
    """Takes records into the training items.

    Args:
        items: Where to.
        blobs: Where their audio is.
        limits: What is accepted.
        withheld: What models are judged on.
    """

    def __init__(self, items: Items, blobs: BlobStore, limits: Limits, withheld: Withheld) -> None:
        self.items = items
        self._blobs = blobs
        self._limits = limits
        self._withheld = withheld

    def take(self, record: TurnRecord, now: float) -> Counted:
        """Count a record: when this returns, it is on the disk that it was.

        Args:
            record: As the server wrote it.
            now: Seconds since 1970.

        Raises:
            TraceError: its audio is not there or damaged; nothing is counted.
        """
        refusal = of_record(record, self._limits, self._withheld, now)
        if refusal is not None:
            return self._refused(record, refusal)
        key = record.blobs["caller"]
        sound = self._blobs.get(key)
        pcm = heard(sound)
        seconds, level = len(pcm) / RATE, float(np.sqrt(np.mean(pcm**2))) if len(pcm) else 0.0
        refusal = of_sound(seconds, level, sound_of(pcm), self._limits, self._withheld)
        if refusal is not None:
            return self._refused(record, refusal)
        item = replace(
            _item(record, State.WAITING),
            record=record.model_dump_json(),
            audio=key,
            seconds=seconds,
        )
        return Counted(self.items.take(item, sound))

    def _refused(self, record: TurnRecord, refusal: Refusal) -> Counted:
        item = replace(_item(record, State.REFUSED), reason=refusal.value)
        taken = self.items.take(item)
        return Counted(taken, refusal.value)


def heard(data: bytes) -> NDArray[np.float32]:
    """A recording as it is learnt from: float32 [n] at 16 kHz.

    Raises:
        TraceError: it is no recording.
    """
    try:
        pcm, rate = decode(data)
    except (soundfile.SoundFileError, ValueError, RuntimeError):
        raise TraceError("a turn's audio is no FLAC that can be read; delete it") from None
    sound = to_float(pcm if pcm.ndim == 1 else pcm[:, 0])
    resampled: NDArray[np.float32] = sound if rate == RATE else soxr.resample(sound, rate, RATE)
    return resampled


def _item(record: TurnRecord, state: State) -> Item:
    return Item(
        record.session, record.turn, record.revision, record.caller, record.written_at, state
    )
