"""``talkover eval model``."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer
from rich.console import Console
from rich.progress import TimeRemainingColumn

from talkover.core.report import Measure, Report, hand_over, progress_bar, to_html
from talkover.core.settings import load_settings
from talkover.core.weights import find_part
from talkover.core.weights.state import require
from talkover.trainer.evaluation.cli import bundle_of, not_installed

if TYPE_CHECKING:
    from talkover.core.listener.graph import Variant
    from talkover.trainer.evaluation.trained.evaluate import Findings
    from talkover.trainer.evaluation.trained.readers import Reader
    from talkover.trainer.evaluation.trained.sets import Wanted

_WEIGHTS: Final = "whisper-base"
_CURRENT: Final = "current"
_VARIANT: Final = "int8"
_STOPPED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""
_FEW: Final = (1, 4)
"""With --quick: clips of each condition, and of each kind without words."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is to read.

    Attributes:
        runs: Folders.
        stages: Of each.
        bundles: See ``--bundle``.
        stock: Whether stock Whisper reads, too.
    """

    runs: list[Path]
    stages: list[str]
    bundles: list[str]
    stock: bool


class _Shipped(NamedTuple):
    """The listener of a bundle.

    Attributes:
        bundle_id: Of the bundle.
        listener: Its folder.
        variant: Of its weights.
    """

    bundle_id: str
    listener: Path
    variant: "Variant"


def evaluate(
    run: Annotated[
        list[Path] | None, typer.Option(help="The folder of a training run; several are allowed.")
    ] = None,
    stage: Annotated[
        list[str] | None,
        typer.Option(help="Of each run, in the order to be shown. Default: the last one done."),
    ] = None,
    bundle: Annotated[
        list[str] | None,
        typer.Option(
            help="The exported listener of a bundle: first characters of its id, or current; with "
            ":fp32 behind it, its float32 weights instead of int8. Several are allowed. Default: "
            "the current one where no run is named.",
            show_default=False,
        ),
    ] = None,
    stock: Annotated[bool, typer.Option(help="Stock Whisper on 30 s beside them.")] = True,
    sets: Annotated[
        str, typer.Option(help="Which, with commas between them.")
    ] = "dialects17x5,engine,real,silence,conversations,switches",
    count: Annotated[
        int, typer.Option(min=1, max=10_000, help="Clips of each accent, pattern and language.")
    ] = 30,
    wordless: Annotated[
        int, typer.Option(min=1, max=10_000, help="Clips of each of silence, noise and music.")
    ] = 200,
    readings: Annotated[
        Path | None,
        typer.Option(
            help="Folder where what was written down is kept as it comes; what is there is gone on "
            "with. Default: beside --json, as .readings; without it, nothing is kept.",
            show_default=False,
        ),
    ] = None,
    speed: Annotated[
        bool, typer.Option(help="Time the bundle beside stock; keep other work away meanwhile.")
    ] = True,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="One clip of each condition, four without words."),
    ] = False,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as a page.")] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Where weights and bundles are kept. Default: TALKOVER_DATA_DIR, else "
            "~/.local/share/talkover.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn.")] = 0,
) -> None:
    """Listeners side by side: stock Whisper, stages of training runs, a bundle's exported one.

    All read the very same clips of the test split: 17 accents and 5 code-switch patterns at mixed
    noise, an engine that training never heard, recorded people clean and at 5 dB, clips without
    words, overlaps of two people, and switches spliced from recordings. The last reader but the
    control (sft-continued) is judged. Ends with code 1 when a bar is missed. Ctrl-C shows what all
    have read so far; the same command goes on from there.
    """
    try:
        from talkover.trainer.evaluation.trained.evaluate import Findings
        from talkover.trainer.evaluation.trained.sets import Wanted, named
    except ImportError as error:
        raise not_installed(error) from None
    wanted = Wanted(named(sets), count, wordless, seed)
    if quick:
        wanted = replace(wanted, count=_FEW[0], wordless=_FEW[1])
    console = Console(highlight=False)
    folder = load_settings(data_dir=data_dir).data_dir
    asked = _Asked(run or [], stage or [], bundle or ([] if run else [_CURRENT]), stock)
    readers, shipped = _readers(asked, folder)

    findings, timed, stopped = Findings(), list[Measure](), False
    try:
        if speed and shipped and stock:
            timed = _timed(console, folder, shipped, repeats=3 if quick else 9)
        kept = readings or (json and json.with_suffix(".readings"))
        _read(console, wanted, readers, kept, findings)
    except KeyboardInterrupt:
        stopped = True
    met = _report(
        console,
        findings,
        readers,
        Report(
            title="Listeners side by side" + ", stopped early" * stopped,
            measures=timed,
            bundle_id=shipped.bundle_id if shipped else "",
            seed=seed,
            quick=quick,
        ),
        json=json,
        html=html,
    )
    if stopped or not met:
        raise typer.Exit(_STOPPED if stopped else 1)


def _readers(asked: _Asked, folder: Path) -> "tuple[list[Reader], _Shipped | None]":
    """Who reads, in the order to be shown, and the last of the bundles.

    Raises:
        BundleError, WeightsError, DataError: one of them cannot be loaded.
        ConfigError: two would be called the same.
    """
    from talkover.trainer.evaluation.trained import choosing

    weights = require(folder, find_part(_WEIGHTS))
    shipped = [_shipped(folder, one) for one in asked.bundles]
    found = [choosing.stock(weights)] if asked.stock else []
    found += choosing.of_runs(asked.runs, asked.stages, weights)
    found += [choosing.exported(*one) for one in shipped]
    return choosing.each_once(found), shipped[-1] if shipped else None


def _shipped(folder: Path, asked: str) -> _Shipped:
    from talkover.core.listener.graph import VARIANTS

    prefix, _, wanted = asked.partition(":")
    variant = next((one for one in VARIANTS if one == (wanted or _VARIANT)), None)
    if variant is None:
        raise typer.BadParameter(f"{wanted!r}: use {' or '.join(VARIANTS)}", param_hint="--bundle")
    bundle_id, listener = bundle_of(folder, None if prefix == _CURRENT else prefix)
    return _Shipped(bundle_id, listener, variant)


def _timed(console: Console, folder: Path, shipped: _Shipped, *, repeats: int) -> list[Measure]:
    from talkover.trainer.evaluation.trained.speed import measure_speed

    weights = require(folder, find_part(_WEIGHTS))
    with progress_bar(console) as progress:
        bar = progress.add_task("timing", total=2 * repeats)

        def step() -> None:
            progress.advance(bar)
            progress.refresh()

        return measure_speed(weights, *shipped[1:], repeats=repeats, step=step)


def _read(
    console: Console,
    wanted: "Wanted",
    readers: "list[Reader]",
    kept: Path | None,
    findings: "Findings",
) -> None:
    from talkover.trainer.evaluation.trained.evaluate import read_sets

    with progress_bar(console) as progress:
        progress.columns = (*progress.columns, TimeRemainingColumn())

        def begin(name: str, total: int) -> Callable[[int], None]:
            bar = progress.add_task(name, total=total)

            def tick(more: int) -> None:
                progress.advance(bar, more)
                progress.refresh()

            return tick

        read_sets(wanted, readers, kept, findings, begin)


def _report(
    console: Console,
    findings: "Findings",
    readers: "list[Reader]",
    report: Report,
    *,
    json: Path | None,
    html: Path | None,
) -> bool:
    """Hand over what there is; whether all bars are met."""
    from talkover.trainer.evaluation.trained import evaluate as evaluation
    from talkover.trainer.evaluation.trained.page import sections
    from talkover.trainer.evaluation.trained.readers import STOCK
    from talkover.trainer.evaluation.trained.verdicts import measures, roles_of

    with console.status("counting errors"):
        board = findings.board(readers)
        roles = roles_of([(one.name, one.stage) for one in readers], STOCK)
        report = replace(report, measures=[*report.measures, *measures(board, roles)])
        tables = evaluation.listings(board, roles, readers, findings)
    details = evaluation.details(board, readers, tables)
    hand_over(report, console, json=json, listings=tables, details=details)
    if html is not None:
        learnt = evaluation.learnt_by(readers)
        with console.status("a page"), evaluation.Sounds(report.seed, learnt) as sounds:
            page = to_html(report, sections(board, roles, sounds, tables))
            html.write_text(page, "utf-8")
    return report.met
