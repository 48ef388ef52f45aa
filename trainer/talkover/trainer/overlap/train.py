"""From nothing to a folder with a classifier: make overlaps, train, choose, export, judge."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from talkover.core.overlap.config import LABELS
from talkover.core.report import Measure
from talkover.trainer.overlap import figures
from talkover.trainer.overlap.corpus import Plan, Studio, gather, tabulate
from talkover.trainer.overlap.export import export
from talkover.trainer.overlap.fit import EPOCHS, Fitted, fit
from talkover.trainer.overlap.judge import THRESHOLDS, Rule, choose, rule
from talkover.trainer.overlap.moments import Moments
from talkover.trainer.overlap.texts import Split

METRICS: Final = "metrics.json"
CONFUSION: Final = "confusion.md"
_QUICK_EPOCHS: Final = 25


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What training came to.

    Attributes:
        fitted: The network.
        chosen: The rule chosen on validation voices.
        held_out: Measures on voices and texts that it never heard.
    """

    fitted: Fitted
    chosen: Rule
    held_out: list[Measure]


def train(
    studio: Studio,
    out: Path,
    plans: dict[Split, Plan],
    *,
    seed: int,
    quick: bool = False,
    tick: Callable[[], None] = lambda: None,
) -> Trained:
    """Make ``out`` a folder of a trained classifier.

    Args:
        studio: Makes overlaps.
        out: Gets the graph, its configuration, metrics and confusion matrices.
        plans: How many overlaps.
        seed: Of all that is drawn.
        quick: A few epochs only.
        tick: Called after each overlap.
    """
    found = gather(studio, plans, seed=seed, tick=tick)
    return fit_and_export(found, out, seed=seed, epochs=_QUICK_EPOCHS if quick else EPOCHS)


def fit_and_export(
    found: dict[Split, list[Moments]], out: Path, *, seed: int, epochs: int = EPOCHS
) -> Trained:
    """Train on overlaps that are made already; see ``train``."""
    validation = found[Split.VALIDATION]
    fitted = fit(tabulate(found[Split.TRAIN]), tabulate(validation), seed=seed, epochs=epochs)
    judged = [fitted.judge(one.vectors, one.heard) for one in validation]
    chosen = choose([rule(validation, judged, threshold) for threshold in THRESHOLDS])
    export(fitted, out, yield_at=chosen.threshold, training=_account(found, fitted, seed))
    held_out = found[Split.HELD_OUT]
    answers = figures.judge_all(out, held_out)
    measures = figures.measures(held_out, answers, chosen.threshold)
    tables = figures.listings(held_out, answers, chosen.threshold)
    (out / CONFUSION).write_text(figures.markdown(tables), "utf-8")
    content = {
        "yield_at": chosen.threshold,
        "validation_loss": fitted.loss,
        "held_out": {one.name: one.value for one in measures},
        "tables": {one.title: [list(one.columns), *map(list, one.rows)] for one in tables},
    }
    (out / METRICS).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return Trained(fitted, chosen, measures)


def _account(found: dict[Split, list[Moments]], fitted: Fitted, seed: int) -> dict[str, JsonValue]:
    return {
        "seed": seed,
        "epochs": fitted.epochs,
        "temperature": round(fitted.network.temperature, 4),
        "overlaps": {split.value: len(overlaps) for split, overlaps in found.items()},
        "with_words": {
            split.value: sum(one.listened for one in overlaps) for split, overlaps in found.items()
        },
        "labels": {
            split.value: dict(Counter(LABELS[one.label] for one in overlaps))
            for split, overlaps in found.items()
        },
    }
