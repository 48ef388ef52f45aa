"""How many answers are right, and how many are by those who do not look. Pure."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from talkover.core.report import Estimate, Listing, Measure, Resampled
from talkover.core.report.resampling import mean
from talkover.trainer.evaluation.crossmodal.conditions import Condition
from talkover.trainer.evaluation.crossmodal.rows import PERFECT, Row, majority, of
from talkover.trainer.seeing.questions.question import Kind
from talkover.trainer.seeing.questions.scoring import refuses

_PERCENT: Final = "%"
_POINTS: Final = "points"
_LEAST: Final = 85.0
_KINDS: Final = 8
_GAIN: Final = 9.0
_FIRST: Final = 0.7
_RATE: Final = 25.0
_BANDS: Final = ((-100.0, 0.0), (0.0, 5.0), (5.0, 10.0), (10.0, 20.0), (20.0, 100.0))
_CONTROLS: Final = (Condition.NONE, Condition.WRONG, Condition.LATE)


def measures(rows: Sequence[Row], stock: str, trained: str) -> list[Measure]:
    """What a report says first.

    Args:
        rows: All that was answered.
        stock: Name of the stock listener; empty: it did not hear.
        trained: Of the one that has learnt; empty: it did not hear.
    """
    straight = of(rows, Condition.ALL)
    found = [
        _all_kinds(straight),
        Measure("kinds of question", len(_kinds(straight)), "", len(straight)),
        _measure("majority answer", _guessed(straight), "whoever only knows how often", straight),
    ]
    found += [_control(rows, condition) for condition in _CONTROLS]
    found += _refusals(straight)
    found += [
        _measure(f"  {kind}", [row.right for row in some], "", some)
        for kind, some in _by(straight, lambda row: row.kind).items()
    ]
    found += [
        _measure(f"out loud, {name}", [row.right for row in some], "test voices, noise", some)
        for name in dict.fromkeys((stock, trained))
        if name and (some := of(rows, Condition.ALL, name))
    ]
    if stock and trained:
        found += _gained(rows, stock, trained)
    return found


def paces(timed: Sequence[tuple[float, float]]) -> list[Measure]:
    """How quick answers were.

    Args:
        timed: Seconds to the first token and tokens a second (NaN where there was one), of each.
    """
    firsts = [first for first, _ in timed]
    rates = [rate for _, rate in timed if not math.isnan(rate)]
    first = statistics.median(firsts) if firsts else math.nan
    rate = statistics.median(rates) if rates else math.nan
    about = "the pictures were looked at as they came; the question is read at once"
    return [
        Measure(
            "first token of an answer, p50",
            first,
            "s",
            len(firsts),
            bar=f"<= {_FIRST:g}",
            met=first <= _FIRST,
            note=about,
        ),
        Measure(
            "tokens of an answer, p50",
            rate,
            "/s",
            len(rates),
            bar=f">= {_RATE:g}",
            met=rate >= _RATE,
        ),
    ]


def listings(rows: Sequence[Row]) -> list[Listing]:
    """Tables: each kind under each condition; each accent and band of noise, by who heard."""
    ears = [name for name in dict.fromkeys(row.ears for row in rows) if name != PERFECT]
    by_kind = Listing(
        "Right answers by kind (%)",
        ("kind", *(condition.value for condition in Condition), "majority"),
        [_kind_row(rows, kind) for kind in _kinds(rows)],
    )
    spoken = [row for row in rows if row.ears != PERFECT]
    accents = _by(spoken, lambda row: row.accent)
    bands = {_band(low, high): _in_band(spoken, low, high) for low, high in _BANDS}
    bands["no noise"] = [row for row in spoken if row.snr is None]
    return [
        by_kind,
        Listing("Out loud, by accent (%)", ("accent", *ears), _ear_rows(accents, ears)),
        Listing("Out loud, by signal-to-noise ratio (%)", ("", *ears), _ear_rows(bands, ears)),
        Listing(
            "Where nobody can tell (%)",
            ("why", "says so", "n"),
            [
                (reason, _share(some), str(len(some)))
                for reason, some in sorted(
                    _by(of(rows, Condition.ALL), lambda row: row.reason).items()
                )
                if reason
            ],
        ),
    ]


def wrong(rows: Sequence[Row], most: int = 40) -> Listing:
    """Answers that are not right, of each kind in turn."""
    some = [row for row in of(rows, Condition.ALL) if not row.right]
    turns: dict[str, int] = {}
    order = []
    for row in some:
        turns[row.kind] = turns.get(row.kind, 0) + 1
        order.append((turns[row.kind], row))
    order.sort(key=lambda one: one[0])
    return Listing(
        "Not right",
        ("kind", "asked", "right", "said"),
        [(row.kind, row.question, row.answer, row.said[:80]) for _, row in order[:most]],
    )


def _all_kinds(rows: Sequence[Row]) -> Measure:
    estimate = _mean_of(rows, [row.right for row in rows])
    met = estimate.value >= _LEAST and len(_kinds(rows)) >= _KINDS
    about = f"mean over kinds, of which there must be {_KINDS}"
    return _told(f"right, {PERFECT}", estimate, f">= {_LEAST:g}", met=met, note=about)


def _control(rows: Sequence[Row], condition: Condition) -> Measure:
    """Of those that can be answered: who sees nothing does right to say so where nobody can."""
    some = [row for row in of(rows, condition) if row.answerable]
    estimate = _mean_of(some, [row.right for row in some])
    if condition is not Condition.WRONG:
        return _told(condition.value, estimate, note="of those that can be answered")
    chance = _mean_of(some, _guessed(some))
    note = f"chance is {chance.value:.1f}; of those that can be answered"
    met = estimate.value <= chance.value
    return _told(condition.value, estimate, "<= chance", met=met, note=note)


def _refusals(rows: Sequence[Row]) -> list[Measure]:
    hidden = [row for row in rows if not row.answerable]
    there = [row for row in rows if row.answerable]
    honest = [row.right for row in hidden]
    shy = [refuses(row.said) for row in there]
    return [
        _measure("says it can't tell", honest, "where nobody can", hidden),
        _measure("says it can't tell, but could", shy, "where the pictures say", there),
    ]


def _gained(rows: Sequence[Row], stock: str, trained: str) -> list[Measure]:
    first = {row.place: row for row in of(rows, Condition.ALL, stock)}
    second = {row.place: row for row in of(rows, Condition.ALL, trained)}
    both = [place for place in first if place in second]
    if not both:
        return []
    resampled = Resampled(
        [[float(some[place].right) for place in both] for some in (first, second)],
        [1.0] * len(both),
        [place[0] for place in both],
    )
    estimate = resampled.points(mean, 0, 1).times(100.0)
    met = estimate.value >= _GAIN
    bar, about = f">= {_GAIN:g}", f"{trained} against {stock}, the same questions"
    return [_told("gained out loud", estimate, bar, met=met, note=about, unit=_POINTS)]


def _measure(name: str, right: Sequence[bool], note: str, rows: Sequence[Row]) -> Measure:
    return _told(name, _mean_of(rows, right), note=note)


def _told(
    name: str,
    estimate: Estimate,
    bar: str | None = None,
    *,
    met: bool | None = None,
    note: str = "",
    unit: str = _PERCENT,
) -> Measure:
    there = estimate.n > 0
    told = met if bar and there else None
    return Measure(name, estimate.value, unit, estimate.n, estimate.interval, bar, told, note)


def _mean_of(rows: Sequence[Row], right: Sequence[bool]) -> Estimate:
    """In percent, each kind counting as much as any other."""
    groups = [row.kind for row in rows]
    return Resampled([list(map(float, right))], [1.0] * len(rows), groups).of(mean, 0).times(100.0)


def _guessed(rows: Sequence[Row]) -> list[bool]:
    often = majority(rows)
    return [row.answer == often[row.kind, row.form] for row in rows]


def _kinds(rows: Sequence[Row]) -> list[str]:
    there = {row.kind for row in rows}
    return [kind.value for kind in Kind if kind.value in there]


def _by(rows: Sequence[Row], of_row: Callable[[Row], str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(of_row(row), []).append(row)
    return found


def _kind_row(rows: Sequence[Row], kind: str) -> list[str]:
    mine = [row for row in rows if row.kind == kind]
    straight = of(mine, Condition.ALL)
    guessed = _guessed(straight)
    share = f"{100 * sum(guessed) / len(guessed):.0f}" if guessed else ""
    return [kind, *(_share(of(mine, condition)) for condition in Condition), share]


def _ear_rows(groups: Mapping[str, Sequence[Row]], ears: Sequence[str]) -> list[list[str]]:
    return [
        [name, *(_share([row for row in some if row.ears == one]) for one in ears)]
        for name, some in groups.items()
        if some
    ]


def _share(rows: Sequence[Row]) -> str:
    return f"{100 * sum(row.right for row in rows) / len(rows):.0f}" if rows else ""


def _band(low: float, high: float) -> str:
    if low == _BANDS[0][0]:
        return f"below {high:g} dB"
    return f"{low:g} dB and more" if high == _BANDS[-1][1] else f"{low:g} to {high:g} dB"


def _in_band(rows: Sequence[Row], low: float, high: float) -> list[Row]:
    return [row for row in rows if row.snr is not None and low <= row.snr < high]
