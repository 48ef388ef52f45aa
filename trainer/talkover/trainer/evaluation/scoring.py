"""Word errors of several systems on the same utterances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import jiwer
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

from talkover.core.report import Measure, paired_bootstrap, pooled_interval

LOSS_BAR: Final = 0.5
"""Points of word error rate that int8 may lose."""


@dataclass(frozen=True, slots=True)
class Score:
    """What the systems made of an utterance.

    Attributes:
        name: Of the utterance.
        language: ISO 639-1.
        reference: What was said.
        words: Of the reference, normalised.
        texts: What each system wrote.
        errors: Words that each system has wrong, normalised.
    """

    name: str
    language: str
    reference: str
    words: int
    texts: Mapping[str, str]
    errors: Mapping[str, int]


def score(name: str, language: str, reference: str, texts: Mapping[str, str]) -> Score:
    """Count each system's words that differ from the reference.

    Args:
        name: Of the utterance.
        language: Decides how texts are normalised.
        reference: What was said.
        texts: What each system wrote, by its name.
    """
    counts = {system: count_errors(reference, text, language) for system, text in texts.items()}
    errors = {system: wrong for system, (wrong, _) in counts.items()}
    words = next((words for _, words in counts.values()), 0)
    return Score(name, language, reference, words, dict(texts), errors)


def count_errors(reference: str, text: str, language: str) -> tuple[int, int]:
    """Wrong words, and words of the reference, as Whisper's normalisers write them."""
    said, written = normalise(reference, language), normalise(text, language)
    if not said:  # jiwer has no answer then
        return len(written.split()), 0
    result = jiwer.process_words(said, written)
    wrong = result.substitutions + result.deletions
    return wrong + result.insertions, result.hits + wrong


def normalise(text: str, language: str) -> str:
    """A text without case, punctuation and, but for English, diacritics.

    The Spanish references are written without accents, so no text may have any.
    """
    return str(_normaliser(language)(text)).strip()


@cache
def _normaliser(language: str) -> EnglishTextNormalizer | BasicTextNormalizer:
    if language == "en":
        return EnglishTextNormalizer()
    return BasicTextNormalizer(remove_diacritics=True)


def error_rates(scores: Sequence[Score], systems: Sequence[str]) -> list[Measure]:
    """Word error rate of each system: pooled, and by language where there are several."""
    languages = sorted({score.language for score in scores})
    groups: list[tuple[str, Sequence[Score]]] = [("pooled", scores)]
    if len(languages) > 1:
        groups += [(code, [s for s in scores if s.language == code]) for code in languages]
    return [
        _rate(f"word error rate, {group}, {system}", chosen, system)
        for group, chosen in groups
        for system in systems
    ]


def _rate(name: str, scores: Sequence[Score], system: str) -> Measure:
    errors, words = [s.errors[system] for s in scores], [s.words for s in scores]
    interval = pooled_interval(errors, words)
    return Measure(
        name,
        100 * sum(errors) / sum(words) if sum(words) else float("nan"),
        "%",
        n=sum(words),
        interval=(100 * interval[0], 100 * interval[1]) if interval else None,
    )


def loss(scores: Sequence[Score], first: str, second: str) -> Measure:
    """How many points the second system's pooled rate is above the first's; paired bootstrap."""
    name = f"word error rate, {second} minus {first}"
    bar = f"<= {LOSS_BAR:g}"
    words = [score.words for score in scores]
    if not sum(words):
        return Measure(name, float("nan"), "points", n=0, bar=bar, met=False)
    before, after = ([score.errors[system] for score in scores] for system in (first, second))
    difference = paired_bootstrap(before, after, words)
    value, interval = 100 * difference.value, difference.interval
    return Measure(
        name,
        value,
        "points",
        n=len(scores),
        interval=(100 * interval[0], 100 * interval[1]) if interval else None,
        bar=bar,
        met=value <= LOSS_BAR,
        note="paired bootstrap over utterances",
    )
