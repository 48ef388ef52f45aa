"""Who and what is held out of an import: no speaker and no sentence is in two splits. Pure.

Speakers are dealt out first, by the hash of their names, those for the test before the others,
until they have said enough. A sentence then belongs to the split furthest from training in which
somebody says it; whoever says it for another split is left out, and listed. Where too few people
speak a locale, or nobody says who does, there is nothing to hold out but sentences: those are dealt
out by their hash, as the generated ones are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from talkover.trainer.data.texts import Split, sentence_of, split_of

FEWEST: Final = 3
"""Speakers of a locale that can be dealt out: one for each split."""
_SHARE: Final = 0.1
"""Of the seconds of a locale that a held-out split has at least."""
_HELD_OUT: Final = (Split.TEST, Split.VALIDATION)
_ORDER: Final = (Split.TRAIN, Split.VALIDATION, Split.TEST)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a split depends on.

    Attributes:
        speaker: Empty: unknown.
        locale: Of the utterance.
        text: That is said.
        seconds: How long it lasts.
    """

    speaker: str
    locale: str
    text: str
    seconds: float


class Splits:
    """The splits of a set; of each speaker and each sentence a few bytes are kept.

    Args:
        spoken: Gives all utterances of the set, in the same order each time; asked twice.

    Attributes:
        by_text: Locales in which nothing but sentences is held out, sorted.
    """

    def __init__(self, spoken: Callable[[], Iterable[Spoken]]) -> None:
        said: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        homes: dict[str, str] = {}
        for one in spoken():
            home = homes.setdefault(one.speaker, one.locale) if one.speaker else one.locale
            said[home][one.speaker] += one.seconds
        self._speakers: dict[str, Split] = {}
        self.by_text: list[str] = []
        for locale, speakers in sorted(said.items()):
            known = {name: seconds for name, seconds in speakers.items() if name}
            if len(known) >= FEWEST:
                self._speakers |= deal(known)
            if len(known) < FEWEST or "" in speakers:
                self.by_text.append(locale)
        self._sentences: dict[bytes, Split] = {}
        for one in spoken():
            if (wish := self._speakers.get(one.speaker)) is not None:
                key = _key(one.text)
                self._sentences[key] = max(wish, self._sentences.get(key, wish), key=_ORDER.index)

    def of(self, one: Spoken) -> Split | None:
        """The split of an utterance; None: its sentence is held out, and its speaker is not."""
        sentence = self._sentences.get(_key(one.text)) or split_of(one.text)
        return sentence if self._speakers.get(one.speaker, sentence) is sentence else None


def deal(speakers: dict[str, float]) -> dict[str, Split]:
    """Splits of speakers: as few as have a tenth of all seconds for each that is held out.

    Args:
        speakers: Seconds by name; at least three.
    """
    order = sorted(speakers, key=lambda name: sha256(name.encode()).digest())
    wanted = _SHARE * sum(speakers.values())
    splits: dict[str, Split] = {}
    for split in _HELD_OUT:
        there = 0.0
        while there < wanted and len(order) > _after(split):
            name = order.pop(0)
            splits[name] = split
            there += speakers[name]
    return splits | dict.fromkeys(order, Split.TRAIN)


def _after(split: Split) -> int:
    """Speakers that must be left for the splits that come later."""
    return len(_HELD_OUT) - _HELD_OUT.index(split)


def _key(text: str) -> bytes:
    return sentence_of(text)[:12]
