"""Rows of a report: shares with Wilson's interval, percentiles with a bootstrapped one."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from talkover.core.report import Measure, percentile, percentile_interval

_Z: Final = 1.959964
"""Of the normal distribution, for 95 %."""


def wilson(hits: int, total: int) -> tuple[float, float] | None:
    """The 95 % interval of a share, 0 to 1 (Wilson 1927); None of nothing.

    Unlike resampling, it does not shrink to a point when all or none are hits.
    """
    if not total:
        return None
    share, spread = hits / total, _Z**2 / total
    middle = (share + spread / 2) / (1 + spread)
    reach = _Z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def share(
    name: str,
    hits: Sequence[bool],
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    note: str = "",
) -> Measure:
    """A share in per cent, with a bar or without.

    Args:
        name: Of the row.
        hits: One for each event.
        at_most: Per cent.
        at_least: Per cent.
        note: How it was measured.
    """
    count, total = sum(hits), len(hits)
    value = 100 * count / total if total else float("nan")
    interval = wilson(count, total)
    row = Measure(name, value, "%", n=total, note=note)
    if interval is not None:
        row = replace(row, interval=(100 * interval[0], 100 * interval[1]))
    return with_bar(row, at_most=at_most, at_least=at_least)


def quantile(
    name: str, values: Sequence[float], q: float, *, at_most: float | None = None, note: str = ""
) -> Measure:
    """A percentile of seconds."""
    row = Measure(
        name,
        percentile(values, q),
        "s",
        n=len(values),
        interval=percentile_interval(values, q),
        note=note,
    )
    return with_bar(row, at_most=at_most)


def mean(name: str, values: Sequence[float], unit: str = "s", note: str = "") -> Measure:
    """A mean, with the interval that its standard error gives."""
    total = len(values)
    if not total:
        return Measure(name, float("nan"), unit, n=0, note=note)
    value = math.fsum(values) / total
    if total < 5:  # fewer would only pretend
        return Measure(name, value, unit, n=total, note=note)
    error = math.sqrt(math.fsum((v - value) ** 2 for v in values) / (total - 1) / total)
    interval = (value - _Z * error, value + _Z * error)
    return Measure(name, value, unit, n=total, interval=interval, note=note)


def with_bar(
    row: Measure, *, at_most: float | None = None, at_least: float | None = None
) -> Measure:
    """The row with a bar; nothing measured is not met."""
    value = round(row.value, 9)  # sums of floats must not miss a bar by a bit
    if at_most is not None:
        return replace(row, bar=f"<= {at_most:g}", met=bool(value <= at_most))
    if at_least is not None:
        return replace(row, bar=f">= {at_least:g}", met=bool(value >= at_least))
    return row
