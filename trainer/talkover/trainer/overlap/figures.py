"""What is told of a classifier: measures for the report, tables for people."""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.onnx.session import open_session
from talkover.core.overlap.config import GRAPH, LABELS
from talkover.core.report import Listing, Measure
from talkover.trainer.evaluation.readings import wilson
from talkover.trainer.overlap.corpus import tabulate
from talkover.trainer.overlap.fit import balanced
from talkover.trainer.overlap.judge import (
    CHECKPOINTS,
    FALSE_YIELDS,
    LATER,
    SOON,
    THRESHOLDS,
    Probabilities,
    Rule,
    calibration_error,
    confusion,
    rule,
    yields_at,
)
from talkover.trainer.overlap.moments import Moments

_CHECKS: Final[tuple[float | None, ...]] = (*CHECKPOINTS, None)


def judge_all(folder: Path, found: Sequence[Moments]) -> list[Probabilities]:
    """What the exported graph in ``folder`` makes of each overlap's decision points."""
    session = open_session(folder / GRAPH, threads=1, providers=("CPUExecutionProvider",))
    table = tabulate(list(found))
    (judged,) = session.run(None, {"features": table.vectors, "heard": table.heard})
    ends = list(accumulate(len(one.times) for one in found))
    return np.split(np.asarray(judged, np.float32), ends[:-1])


def measures(
    found: Sequence[Moments], judged: Sequence[Probabilities], threshold: float
) -> list[Measure]:
    """Shares at the rule, with Wilson's intervals; accuracy at the checkpoints; calibration."""
    table = tabulate(list(found))
    told = rule(found, judged, threshold)
    counts = Counter(LABELS[one.label] for one in found)
    rows = [
        _share("barge-ins yielded within 0.4 s", told.soon, counts["barge_in"]),
        _share("barge-ins yielded within 0.9 s", told.later, counts["barge_in"]),
        _share("barge-ins yielded at all", told.ever, counts["barge_in"]),
        Measure(
            "yield after the onset, p50", told.median, "s", counts["barge_in"],
            note="never counts as forever",
        ),
    ]  # fmt: skip
    rows += [
        _share(f"{label.replace('_', ' ')} yielded to", told.false[label], counts[label], bar)
        for label, bar in FALSE_YIELDS.items()
    ]
    for at in _CHECKS:
        table_at = confusion(found, judged, at)
        recalls = [row[place] / row.sum() for place, row in enumerate(table_at) if row.sum()]
        value = 100 * float(np.mean(recalls))
        rows.append(Measure(f"balanced accuracy {_when(at)}", value, "%", len(found)))
    error = calibration_error(np.concatenate(judged), table.labels, balanced(table))
    rows.append(
        Measure("calibration error", 100 * error, "%", len(table.labels), note="labels balanced")
    )
    return rows


def listings(
    found: Sequence[Moments], judged: Sequence[Probabilities], threshold: float
) -> list[Listing]:
    """Confusion matrices, the sweep over thresholds, and what kinds of overlap come to."""
    tables = [_matrix(confusion(found, judged, at), _when(at)) for at in _CHECKS]
    rules = [rule(found, judged, one) for one in THRESHOLDS]
    return [*tables, _sweep(rules), _kinds(found, judged, threshold)]


def markdown(tables: Sequence[Listing]) -> str:
    """Listings as a text that repositories show."""
    blocks = []
    for one in tables:
        lines = [f"## {one.title}", "", _line(one.columns), _line(["---"] * len(one.columns))]
        blocks.append("\n".join([*lines, *map(_line, one.rows)]))
    return "\n\n".join(blocks) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _share(name: str, value: float, count: int, bar: float | None = None) -> Measure:
    low, high = wilson(round(value * count), count) if count else (float("nan"), float("nan"))
    return Measure(
        name,
        100 * value,
        "%",
        count,
        interval=(100 * low, 100 * high),
        note="" if bar is None else f"aim: at most {100 * bar:g} %",
    )


def _when(at: float | None) -> str:
    return "at the end of the sound" if at is None else f"{at:g} s after the onset"


def _matrix(counts: NDArray[np.int64], when: str) -> Listing:
    rows = [
        [name, *(str(count) for count in row)] for name, row in zip(LABELS, counts, strict=True)
    ]
    return Listing(f"Confusion {when} (rows: true)", ["", *LABELS], rows)


def _sweep(rules: Sequence[Rule]) -> Listing:
    columns = [
        "p(barge_in) from", f"within {SOON:g} s", f"within {LATER:g} s", "ever", *FALSE_YIELDS,
    ]  # fmt: skip
    rows = [
        [
            f"{one.threshold:.2f}",
            *(_percent(value) for value in (one.soon, one.later, one.ever)),
            *(_percent(one.false[label]) for label in FALSE_YIELDS),
        ]
        for one in rules
    ]
    return Listing("Barge-ins yielded to, and others falsely", columns, rows)


def _kinds(found: Sequence[Moments], judged: Sequence[Probabilities], threshold: float) -> Listing:
    """Where it goes wrong: each kind of overlap, how many, share yielded to within ``LATER``."""
    shares: dict[tuple[str, str], list[bool]] = {}
    for one, probabilities in zip(found, judged, strict=True):
        at = yields_at(one, probabilities, threshold)
        shares.setdefault((LABELS[one.label], one.kind), []).append(at is not None and at <= LATER)
    rows = [
        [label, kind, str(len(hits)), _percent(float(np.mean(hits)))]
        for (label, kind), hits in sorted(shares.items())
    ]
    columns = ["label", "kind", "n", f"yielded to within {LATER:g} s"]
    return Listing(f"By kind, from p = {threshold:g} on", columns, rows)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
