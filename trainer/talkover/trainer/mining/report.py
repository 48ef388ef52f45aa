"""What a round of mining found, for people."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from talkover.core.report import Listing, Measure
from talkover.trainer.mining.choosing import Choice, Dropped
from talkover.trainer.mining.confusions import Confusions
from talkover.trainer.mining.listened import Listened
from talkover.trainer.mining.scoring import hardness
from talkover.trainer.mining.settings import MineSettings

_SHOWN: Final = 30


def measures(heard: Sequence[Listened], choice: Choice, again: int) -> list[Measure]:
    """How much was heard, kept, and dropped for which reason.

    Args:
        heard: The pool.
        choice: What was kept of it.
        again: So many of the pool were mined in the round before.
    """
    count = len(heard)
    why = Counter(choice.dropped.values())
    errors = [one.error for one in heard]
    kept = [heard[place].error for place in choice.kept]
    return [
        Measure("listened to", count, "", count, note=f"{again} of the round before"),
        Measure("kept", len(kept), "", count),
        *(Measure(f"dropped: {reason}", why[reason], "", count) for reason in Dropped),
        Measure("phoneme error, pool", _mean(errors), "%", count),
        Measure("phoneme error, kept", _mean(kept), "%", len(kept)),
    ]


def listings(
    heard: Sequence[Listened],
    scored: Sequence[float],
    choice: Choice,
    table: Confusions,
    settings: MineSettings,
) -> list[Listing]:
    """The pairs that were confused most, how hard each accent is, and the highest scores."""
    hard = sorted(hardness(heard, settings).items(), key=lambda one: -one[1])
    counts = Counter(one.accent for one in heard)
    kept = Counter(heard[place].accent for place in choice.kept)
    best = [(heard[place], scored[place]) for place in choice.kept[:_SHOWN]]
    return [
        Listing(
            "Words that were taken for others, over all rounds",
            ("said", "heard", "language", "closeness", "times"),
            [
                (one.said, one.heard, one.language, f"{one.closeness:.2f}", str(one.count))
                for one in table.often(_SHOWN)
            ],
        ),
        Listing(
            "Accents and patterns",
            ("accent", "error against all", "heard", "kept"),
            [(code, f"{value:.2f}", str(counts[code]), str(kept[code])) for code, value in hard],
        ),
        Listing(
            "Highest scores",
            ("score", "error", "accent", "speaker", "said"),
            [
                (f"{score:.2f}", f"{one.error:.2f}", one.accent, one.speaker, one.text)
                for one, score in best
            ],
        ),
    ]


def _mean(errors: Sequence[float]) -> float:
    return 100 * sum(errors) / len(errors) if errors else float("nan")
