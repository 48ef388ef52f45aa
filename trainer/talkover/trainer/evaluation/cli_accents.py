"""``talkover eval accents``."""

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import TimeRemainingColumn

from talkover.core.report import Report, hand_over, progress_bar, to_html
from talkover.core.settings import load_settings
from talkover.core.weights import find_part
from talkover.core.weights.state import require

_WEIGHTS: Final = "whisper-base"
_QUICK: Final = 3
_STOPPED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""


def evaluate(
    recipe: Annotated[
        str, typer.Option(help="One that comes along, or a .toml of your own.")
    ] = "dialects17x5",
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Utterances of each accent.")] = 200,
    patterns: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=10_000,
            help="Utterances of each code-switch pattern. Default: as many as of each accent.",
            show_default=False,
        ),
    ] = None,
    readings: Annotated[
        Path | None,
        typer.Option(
            help="Where what was written down is kept as it comes; what is there is gone on with. "
            "Default: beside --json, as .jsonl; without it, nothing is kept.",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Three utterances of each.")] = False,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as a page.")] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Where weights are kept. Default: TALKOVER_DATA_DIR, else "
            "~/.local/share/talkover.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the recipe.")] = 0,
) -> None:
    """Stock Whisper on each accent and code-switch pattern, clean and at 5 dB, in words and sounds.

    The test split's voices and sentences. Bar: each accent's sounds differ measurably from General
    American's in the words of the lexical sets. Ends with code 1 when it is missed. Ctrl-C shows
    what was read so far; the same command goes on from there. ``--html`` has five of each to
    listen to.
    """
    weights = require(load_settings(data_dir=data_dir).data_dir, find_part(_WEIGHTS))
    from talkover.trainer.data.recipe import Recipe
    from talkover.trainer.evaluation import accents, accents_page, accents_report
    from talkover.trainer.evaluation.accents_distance import said_by_all
    from talkover.trainer.evaluation.accents_reader import StockReader
    from talkover.trainer.evaluation.accents_scoring import score_all

    console = Console(highlight=False)
    chosen, many = Recipe.load(recipe, seed=seed), _QUICK if quick else count
    of_patterns = many if patterns is None or quick else patterns
    numbers = accents.wanted(chosen, many, of_patterns)
    kept = accents.Readings(readings or (json and json.with_suffix(".jsonl")), chosen)
    stopped = False
    try:
        with console.status("loading stock Whisper"):
            reader = StockReader(weights)
        with progress_bar(console) as progress:
            progress.columns = (*progress.columns, TimeRemainingColumn())
            bar = progress.add_task("readings", total=len(numbers) * len(accents.SOUNDS))

            def tick(more: int) -> None:
                progress.advance(bar, more)
                progress.refresh()

            accents.hear_all(chosen, numbers, reader, kept, tick)
    except KeyboardInterrupt:
        stopped = True
    with console.status("scoring"):
        asked = frozenset(numbers)
        scores = score_all([one for one in kept.all if one.number in asked])
        said = said_by_all()
    report = Report(
        title="Stock Whisper by accent and code-switch pattern" + ", stopped early" * stopped,
        measures=accents_report.measures(scores, chosen.conditions, said),
        seed=seed,
        quick=quick,
    )
    listings = accents_report.listings(scores, chosen.conditions, said)
    details = {"stopped": stopped, **accents_report.details(scores, chosen, said)}
    hand_over(report, console, json=json, listings=listings, details=details)
    if html is not None:
        with console.status("a page with sounds"):
            sections = accents_page.sections(scores, chosen, said, listings)
            html.write_text(to_html(report, sections), "utf-8")
    if stopped or not report.met:
        raise typer.Exit(_STOPPED if stopped else 1)
