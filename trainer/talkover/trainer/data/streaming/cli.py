"""``talkover data stream``."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from talkover.core.report import Report, hand_over, progress_bar
from talkover.trainer.data.texts import Split

_BAR: Final = 20.0  # x real time, from clean files with noises and lines


def stream(
    manifest: Annotated[
        Path | None, typer.Option(help="Recordings to stream; without it, the recipe is spoken.")
    ] = None,
    recipe: Annotated[
        str, typer.Option(help="Whose noises and lines are laid over them; none without it.")
    ] = "",
    split: Annotated[Split, typer.Option(help="Of a recipe that is spoken.")] = Split.TRAIN,
    seconds: Annotated[float, typer.Option(min=1, help="Of speech to take.")] = 600.0,
    workers: Annotated[
        int, typer.Option(min=0, max=256, help="Processes. Default: one a core.")
    ] = os.cpu_count() or 1,
    seed: Annotated[int, typer.Option(min=0, help="Of order, noises and lines.")] = 0,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as a page.")] = None,
) -> None:
    """Stream speech as a training loop would, and tell how fast it comes.

    The report's sha256 is of all that came: with the same seed it is the same on every machine,
    whatever the number of workers.
    """
    from talkover.trainer.data.recipe import Recipe
    from talkover.trainer.data.streaming.rate import measure_rate
    from talkover.trainer.data.streaming.recorded import Recorded
    from talkover.trainer.data.streaming.sources import Spoken
    from talkover.trainer.data.streaming.stream import Stream

    if manifest is None and not recipe:
        raise typer.BadParameter("give a --manifest, a --recipe, or both")
    drawn = Recipe.load(recipe, seed=seed) if recipe else None
    if manifest is not None:
        source: Recorded | Spoken = Recorded(manifest, drawn)
    else:
        source = Spoken(Recipe.load(recipe, seed=seed), split)
    console = Console(highlight=False)
    with Stream(source, seed=seed, workers=workers) as items, progress_bar(console) as progress:
        task = progress.add_task("seconds of speech", total=round(seconds))
        rate = measure_rate(
            items, seconds, lambda more: progress.update(task, advance=more, refresh=True)
        )
    title = f"Stream of {'files' if manifest else 'speech as it is made'}, {workers} workers"
    bar = _BAR if manifest and recipe else None
    report = Report(title=title, measures=rate.measures(bar), seed=seed)
    details = {"sha256": rate.sha256, "workers": workers, "recipe": recipe}
    hand_over(report, console, json=json, html=html, details=details)
