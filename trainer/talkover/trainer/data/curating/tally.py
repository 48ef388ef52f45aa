"""What there is in a set, counted as it is read.

What is kept grows with the speakers, the words and the sentences of a set, not with its hours: of
a sentence there are eight bytes. Beyond some millions of sentences no more are taken in, and the
counts say so.
"""

import heapq
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from talkover.trainer.data.curating.samples import NONE, UNKNOWN, Facet, Sample
from talkover.trainer.data.texts import sentence_of

_SENTENCES: Final = 5_000_000
_WORDS: Final = 500_000
"""Of a language."""
LONGEST: Final = 30
"""Seconds from which on lengths are not told apart."""
LOWEST, HIGHEST, STEP = -10, 45, 5
"""Signal-to-noise ratios that are told apart (dB); what lies beyond counts as the last."""


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of something."""

    seconds: float = 0.0
    utterances: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.seconds + other.seconds, self.utterances + other.utterances)

    @property
    def hours(self) -> float:
        """The same as hours."""
        return self.seconds / 3_600


@dataclass(slots=True)
class Tally:
    """All that was counted.

    Attributes:
        examples: To keep of each group.
        total: Everything.
        by: Amounts by facet and its value.
        within: Amounts by language and accent, and by locale and speaker, or whether there is a
            noise.
        lengths: Utterances by whole seconds.
        snrs: Seconds by the lower edge of five decibels.
        words: How often words of a language are said.
        vocabulary: Different words by language.
        phones: How often each sound is said.
        groups: Examples by group; the same ones whatever the order was.
    """

    examples: int = 0
    total: Amount = field(default_factory=Amount)
    by: dict[Facet, dict[str, Amount]] = field(
        default_factory=lambda: {facet: defaultdict(Amount) for facet in Facet}
    )
    within: dict[tuple[Facet, str], dict[str, Amount]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Amount))
    )
    lengths: Counter[int] = field(default_factory=Counter)
    snrs: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    words: Counter[str] = field(default_factory=Counter)
    vocabulary: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    phones: Counter[str] = field(default_factory=Counter)
    groups: dict[str, list[tuple[int, Sample]]] = field(default_factory=lambda: defaultdict(list))
    _sentences: dict[bytes, str | None] = field(default_factory=dict)
    _speakers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, sample: Sample) -> None:
        """Count an utterance."""
        amount = Amount(sample.seconds, 1)
        self.total += amount
        facets = sample.facets
        for facet, value in facets.items():
            self.by[facet][value] += amount
        locale = facets[Facet.LOCALE]
        self.within[Facet.ACCENT, sample.language][facets[Facet.ACCENT]] += amount
        self.within[Facet.SPEAKER, locale][facets[Facet.SPEAKER]] += amount
        self.within[Facet.NOISE, locale][facets[Facet.NOISE]] += amount
        self.lengths[min(int(sample.seconds), LONGEST)] += 1
        if sample.snr is not None:
            low = math.floor(sample.snr / STEP) * STEP
            self.snrs[min(max(low, LOWEST), HIGHEST)] += sample.seconds
        self._add_words(sample)
        self._add_split(sample)
        self._add_example(sample)

    @property
    def sentences(self) -> int:
        """Different ones."""
        return len(self._sentences)

    @property
    def sentences_whole(self) -> bool:
        """None was left out of the count."""
        return len(self._sentences) < _SENTENCES

    @property
    def torn_sentences(self) -> int:
        """Those that are in two splits."""
        return sum(split is None for split in self._sentences.values())

    @property
    def torn_speakers(self) -> list[str]:
        """Those that are in two splits, sorted."""
        return sorted(name for name, splits in self._speakers.items() if len(splits) > 1)

    def chosen(self) -> dict[str, list[Sample]]:
        """Examples by group, both in the order of their names."""
        return {
            group: sorted((sample for _, sample in kept), key=lambda sample: sample.name)
            for group, kept in sorted(self.groups.items())
        }

    def _add_words(self, sample: Sample) -> None:
        for word in sample.words:
            self.words[word.language] += 1
            self.phones.update(word.phones)
            known = self.vocabulary[word.language]
            if len(known) < _WORDS:
                known.add(word.text.casefold().strip(".,;:!?¿¡…\"“”«»()'’"))

    def _add_split(self, sample: Sample) -> None:
        split = sample.facets[Facet.SPLIT]
        if split == UNKNOWN:
            return
        key = sentence_of(sample.text)[:8]
        taken_in = key in self._sentences or self.sentences_whole
        if taken_in and self._sentences.setdefault(key, split) != split:
            self._sentences[key] = None
        if (speaker := sample.facets[Facet.SPEAKER]) != UNKNOWN:
            self._speakers[speaker].add(split)

    def _add_example(self, sample: Sample) -> None:
        """Of each group those whose names have the highest hashes, which is as good as a draw."""
        if not self.examples:
            return
        place = int.from_bytes(sha256(sample.name.encode()).digest()[:8])
        kept = self.groups[group_of(sample)]
        if len(kept) < self.examples:
            heapq.heappush(kept, (place, sample))
        elif place > kept[0][0]:
            heapq.heapreplace(kept, (place, sample))


def group_of(sample: Sample) -> str:
    """What belongs together to be listened to: accents, or locales where they are not known."""
    facets = sample.facets
    first = facets[Facet.ACCENT] if facets[Facet.ACCENT] != UNKNOWN else facets[Facet.LOCALE]
    if facets[Facet.PATTERN] == NONE:
        return first
    return f"{facets[Facet.LANGUAGES]}, {facets[Facet.PATTERN]}"


def evenness(shares: dict[str, float]) -> float:
    """Normalised entropy (Pielou 1966): 1 if all have as much, towards 0 if one has it all.

    NaN of fewer than two.
    """
    total = sum(shares.values())
    if len(shares) < 2 or not total:
        return math.nan
    parts = [share / total for share in shares.values() if share]
    return -sum(part * math.log(part) for part in parts) / math.log(len(shares))
