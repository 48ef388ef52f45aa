"""What a listener read in an utterance, and where two of them differ."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from talkover.core.listener.search import loop_length
from talkover.core.report import Measure

_Z: Final = 1.959964  # 97.5 % of a normal distribution lie below it


@dataclass(frozen=True, slots=True)
class Reading:
    """The tokens that a listener wrote for an utterance.

    Attributes:
        tokens: Those of the text, without any special ones.
        window: Sound that it was shown, in samples.
        complete: The model itself ended the text; otherwise a bound or a loop cut it.
        silenced: The listener took the sound for silence and dropped what was written.
    """

    tokens: tuple[int, ...]
    window: int
    complete: bool = True
    silenced: bool = False


class Cause(StrEnum):
    """Why a reading is not the stock model's."""

    SAME = ""
    LOOP = "cut as a loop"
    BOUND = "cut as too long"
    SILENCE = "taken for silence"
    CHOICE = "another token was likelier"


@dataclass(frozen=True, slots=True)
class Comparison:
    """An exported reading beside the stock one.

    Attributes:
        name: Of the utterance.
        window: Sound that both were shown, in samples.
        cause: ``Cause.SAME`` when the tokens are the same.
        at: Index of the first token that differs; None when none does.
        gap: How much likelier the stock model found its own token there than the other one, in
            nats; near 0 both were equally good. None unless another token was likelier.
    """

    name: str
    window: int
    cause: Cause
    at: int | None = None
    gap: float | None = None


def first_difference(first: Sequence[int], second: Sequence[int]) -> int | None:
    """Index of the first token that differs, the end of a text counted as one; None if none."""
    for index, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return index
    return None if len(first) == len(second) else min(len(first), len(second))


def cause_of(stock: Reading, exported: Reading) -> Cause:
    """Why the exported listener's tokens are not the stock model's.

    A cut is the cause only where the stock model wrote the same and went on. What a loop repeats
    is not in the exported listener's tokens.
    """
    if stock.tokens == exported.tokens:
        return Cause.SAME
    if exported.silenced:
        return Cause.SILENCE
    cut = not exported.complete and stock.tokens[: len(exported.tokens)] == exported.tokens
    if not cut:
        return Cause.CHOICE
    return Cause.LOOP if _loops(stock.tokens, len(exported.tokens)) else Cause.BOUND


def _loops(tokens: Sequence[int], kept: int) -> bool:
    """Whether all that follows the first ``kept`` tokens was once a loop and nothing else."""
    return any(
        loop_length(tokens[:length]) == length - kept for length in range(kept + 1, len(tokens) + 1)
    )


def identity(
    name: str, comparisons: Sequence[Comparison], *, bar: float | None, note: str
) -> Measure:
    """The share of utterances in which every token is the stock model's, with Wilson's interval.

    Args:
        name: Of the measure.
        comparisons: One an utterance.
        bar: Percent that it has to reach, if any.
        note: Goes before the account of what differs.
    """
    count = len(comparisons)
    same = sum(comparison.cause is Cause.SAME for comparison in comparisons)
    share = 100 * same / count if count else float("nan")
    low, high = wilson(same, count) if count else (float("nan"), float("nan"))
    causes = [comparison.cause for comparison in comparisons]
    account = [f"{causes.count(c)} {c}" for c in Cause if c is not Cause.SAME and c in causes]
    return Measure(
        name,
        share,
        "%",
        n=count,
        interval=(100 * low, 100 * high) if count else None,
        bar=None if bar is None else f">= {bar:g}",
        met=None if bar is None else share >= bar,
        note="; ".join([note, *account]),
    )


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); unlike a bootstrap's it has a width at 100 %.

    Args:
        hits: How often it was so.
        count: How often was looked; at least once.
    """
    share, spread = hits / count, _Z * _Z / count
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
