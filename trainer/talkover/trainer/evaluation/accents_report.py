"""The accent table: errors in words and sounds by accent and pattern, and accents' distances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from talkover.core.report import Listing, Measure, pooled_interval
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.evaluation.accents import SOUNDS
from talkover.trainer.evaluation.accents_distance import (
    REFERENCE,
    Said,
    apart_from_reference,
    between_all,
)
from talkover.trainer.evaluation.accents_distance import measures as distances
from talkover.trainer.evaluation.accents_scoring import AccentScore

WORDS: Final = "word errors"
CAPPED: Final = "word errors, each utterance up to 100 %"
"""Greedy decoding without fallback may say the same for ever; that is wrong once here."""
PHONES: Final = "phoneme errors"
APART: Final = "weighted phoneme errors"
KINDS: Final = (WORDS, CAPPED, PHONES, APART)
_EXAMPLES: Final = 4


@dataclass(frozen=True, slots=True)
class Rate:
    """Errors by what there was to get right.

    Attributes:
        percent: NaN of nothing.
        interval: 95 %, utterances drawn anew; None of too few.
        n: Words or phonemes of the references.
    """

    percent: float
    interval: tuple[float, float] | None
    n: int

    @property
    def text(self) -> str:
        """For a cell."""
        if self.interval is None:
            return f"{self.percent:.1f}"
        return f"{self.percent:.1f} ({self.interval[0]:.1f} to {self.interval[1]:.1f})"


def rate(scores: Sequence[AccentScore], kind: str) -> Rate:
    """An error rate of some utterances, pooled."""
    errors = [_errors(score, kind) for score in scores]
    totals = [score.words if kind in (WORDS, CAPPED) else score.phones for score in scores]
    interval = pooled_interval(errors, totals)
    return Rate(
        100 * sum(errors) / sum(totals) if sum(totals) else float("nan"),
        (100 * interval[0], 100 * interval[1]) if interval else None,
        sum(totals),
    )


def rates(
    scores: Sequence[AccentScore], conditions: Sequence[str]
) -> dict[str, dict[str, dict[str, Rate]]]:
    """By condition, sound and kind; conditions of which nothing was heard are left out."""
    found: dict[str, dict[str, dict[str, Rate]]] = {}
    for condition in map(str, conditions):
        mine = [score for score in scores if score.heard.condition == condition]
        if not mine:
            continue
        found[condition] = {
            sound: {
                kind: rate([score for score in mine if score.heard.sound == sound], kind)
                for kind in KINDS
            }
            for sound in SOUNDS
        }
    return found


def measures(
    scores: Sequence[AccentScore], conditions: Sequence[str], said: Mapping[str, Said]
) -> list[Measure]:
    """Bars first, then rates."""
    found = distances(apart_from_reference(said))
    for condition, by_sound in rates(scores, conditions).items():
        for sound, by_kind in by_sound.items():
            found += [
                Measure(f"{kind}, {condition}, {sound}", one.percent, "%", one.n, one.interval)
                for kind, one in by_kind.items()
                if kind != APART
            ]
    return found


def listings(
    scores: Sequence[AccentScore], conditions: Sequence[str], said: Mapping[str, Said]
) -> list[Listing]:
    """The table, and what accents do to the words of the lexical sets."""
    return [_table(scores, conditions), distance_table(said)]


def details(
    scores: Sequence[AccentScore], recipe: Recipe, said: Mapping[str, Said]
) -> dict[str, Any]:
    """What lies behind the measures."""
    table = between_all(said)
    return {
        "recipe": recipe.name,
        "utterances": len({score.heard.number for score in scores}),
        "weighted": {
            condition: {sound: by_kind[APART].percent for sound, by_kind in by_sound.items()}
            for condition, by_sound in rates(scores, recipe.conditions).items()
        },
        "distances": {
            code: dict(zip(said, map(float, row.round(4)), strict=True))
            for code, row in zip(said, table, strict=True)
        },
    }


def _errors(score: AccentScore, kind: str) -> float:
    return {
        WORDS: score.word_errors,
        CAPPED: min(score.word_errors, score.words),
        PHONES: score.phone_errors,
        APART: score.apart,
    }[kind]


def _table(scores: Sequence[AccentScore], conditions: Sequence[str]) -> Listing:
    rows = []
    for condition, by_sound in rates(scores, conditions).items():
        count = sum(score.heard.condition == condition for score in scores) // len(SOUNDS)
        cells = [by_sound[sound][kind].text for kind in KINDS for sound in SOUNDS]
        rows.append((condition, str(count), *cells))
    heads = [f"{kind}, {sound}" for kind in KINDS for sound in SOUNDS]
    title = "By accent and pattern (%, with 95 % intervals)"
    return Listing(title, ("accent or pattern", "utterances", *heads), rows)


def distance_table(said: Mapping[str, Said]) -> Listing:
    """How far each accent is from the reference, and where it is furthest."""
    rows = []
    base = said[REFERENCE]
    for one in apart_from_reference(said):
        words = [
            f"{word} {''.join(base[word])} → {''.join(said[one.accent][word])}"
            for word in one.furthest[:_EXAMPLES]
        ]
        low, high = one.interval or (float("nan"), float("nan"))
        rows.append(
            (
                one.accent,
                f"{one.mean:.4f} ({low:.4f} to {high:.4f})",
                f"{100 * one.changed:.0f} %",
                ", ".join(words),
            )
        )
    columns = ("accent", "mean distance", "words said otherwise", "furthest")
    return Listing(f"Distance from {REFERENCE} in the words that tell accents apart", columns, rows)
