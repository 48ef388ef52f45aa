"""Every reader's figures, what one has less than another, and the bars. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from talkover.core.report import Estimate, Listing, Measure
from talkover.core.report.model import number
from talkover.trainer.data.wordless import KINDS
from talkover.trainer.evaluation.trained.board import WORDS, Board
from talkover.trainer.evaluation.trained.clips import CLEAN, NOISY
from talkover.trainer.evaluation.trained.figures import (
    HEARD_BY,
    MEAN,
    SPREAD,
    SWITCHING,
    THREE,
    UNHEARD,
    WORST,
    Headline,
    capped,
    headlines,
    real,
    wordless,
)
from talkover.trainer.evaluation.trained.material import DIALECTS, ENGINE, REAL
from talkover.trainer.evaluation.utterances import LANGUAGES

CONTROL: Final = "sft-continued"
"""The stage that goes on supervised for as long as the policy gradient took."""

_REDUCTIONS: Final = {WORST: 58.0, MEAN: 34.0, UNHEARD: 25.0, SPREAD: 50.0}
"""Percent that the last reader has to have less than stock; where an utterance cannot have more
errors than words, too, since a bound on loops alone would do much of it otherwise."""
_SWITCHING: Final = 50.0
_CLEAN: Final = 0.5
"""Points that it may have more of on clean recordings of people, in each language."""
_WORDLESS: Final = 1.0
"""Percent of clips without words of which it may write any."""
_WORSE: Final = 1.0
"""Points by which it may be worse than the control in any one of the three places."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Which reader is what.

    Attributes:
        stock: As it was published; None: it was not read.
        final: That is judged.
        control: Gone on with supervised, for the same compute; None: it was not read.
        tuned: By the policy gradient and mining, to be compared with the control.
    """

    stock: str | None
    final: str
    control: str | None = None
    tuned: str | None = None


def measures(board: Board, roles: Roles) -> list[Measure]:
    """The bars of which both sides were read."""
    return _bars(board, headlines(board), roles)


def figures(board: Board) -> Listing:
    """Every figure of every reader."""
    rows = [
        (
            name,
            one.unit,
            str(one.of(0).n),
            *(str(one.of(place)) for place in range(len(board.readers))),
        )
        for name, one in headlines(board).items()
    ]
    return Listing("Figures (95 %)", ("figure", "in", "clips", *board.readers), rows)


def differences(board: Board) -> Listing:
    """Every reader beside every other, by what matters most."""
    found = headlines(board)
    rows = [
        (name, f"{first} → {second}", *_cells(found[name], board, first, second))
        for name in HEARD_BY
        if name in found
        for place, second in enumerate(board.readers)
        for first in board.readers[:place]
    ]
    heads = ("figure", "readers", "from", "to", "points (95 %)", "less by % (95 %)")
    return Listing("Differences between readers, paired bootstrap", heads, rows)


def _cells(one: Headline, board: Board, first: str, second: str) -> tuple[str, ...]:
    before, after = board.readers.index(first), board.readers.index(second)
    shares = [number(one.of(place).value) for place in (before, after)]
    return (*shares, str(one.points(before, after)), str(one.reduction(before, after)))


def _bars(board: Board, found: Mapping[str, Headline], roles: Roles) -> list[Measure]:
    final = board.readers.index(roles.final)
    measures: list[Measure] = []
    if roles.stock is not None and roles.stock != roles.final:
        measures += _against_stock(board, found, roles.stock, roles.final)
    for kind in KINDS:
        if wordless(kind) in found:
            one = found[wordless(kind)].of(final)
            measures.append(
                measure_of(
                    f"{wordless(kind)}, {roles.final}",
                    one,
                    "%",
                    bar=f"<= {_WORDLESS:g}",
                    met=one.value <= _WORDLESS,
                )
            )
    if roles.control is not None and roles.tuned is not None:
        measures += _against_control(board, found, roles.control, roles.tuned)
    return measures


def _against_stock(
    board: Board, found: Mapping[str, Headline], stock: str, final: str
) -> Iterator[Measure]:
    first, last = board.readers.index(stock), board.readers.index(final)
    both = {called(name): bar for called in (str, capped) for name, bar in _REDUCTIONS.items()}
    for name, bar in {**both, SWITCHING: _SWITCHING}.items():
        if name not in found:
            continue
        one = found[name].reduction(first, last)
        note = from_to(found[name], first, last)
        yield measure_of(
            f"{name}: less in {final} than in {stock}",
            one,
            "%",
            bar=f">= {bar:g}",
            met=one.value >= bar,
            note=note,
        )
    for language in LANGUAGES:
        name = real(CLEAN, language)
        if name in found:
            one = found[name].points(first, last)
            yield measure_of(
                f"{name}: {final} minus {stock}",
                one,
                "points",
                bar=f"<= {_CLEAN:g}",
                met=one.value <= _CLEAN,
                note=from_to(found[name], first, last),
            )


def _against_control(
    board: Board, found: Mapping[str, Headline], control: str, tuned: str
) -> Iterator[Measure]:
    """Better in the mean of three places, for sure, and nowhere much worse."""
    if THREE not in found:
        return
    first, last = board.readers.index(control), board.readers.index(tuned)
    one = found[THREE].points(first, last)
    sure = one.interval is not None and one.interval[1] < 0
    yield measure_of(
        f"{THREE}: {tuned} minus {control}",
        one,
        "points",
        bar="interval < 0",
        met=sure,
        note=from_to(found[THREE], first, last),
    )
    places = {
        "held-out voices": board.of(DIALECTS),
        "engine": board.of(ENGINE),
        "people at 5 dB": board.of(REAL, sound=NOISY),
    }
    alone = {name: Headline(name, some.rates(WORDS)) for name, some in places.items()}
    name = max(alone, key=lambda place: alone[place].points(first, last).value)
    one = alone[name].points(first, last)
    yield measure_of(
        f"word errors, worst of the three: {tuned} minus {control}",
        one,
        "points",
        bar=f"<= {_WORSE:g}",
        met=one.value <= _WORSE,
        note=name,
    )


def from_to(headline: Headline, first: int, last: int) -> str:
    """A figure of one reader and of another, in words."""
    before, after = headline.of(first), headline.of(last)
    unit = f" {headline.unit}"
    return f"{number(before.value)} → {number(after.value)}{unit}"


def measure_of(
    name: str,
    one: Estimate,
    unit: str,
    *,
    bar: str | None = None,
    met: bool | None = None,
    note: str = "",
) -> Measure:
    """An estimate by a name, for a report."""
    return Measure(name, one.value, unit, one.n, one.interval, bar, met, note)


def roles_of(readers: Sequence[tuple[str, str]], stock: str) -> Roles:
    """Which of some readers is what: the last one but the control is judged.

    Args:
        readers: Names with the stages that they are of; no stage: a bundle, or stock.
        stock: The name of stock Whisper.
    """
    names = [name for name, _ in readers]
    control = next((name for name, stage in readers if stage == CONTROL), None)
    judged = [name for name, stage in readers if stage != CONTROL]
    tuned = [name for name, stage in readers if stage not in ("", CONTROL, "sft")]
    return Roles(
        stock if stock in names else None,
        (judged or names)[-1],
        control,
        tuned[-1] if control and tuned else None,
    )
