"""``talkover eval crossmodal``."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import TimeRemainingColumn

from talkover.core.report import Report, hand_over, progress_bar, to_html
from talkover.core.settings import load_settings
from talkover.core.weights import find_part
from talkover.core.weights.state import require
from talkover.trainer.evaluation.cli import bundle_of, not_installed

if TYPE_CHECKING:
    from talkover.core.report import Measure
    from talkover.trainer.evaluation.crossmodal.answerer import Answerer
    from talkover.trainer.evaluation.crossmodal.asking import Ears, Wanted
    from talkover.trainer.evaluation.crossmodal.rows import Row
    from talkover.trainer.evaluation.crossmodal.spoken import Speaker
    from talkover.trainer.evaluation.kept import Kept
    from talkover.trainer.evaluation.trained.readers import Reader, Writer
    from talkover.trainer.seeing.questions.question import Kind

_WEIGHTS: Final = "whisper-base"
_CURRENT: Final = "current"
_BUNDLE: Final = "bundle"
_GUESS: Final = "majority"
_VARIANT: Final = "int8"
_SHOWN: Final = 8  # characters of a bundle's id
_TIMED: Final = 4
"""Questions of each kind that are timed."""
_THREADS: Final = 2
_FEW: Final = 3
"""Questions of each kind with --quick, one of them out loud."""
_STOPPED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""


def evaluate(
    bundle: Annotated[
        str,
        typer.Option(help="Whose eyes, brain and ears: first characters of its id, or current."),
    ] = _CURRENT,
    answerer: Annotated[
        str,
        typer.Option(help="Who answers: bundle; or majority, who never looks, to compare with."),
    ] = _BUNDLE,
    kinds: Annotated[
        str, typer.Option(help="Of question, with commas between them. Default: all.")
    ] = "",
    count: Annotated[int, typer.Option(min=1, max=1_000, help="Questions of each kind.")] = 40,
    spoken: Annotated[
        int, typer.Option(min=0, max=1_000, help="Of those, asked out loud, too.")
    ] = 17,
    readings: Annotated[
        Path | None,
        typer.Option(
            help="Where answers are kept as they come; what is there is gone on with. Default: "
            "beside --json, as .jsonl; without it, nothing is kept.",
            show_default=False,
        ),
    ] = None,
    pace: Annotated[
        bool,
        typer.Option(help="How quick answers are, too, on two threads; on a quiet machine."),
    ] = True,
    quick: Annotated[
        bool, typer.Option("--quick", help="Three questions of each kind, one of them out loud.")
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
    seed: Annotated[int, typer.Option(min=0, help="Of questions and voices.")] = 0,
) -> None:
    """Questions about pictures, end to end: read and out loud, with other pictures or none.

    Pictures, texts, wordings and voices of the test split. With the very words that were asked; and
    out loud in 17 accents at mixed noise, heard by stock Whisper and by the bundle's listener. With
    no picture, a wrong one or one that comes a second late, for who answers must have looked. Ends
    with code 1 when a bar is missed. Ctrl-C shows what was answered so far; the same command goes
    on from there. ``--html`` has pictures and sounds.
    """
    try:
        from talkover.trainer.evaluation.crossmodal.asking import Wanted
        from talkover.trainer.evaluation.crossmodal.rows import Row, from_plain, to_plain
        from talkover.trainer.evaluation.kept import Kept
    except ImportError as error:
        raise not_installed(error) from None
    each = _FEW if quick else count
    wanted = Wanted(_named(kinds), each, min(each, spoken, 1 if quick else spoken), seed)
    console = Console(highlight=False)
    asked = _opened(answerer, bundle, load_settings(data_dir=data_dir).data_dir, wanted)
    path = readings or (json and json.with_suffix(".jsonl"))
    kept = Kept[Row](path, asked.same(seed), to_plain, from_plain)
    stopped = False
    with asked.speaker or nullcontext():
        try:
            _ask(console, wanted, asked, kept)
        except KeyboardInterrupt:
            stopped = True
        report = Report(
            title=f"Questions about pictures, answered by {asked.who.name}"
            + ", stopped early" * stopped,
            measures=[],
            bundle_id=asked.bundle_id,
            seed=seed,
            quick=quick,
        )
        if pace and not stopped and answerer == _BUNDLE:
            report = replace(report, measures=_paces(console, asked, wanted))
        met = _report(console, report, wanted.rows(kept.all), asked, json=json, html=html)
    if stopped or not met:
        raise typer.Exit(_STOPPED if stopped else 1)


@dataclass(frozen=True, slots=True)
class _Opened:
    """Who takes part.

    Attributes:
        who: Answers.
        bundle_id: Of the bundle that answers or hears; empty: none does.
        folder: Of that bundle.
        readers: Hear, stock first.
        speaker: Asks out loud; None: nobody does.
    """

    who: "Answerer"
    bundle_id: str
    folder: Path
    readers: "tuple[Reader, ...]"
    speaker: "Speaker | None"

    def same(self, seed: int) -> dict[str, object]:
        """What tells these answers from any others."""
        heard = [reader.same for reader in self.readers]
        return {"answers": self.who.name, "bundle": self.bundle_id, "seed": seed, "ears": heard}


def _named(kinds: str) -> "tuple[Kind, ...]":
    from talkover.trainer.seeing.questions.question import Kind

    wanted = [one.strip() for one in kinds.split(",") if one.strip()] or list(Kind)
    known = {kind.value: kind for kind in Kind}
    if unknown := set(wanted) - set(known):
        told = f"no kind {min(unknown)!r}; there are {', '.join(known)}"
        raise typer.BadParameter(told, param_hint="--kinds")
    return tuple(known[one] for one in dict.fromkeys(wanted))


def _opened(answerer: str, bundle: str, folder: Path, wanted: "Wanted") -> _Opened:
    """Open who takes part.

    Raises:
        BundleError: there is no bundle, or it cannot see.
        WeightsError: stock Whisper is not here.
        ConfigError: eSpeak NG is not installed.
    """
    from talkover.trainer.evaluation.crossmodal.baseline import guesser
    from talkover.trainer.evaluation.crossmodal.embedded import Embedded

    if answerer not in (_BUNDLE, _GUESS):
        told = f"{answerer!r}: use {_BUNDLE} or {_GUESS}"
        raise typer.BadParameter(told, param_hint="--answerer")
    bundle_id, part = "", Path()
    if answerer == _BUNDLE or wanted.spoken:
        bundle_id, part = bundle_of(folder, None if bundle == _CURRENT else bundle)
    who: Answerer = (
        guesser(wanted) if answerer == _GUESS else Embedded.open(part.parent, bundle_id[:_SHOWN])
    )
    if not wanted.spoken:
        return _Opened(who, bundle_id, part.parent, (), None)
    from talkover.trainer.data.recipe import Recipe
    from talkover.trainer.evaluation.crossmodal.spoken import RECIPE, Speaker
    from talkover.trainer.evaluation.trained import choosing

    stock = choosing.stock(require(folder, find_part(_WEIGHTS)))
    readers = (stock, choosing.exported(bundle_id, part, _VARIANT))
    return _Opened(
        who, bundle_id, part.parent, readers, Speaker(Recipe.load(RECIPE, seed=wanted.seed))
    )


def _ask(console: Console, wanted: "Wanted", asked: _Opened, kept: "Kept[Row]") -> None:
    from talkover.trainer.evaluation.crossmodal.asking import ask_all

    names = [reader.name for reader in asked.readers]
    ears = _ears(asked.readers)
    with progress_bar(console) as progress:
        progress.columns = (*progress.columns, TimeRemainingColumn())
        bar = progress.add_task("answers", total=wanted.total(len(names)))

        def tick() -> None:
            progress.advance(bar)
            progress.refresh()

        ask_all(wanted, asked.who, names, ears, asked.speaker, kept, tick)


def _paces(console: Console, asked: _Opened, wanted: "Wanted") -> "list[Measure]":
    """How quick answers are, a question of each kind in turn."""
    from talkover.trainer.evaluation.crossmodal.embedded import Embedded
    from talkover.trainer.evaluation.crossmodal.figures import paces
    from talkover.trainer.seeing.questions.asking import question
    from talkover.trainer.seeing.questions.question import Split

    quick = Embedded.open(asked.folder, asked.who.name, threads=_THREADS)
    found: list[tuple[float, float]] = []
    with progress_bar(console) as progress:
        turns = min(_TIMED, wanted.count)
        bar = progress.add_task("pace", total=turns * len(wanted.kinds))
        for number in range(turns):
            for kind in wanted.kinds:
                one = question(number, Split.TEST, kind, wanted.seed)
                found.append(quick.pace(one.question, one.pictures, one.times))
                progress.update(bar, advance=1, refresh=True)
    return paces(found)


def _ears(readers: "tuple[Reader, ...]") -> "Ears":
    if not readers:
        return dict[str, "Writer"]()
    from talkover.trainer.evaluation.trained.reading import Opened

    return Opened(readers)


def _report(
    console: Console,
    report: Report,
    rows: "Sequence[Row]",
    asked: _Opened,
    *,
    json: Path | None,
    html: Path | None,
) -> bool:
    """Hand over what there is; whether all bars are met."""
    from talkover.trainer.evaluation.crossmodal.figures import listings, measures, wrong
    from talkover.trainer.evaluation.crossmodal.page import sections
    from talkover.trainer.evaluation.crossmodal.rows import to_plain

    stock, trained = [reader.name for reader in asked.readers] or ("", "")
    report = replace(report, measures=[*measures(rows, stock, trained), *report.measures])
    tables = [*listings(rows), wrong(rows)]
    details = {"answers": [to_plain(row) for row in rows]}
    hand_over(report, console, json=json, listings=tables, details=details)
    if html is not None:
        with console.status("a page with pictures and sounds"):
            below = sections(rows, report.seed, asked.speaker, tables)
            html.write_text(to_html(report, below), "utf-8")
    return report.met
