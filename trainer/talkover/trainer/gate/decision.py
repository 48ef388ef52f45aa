"""Whether a bundle may take another one's place: the decision alone, from figures. Pure.

Both bundles heard the same sounds, so all comparisons are paired. What a candidate has to show is
that it is not worse by more than a margin (non-inferiority). The margins are wider than zero since
the sets are small: two listeners that are equally good differ by a word or two on them.
"""

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Final

from talkover.core.errors import ConfigError
from talkover.core.report import paired_bootstrap, percentile_interval
from talkover.trainer.gate.outcome import Group, Outcome
from talkover.trainer.gate.verdict import Figures, Finding, Gate, Limits, Verdict

WORST: Final = 5
"""Accents and patterns that are looked at together, the worst ones."""
_POINTS: Final = "points"
_Pair = tuple[Outcome, Outcome]
_Count = Callable[[Outcome], float]


def gate(candidate: Figures, current: Figures, limits: Limits | None = None) -> Verdict:
    """Decide.

    Args:
        candidate: What was measured of the bundle that wants to be promoted.
        current: The same of the one that is served.
        limits: How much worse the candidate may be.

    Raises:
        ConfigError: the two heard different sounds, or none with words.
    """
    limits = limits or Limits()
    if [one.name for one in candidate.outcomes] != [one.name for one in current.outcomes]:
        raise ConfigError("the two bundles heard different sounds; measure them together")
    if not any(one.words for one in candidate.outcomes):
        raise ConfigError("nothing was said in what the bundles heard; use more utterances")
    loads = Finding(Gate.LOADS, True, 1.0, 1.0, 0.0, "share", len(candidate.outcomes))
    findings = (loads, *_findings(candidate, current, limits))
    judged = {finding.gate for finding in findings}
    return Verdict(findings, tuple(one for one in Gate if one not in judged))


def _findings(candidate: Figures, current: Figures, limits: Limits) -> Iterator[Finding]:
    pairs = tuple(zip(current.outcomes, candidate.outcomes, strict=True))
    worded = [pair for pair in pairs if pair[0].words]
    said = [pair for pair in worded if pair[0].group is not Group.SWITCHED]
    spoken = [pair for pair in said if pair[0].group is Group.SPOKEN]
    yield _overall(said, limits.overall)
    if spoken:
        yield _worst(spoken, limits.worst)
    rates: tuple[tuple[Gate, Sequence[_Pair], _Count, _Count, float], ...] = (
        (Gate.DELETIONS, said, lambda o: o.deletions, lambda o: o.words, limits.deletions),
        (Gate.REPETITION, pairs, lambda o: o.repeats, lambda _: 1, limits.repetition),
        (
            Gate.SWITCHED,
            worded,
            lambda o: o.switched_errors,
            lambda o: o.switched,
            limits.switched,
        ),
        (
            Gate.PEOPLE,
            [pair for pair in said if pair[0].group is Group.PEOPLE],
            lambda o: o.errors,
            lambda o: o.words,
            limits.people,
        ),
        (
            Gate.INVENTION,
            [pair for pair in pairs if pair[0].group is Group.WORDLESS],
            lambda o: o.written > 0,
            lambda _: 1,
            limits.invention,
        ),
    )
    for which, some, count, total, limit in rates:
        if any(total(before) for before, _ in some):
            yield _rate(which, some, count, total, limit)
    yield _latency(candidate, current, limits.latency)
    ratio = candidate.megabytes / current.megabytes
    sizes = f"{current.megabytes:.0f} MB -> {candidate.megabytes:.0f} MB"
    yield _at_most(Gate.MEMORY, ratio, limits.memory, "times", 1, note=sizes)
    yield _golden(candidate.golden, limits.golden)


def _overall(pairs: Sequence[_Pair], limit: float) -> Finding:
    words = [before.words for before, _ in pairs]
    first, second = ([one.errors for one in some] for some in zip(*pairs, strict=True))
    difference = paired_bootstrap(first, second, words)
    mean = 100 * difference.value
    interval = difference.interval
    ends = None if interval is None else (100 * interval[0], 100 * interval[1])
    note = f"{_rates(sum(first), sum(second), sum(words))}, {mean:+.2f} points"
    value = mean if ends is None else ends[1]
    return _at_most(Gate.OVERALL, value, limit, _POINTS, sum(words), ends, note)


def _worst(pairs: Sequence[_Pair], limit: float) -> Finding:
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    before, after = worst_mean(first), worst_mean(second)
    words = sum(one.words for one in first)
    note = f"{before:.1f} -> {after:.1f} %"
    return _at_most(Gate.WORST, after - before, limit, _POINTS, words, note=note)


def worst_mean(outcomes: Sequence[Outcome]) -> float:
    """Word errors (%) of the worst five conditions, their mean; of fewer where there are fewer."""
    totals: dict[str, tuple[int, int]] = {}
    for one in outcomes:
        errors, words = totals.get(one.condition, (0, 0))
        totals[one.condition] = errors + one.errors, words + one.words
    rates = sorted((100 * errors / words for errors, words in totals.values()), reverse=True)
    return sum(rates[:WORST]) / len(rates[:WORST])


def _rate(
    which: Gate, pairs: Sequence[_Pair], count: _Count, total: _Count, limit: float
) -> Finding:
    """How many points of a hundred there are more; a single one more is never too many."""
    whole = sum(total(before) for before, _ in pairs)
    first, second = (sum(count(pair[side]) for pair in pairs) for side in (0, 1))
    value, most = 100 * (second - first) / whole, max(limit, 100 / whole)
    return _at_most(which, value, most, _POINTS, int(whole), note=_rates(first, second, whole))


def _latency(candidate: Figures, current: Figures, limit: float) -> Finding:
    ratios = [
        after / before
        for before, after in zip(current.milliseconds, candidate.milliseconds, strict=True)
    ]
    both = f"{median(current.milliseconds):.0f} -> {median(candidate.milliseconds):.0f} ms"
    interval = percentile_interval(ratios, 50)
    return _at_most(
        Gate.LATENCY, median(ratios), limit, "times", len(ratios), interval, f"medians {both}"
    )


def _golden(share: float | None, limit: float) -> Finding:
    value = 0.0 if share is None else share
    note = "none are recorded; export it again" if share is None else "recorded by the trainer"
    beyond = max(0.0, limit - value)
    return Finding(Gate.GOLDEN, not beyond, value, limit, beyond, "share", 1, note=note)


def _at_most(
    which: Gate,
    value: float,
    limit: float,
    unit: str,
    n: int,
    interval: tuple[float, float] | None = None,
    note: str = "",
) -> Finding:
    beyond = max(0.0, value - limit)
    return Finding(which, not beyond, value, limit, beyond, unit, n, interval, note)


def _rates(first: float, second: float, total: float) -> str:
    return f"{100 * first / total:.1f} -> {100 * second / total:.1f} %"
