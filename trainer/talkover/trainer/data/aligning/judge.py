"""How far an aligner is from the truth, by condition, engine, accent and language. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE
from talkover.core.report import Listing, Measure, percentile, percentile_interval
from talkover.trainer.data.aligning.aligner import Alignment
from talkover.trainer.data.aligning.lanes import TOLERANCE
from talkover.trainer.data.aligning.skew import Lag
from talkover.trainer.data.clean import Clean

CLEAN: Final = "clean"
NOISY: Final = "10 dB"
BARS: Final = {CLEAN: (20.0, 50.0), NOISY: (40.0, 100.0)}
"""Milliseconds that the median and the 90th percentile may have."""
SKEW: Final = 640
"""Samples: 40 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One utterance.

    Attributes:
        condition: Under which it was heard.
        said: The truth.
        words: By how much starts and ends of words are late (ms): [2 * words].
        sounds: By how much begins of sounds are: [sounds].
        sure: Confidence of each word.
    """

    condition: str
    said: Clean
    words: NDArray[np.float64]
    sounds: NDArray[np.float64]
    sure: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Lags:
    """What a search for a lag finds.

    Attributes:
        condition: Under which it was heard.
        skew: By which words were late (samples).
        lag: None: there was nothing to judge by.
    """

    condition: str
    skew: int
    lag: Lag | None


def judge(condition: str, said: Clean, found: Alignment) -> Judged:
    """Compare with the truth; sounds only of words whose sounds are as many as were said."""
    words = [
        late
        for mine, true in zip(found.words, said.words, strict=True)
        for late in (mine.start - true.start, mine.end - true.end)
    ]
    sounds = [
        one.start - other.start
        for mine, true in zip(found.words, said.words, strict=True)
        if len(mine.phones) == len(true.phones)
        for one, other in zip(mine.phones, true.phones, strict=True)
    ]
    return Judged(condition, said, _ms(words), _ms(sounds), found.words_sure)


def measures(judged: Sequence[Judged], *, engine: str) -> list[Measure]:
    """Of the engine whose truth the bars are for, and of the others without bars."""
    found: list[Measure] = []
    for name in dict.fromkeys(group_of(one) for one in judged):
        barred = name == engine
        for condition, bars in BARS.items():
            some = [one for one in judged if group_of(one) == name and one.condition == condition]
            if some:
                found += _of_words(some, f"{name}, {condition}", bars if barred else None)
                found += _of_sounds(some, f"{name}, {condition}")
    return found


def lag_measures(lags: Sequence[Lags]) -> list[Measure]:
    """How often lanes that fit would be refused, and how often a skew of 40 ms is seen."""
    found = []
    for condition in BARS:
        for name, wanted in (("lanes that fit", (0,)), ("lanes 40 ms off", (-SKEW, SKEW))):
            some = [o.lag for o in lags if o.condition == condition and o.skew in wanted]
            if some:
                refused = sum(lag is not None and abs(lag.samples) > TOLERANCE for lag in some)
                share = 100 * refused / len(some)
                found.append(Measure(f"{name}, refused, {condition}", share, "%", len(some)))
    return found


def group_of(one: Judged) -> str:
    """Whose truth it is: an engine, or a voice of one, or an engine's languages."""
    if one.said.pattern:
        return f"{one.said.engine}, code-switched"
    return one.said.engine if one.said.engine == "espeak" else one.said.voice


def listings(judged: Sequence[Judged]) -> list[Listing]:
    """Tables by accent, by language, and by confidence."""
    english = [one for one in judged if not one.said.pattern and one.said.engine == "espeak"]
    switched = [one for one in judged if one.said.pattern]
    return [
        _table("By accent (ms)", english, lambda one: one.said.accent),
        _table("By pair of languages (ms)", switched, lambda one: "–".join(one.said.languages)),
        _table("By pattern of switching (ms)", switched, lambda one: one.said.pattern),
        _by_confidence(judged),
    ]


def _of_words(some: Sequence[Judged], name: str, bars: tuple[float, float] | None) -> list[Measure]:
    late = np.abs(np.concatenate([one.words for one in some]))
    found = []
    for place, (q, called) in enumerate(((50, "median"), (90, "p90"))):
        value = percentile(late.tolist(), q)
        bar = None if bars is None else bars[place]
        found.append(
            Measure(
                f"word boundaries, {called}, {name}",
                value,
                "ms",
                len(late),
                percentile_interval(late.tolist(), q, rounds=300),
                None if bar is None else f"<= {bar:g}",
                None if bar is None else value <= bar,
            )
        )
    return found


def _of_sounds(some: Sequence[Judged], name: str) -> list[Measure]:
    late = np.abs(np.concatenate([one.sounds for one in some])).tolist()
    return [Measure(f"begins of sounds, median, {name}", percentile(late, 50), "ms", len(late))]


def _table(title: str, judged: Sequence[Judged], by: Callable[[Judged], str]) -> Listing:
    rows = []
    for name in sorted({by(one) for one in judged}):
        cells = [name]
        for condition in BARS:
            late = [o.words for o in judged if by(o) == name and o.condition == condition]
            cells += _cells(np.concatenate(late) if late else np.zeros(0))
        rows.append(cells)
    heads = [f"{what}, {c}" for c in BARS for what in ("n", "median", "p90", "late by (median)")]
    return Listing(title, ["", *heads], rows)


def _by_confidence(judged: Sequence[Judged]) -> Listing:
    """Whether the aligner knows where it is wrong."""
    sure = np.array([each for one in judged for each in one.sure])
    late = np.array([pair.max() for one in judged for pair in np.abs(one.words).reshape(-1, 2)])
    rows = []
    for low, high in ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.01)):
        some = late[(sure >= low) & (sure < high)]
        if len(some):
            far = 100 * float((some > 50).mean())
            rows.append(
                [f"{low:g} to {min(high, 1):g}", f"{len(some)}", f"{np.median(some):.1f}",
                 f"{np.percentile(some, 90):.1f}", f"{far:.1f} %"]
            )  # fmt: skip
    columns = ["confidence of a word", "n", "worse edge, median (ms)", "p90 (ms)", "over 50 ms"]
    return Listing("What confidence tells", columns, rows)


def _cells(late: NDArray[np.float64]) -> list[str]:
    if not len(late):
        return ["0", "", "", ""]
    far = np.abs(late)
    values = (np.median(far), np.percentile(far, 90), np.median(late))
    return [str(len(late)), *(f"{value:.1f}" for value in values)]


def _ms(samples: Sequence[int]) -> NDArray[np.float64]:
    return np.array(samples, np.float64) * 1_000 / RATE
