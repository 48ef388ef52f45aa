"""The exported listener of a bundle against stock Whisper: the same words, how fast."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
from rich.progress import Progress

from talkover.core.clock import RATE, seconds
from talkover.core.listener import LONGEST, VARIANTS
from talkover.core.report import Listing, Measure
from talkover.trainer.evaluation.exported import Exported, ExportedEncoder, always
from talkover.trainer.evaluation.readings import (
    Cause,
    Comparison,
    Reading,
    cause_of,
    first_difference,
    identity,
)
from talkover.trainer.evaluation.scoring import Score, error_rates, loss, score
from talkover.trainer.evaluation.stock import StockWhisper
from talkover.trainer.evaluation.timing import (
    Timing,
    Watch,
    in_turns,
    ratios,
    time_measures,
)
from talkover.trainer.evaluation.utterances import Utterance

STOCK: Final = "stock"
SYSTEMS: Final = (STOCK, *VARIANTS)
IDENTITY_BAR: Final = 99.0
"""Percent of utterances whose every token is the stock model's."""
THREADS: Final = 2
"""Of every system, while it is timed."""
Step = Callable[[], None]
"""Told that a step of the work is done."""

_WINDOWS: Final = tuple(length * RATE for length in (10, 15, 20, 30))


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        utterances: Read at the bundle's windows.
        full: Of these, read at the full window of 30 s as well.
        repeats: Of every timing.
        windows: That are timed, in samples.
    """

    utterances: int
    full: int
    repeats: int
    windows: tuple[int, ...] = _WINDOWS


WHOLE: Final = Plan(utterances=200, full=40, repeats=9)
QUICK: Final = Plan(utterances=24, full=6, repeats=3)


@dataclass(slots=True)
class Findings:
    """What has been measured so far; filled as it goes, so that stopping early loses nothing."""

    comparisons: list[Comparison] = field(default_factory=list)
    full: list[Comparison] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    unfinished: dict[str, list[str]] = field(default_factory=lambda: {s: [] for s in SYSTEMS})
    """Utterances whose text a system did not end by itself, by system."""
    timings: list[Timing] = field(default_factory=list)
    others: float | None = None
    """Cores that other processes kept busy during timing; None: not known."""

    def details(self) -> dict[str, Any]:
        """What lies behind the measures."""
        return {**asdict(self), "ratios": ratios(self.timings, STOCK)}


@dataclass(frozen=True, slots=True)
class Sides:
    """The two that are compared.

    Attributes:
        stock: The published model.
        folder: The listener of a bundle.
    """

    stock: StockWhisper
    folder: Path


def run(
    sides: Sides,
    utterances: Sequence[Utterance],
    timed: Utterance,
    plan: Plan,
    findings: Findings,
    progress: Progress,
) -> None:
    """Measure everything.

    Args:
        sides: What is compared.
        utterances: To be read; the first ``plan.full`` of them at 30 s, too.
        timed: The one that is timed.
        plan: How much is measured.
        findings: Filled.
        progress: Shows how far it is.

    Raises:
        BundleError: the bundle's listener cannot be loaded.
    """
    # Times first: who keeps other work away for them knows from when and for how long.
    total = len(plan.windows) * 2 * len(SYSTEMS) * plan.repeats
    time_all(sides, timed, plan, findings, _steps(progress, "timing", total))
    read_at_rule(sides, utterances, findings, _steps(progress, "reading", len(utterances)))
    full = utterances[: plan.full]
    read_at_full(sides, full, findings, _steps(progress, "reading at 30 s", len(full)))


def read_at_rule(
    sides: Sides, utterances: Sequence[Utterance], findings: Findings, step: Step
) -> None:
    """All systems read every utterance at the window that the bundle's rule gives it."""
    torch.set_num_threads(1)  # unlike two, one never waits for a core that others have taken
    exported = {variant: Exported(sides.folder, variant, threads=THREADS) for variant in VARIANTS}
    for utterance in utterances:
        pcm, language = utterance.pcm, utterance.language
        readings = {name: system.read(pcm, language) for name, system in exported.items()}
        stock = sides.stock.read(pcm, language, readings["fp32"].window)
        findings.comparisons.append(_compare(sides.stock, utterance, stock, readings["fp32"]))
        texts = {}
        for name, reading in [(STOCK, stock), *readings.items()]:
            texts[name] = sides.stock.tokens.text(reading.tokens)
            if not reading.complete:
                findings.unfinished[name].append(utterance.name)
        findings.scores.append(score(utterance.name, language, utterance.text, texts))
        step()


def read_at_full(
    sides: Sides, utterances: Sequence[Utterance], findings: Findings, step: Step
) -> None:
    """Stock and fp32 read every utterance at the full window."""
    torch.set_num_threads(1)
    exported = Exported(sides.folder, "fp32", threads=THREADS, window=always(LONGEST))
    for utterance in utterances:
        reading = exported.read(utterance.pcm, utterance.language)
        stock = sides.stock.read(utterance.pcm, utterance.language, LONGEST)
        findings.full.append(_compare(sides.stock, utterance, stock, reading))
        step()


def time_all(
    sides: Sides, utterance: Utterance, plan: Plan, findings: Findings, step: Step
) -> None:
    """Time every system at every window: the encoder alone, then the whole utterance."""
    torch.set_num_threads(THREADS)
    encoders = {v: ExportedEncoder(sides.folder, v, threads=THREADS) for v in VARIANTS}
    watch = Watch()
    for window in plan.windows:
        hearing: dict[str, Callable[[], object]] = {
            STOCK: partial(sides.stock.hear, utterance.pcm, window)
        }
        for variant, encoder in encoders.items():
            hearing[variant] = partial(encoder.hear, utterance.pcm, window)
        _, taken = in_turns(hearing, plan.repeats, step)
        findings.timings += [Timing("encoder", window, name, taken[name]) for name in SYSTEMS]

        rule = always(window)
        reading: dict[str, Callable[[], Reading]] = {
            STOCK: partial(sides.stock.read, utterance.pcm, utterance.language, window)
        }
        for variant in VARIANTS:
            exported = Exported(sides.folder, variant, threads=THREADS, window=rule)
            reading[variant] = partial(exported.read, utterance.pcm, utterance.language)
        readings, taken = in_turns(reading, plan.repeats, step)
        work = f"{utterance.seconds:.1f} s of speech"
        findings.timings += [
            Timing(work, window, name, taken[name], f"{len(readings[name].tokens)} tokens")
            for name in SYSTEMS
        ]
        findings.others = watch.others()


def summarise(findings: Findings) -> list[Measure]:
    """The table; what was not measured is not in it."""
    measures: list[Measure] = []
    if findings.comparisons:
        windows = "windows of the bundle's rule"
        name = "same tokens as stock, fp32"
        measures.append(identity(name, findings.comparisons, bar=IDENTITY_BAR, note=windows))
    if findings.full:
        name = "same tokens as stock, fp32, 30 s"
        measures.append(identity(name, findings.full, bar=None, note="the full window"))
    if findings.scores:
        measures += error_rates(findings.scores, SYSTEMS)
        measures.append(loss(findings.scores, "fp32", "int8"))
        measures += [_unfinished(findings, system) for system in SYSTEMS]
    measures += time_measures(findings.timings, STOCK)
    if findings.others is not None:
        note = "times and ratios mean little much above 0"
        measures.append(Measure("taken by others", findings.others, "cores", n=1, note=note))
    return measures


def _unfinished(findings: Findings, system: str) -> Measure:
    names, count = findings.unfinished[system], len(findings.scores)
    share = 100 * len(names) / count
    note = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    return Measure(f"texts not ended by itself, {system}", share, "%", n=count, note=note)


def differing(findings: Findings) -> Listing:
    """The utterances that fp32 did not read as stock did."""
    rows = [
        (
            comparison.name,
            f"{seconds(comparison.window):g} s",
            str(comparison.cause),
            "" if comparison.at is None else str(comparison.at + 1),
            "" if comparison.gap is None else f"{comparison.gap:.4f}",
        )
        for comparison in [*findings.comparisons, *findings.full]
        if comparison.cause is not Cause.SAME
    ]
    columns = ("utterance", "window", "why", "from token", "stock prefers its own by (nats)")
    return Listing("Utterances that differ", columns, rows)


def losing(findings: Findings, count: int = 10) -> Listing:
    """The utterances in which int8 has most words wrong that fp32 has right."""
    worse = [score for score in findings.scores if score.errors["int8"] > score.errors["fp32"]]
    worse.sort(key=lambda score: (score.errors["fp32"] - score.errors["int8"], score.name))
    rows = [
        (
            score.name,
            str(score.words),
            *(str(score.errors[system]) for system in VARIANTS),
            *(score.texts[system] for system in VARIANTS),
        )
        for score in worse[:count]
    ]
    columns = ("utterance", "words", *(f"{system} errors" for system in VARIANTS), *VARIANTS)
    return Listing("Where int8 loses most words", columns, rows)


def _compare(
    model: StockWhisper, utterance: Utterance, stock: Reading, exported: Reading
) -> Comparison:
    cause = cause_of(stock, exported)
    gap = None
    if cause is Cause.CHOICE:
        gap = model.gap(utterance.pcm, utterance.language, stock, exported)
    at = first_difference(stock.tokens, exported.tokens)
    return Comparison(utterance.name, stock.window, cause, at, gap)


def _steps(progress: Progress, title: str, total: int) -> Step:
    """A bar of its own for a stretch of work; gives what to call after every step of it."""
    bar = progress.add_task(title, total=total)

    def step() -> None:
        progress.advance(bar)
        progress.refresh()

    progress.refresh()
    return step
