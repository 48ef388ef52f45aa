"""Which of what was heard is learnt from, and why the rest is not. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from talkover.trainer.data.texts import sentence_of
from talkover.trainer.mining.listened import Listened
from talkover.trainer.mining.settings import MineSettings
from talkover.trainer.mining.withheld import Withheld


class Dropped(StrEnum):
    """Why nothing is learnt from an utterance."""

    WITHHELD = "of the evaluation"
    UNTRUSTED = "label not trusted"
    RIGHT = "understood"
    SAME_TEXT = "text is there"
    SAME_SOUNDS = "sounds are there"
    SPEAKER = "enough of the speaker"
    FULL = "enough of all"


@dataclass(frozen=True, slots=True)
class Choice:
    """What is learnt from.

    Attributes:
        kept: Places in the pool, the highest score first.
        dropped: Of all other places, why.
    """

    kept: tuple[int, ...]
    dropped: dict[int, Dropped]


def choose(
    heard: Sequence[Listened], scored: Sequence[float], withheld: Withheld, settings: MineSettings
) -> Choice:
    """Take the highest scores, each text and each row of sounds once, not too many of a speaker.

    Nothing but the utterances decides: in another order the same ones are chosen.

    Args:
        heard: A pool.
        scored: The score of each.
        withheld: What must never be learnt from.
        settings: How many.
    """
    ranks = [
        (-score, one.number, one.epoch, one.name) for score, one in zip(scored, heard, strict=True)
    ]
    taken = _Taken(settings)
    kept: list[int] = []
    dropped: dict[int, Dropped] = {}
    for place in sorted(range(len(heard)), key=ranks.__getitem__):
        why = _unfit(heard[place], withheld, settings) or taken.why_not(heard[place])
        if why is None:
            taken.take(heard[place])
            kept.append(place)
        else:
            dropped[place] = why
    return Choice(tuple(kept), dropped)


def _unfit(one: Listened, withheld: Withheld, settings: MineSettings) -> Dropped | None:
    if withheld.why(one.text, one.speaker, one.pcm):
        return Dropped.WITHHELD
    if one.trust < settings.least_trust:
        return Dropped.UNTRUSTED
    if one.error < settings.least_error or one.error <= 0:
        return Dropped.RIGHT
    return None


class _Taken:
    """What was taken so far."""

    def __init__(self, settings: MineSettings) -> None:
        self._keep = settings.keep
        self._cap = ceil(settings.per_speaker * settings.keep)
        self._texts: set[bytes] = set()
        self._sounds: set[str] = set()
        self._speakers: Counter[str] = Counter()

    def why_not(self, one: Listened) -> Dropped | None:
        if sentence_of(one.text) in self._texts:
            return Dropped.SAME_TEXT
        if one.sounds in self._sounds:
            return Dropped.SAME_SOUNDS
        if self._speakers[one.speaker] >= self._cap:
            return Dropped.SPEAKER
        if self._speakers.total() >= self._keep:
            return Dropped.FULL
        return None

    def take(self, one: Listened) -> None:
        self._texts.add(sentence_of(one.text))
        self._sounds.add(one.sounds)
        self._speakers[one.speaker] += 1
