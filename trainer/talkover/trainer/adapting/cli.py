"""``talkover train adapt``."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from talkover.core.report import Report, hand_over, progress_bar
from talkover.core.settings import load_settings
from talkover.trainer.evaluation.cli import not_installed
from talkover.trainer.stages.cli import INTERRUPTED, DataDir

if TYPE_CHECKING:
    from talkover.trainer.evaluation.trained.readers import Reader

_HEARD = "heard.jsonl"


def adapt(
    run: Annotated[Path, typer.Option(help="Folder of the new run.", show_default=False)],
    parent: Annotated[
        Path, typer.Option(help="Folder of the run that is gone on from.", show_default=False)
    ],
    accent: Annotated[
        str,
        typer.Option(help="southern_us, irish, nigerian or jamaican.", show_default=False),
    ],
    stage: Annotated[
        str, typer.Option(help="Of the parent. Default: the last one done.", show_default=False)
    ] = "",
    minutes: Annotated[float, typer.Option(min=0.1, max=600, help="Of the accent.")] = 15.0,
    recipe: Annotated[
        str, typer.Option(help="How fast and how long: a recipe, or a .toml file.")
    ] = "adapt",
    count: Annotated[int, typer.Option(min=4, max=10_000, help="Clips to be judged on.")] = 100,
    stock: Annotated[bool, typer.Option(help="Stock Whisper on 30 s beside them.")] = True,
    quick: Annotated[bool, typer.Option("--quick", help="A few steps, and four clips.")] = False,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Teach a listener an accent that it never heard, by a quarter of an hour of it.

    By rewards and supervised, each from where the parent run is, for about the same time of a
    processor; then both, the parent and stock Whisper write down the accent's test clips, by voices
    and in texts that nobody learnt from. A parent that never heard the first three accents is made
    by: talkover train sft --recipe left_out --run DIR; no recipe has heard the last one.

    Ctrl-C saves; the same command goes on. Ends with code 1 when a bar is missed.
    """
    try:
        from talkover.trainer.adapting import judge, learn, newcomer
        from talkover.trainer.stages import run as runs
        from talkover.trainer.stages.recipe import TrainingRecipe
        from talkover.trainer.stages.stage import Work
    except ImportError as error:
        raise not_installed(error) from None
    from talkover.core.weights import find_part
    from talkover.core.weights.state import require

    console = Console(highlight=False)
    base = require(load_settings(data_dir=data_dir).data_dir, find_part("whisper-base"))
    known, told = runs.read_recipe(parent), runs.read_told(parent)
    named, seed = runs.stage_of(parent, stage), int(told["seed"])
    newcomer.refuse_known(known, accent)
    chosen = run.with_name(f"{run.name}-{_HEARD}")  # a run's folder has to be empty
    chosen.parent.mkdir(parents=True, exist_ok=True)
    heard = newcomer.hear(accent, minutes, chosen, seed=seed)
    console.print(f"{heard:.1f} minutes of {accent}")
    paced = TrainingRecipe.load(recipe)
    made = learn.recipe_of(paced.quick() if quick else paced, known, chosen)
    with runs.Run(run, made, seed=seed) as opened:
        ended = learn.learn(Work(run=opened, base=base, console=console), (parent, named))
    if not ended.done:
        raise typer.Exit(INTERRUPTED)
    readers = _readers(base, (parent, named), run, stock=stock)
    with (
        newcomer.judged(accent, seed=seed) as material,
        progress_bar(console) as progress,
    ):
        numbers = material.numbers(1 if quick else -(-count // 4))  # clips come in fours
        bar = progress.add_task("reading", total=len(readers) * len(numbers))
        board = judge.compare(
            material,
            numbers,
            readers,
            run / "readings",
            lambda more: progress.update(bar, advance=more, refresh=True),
        )
    report = Report(
        title=f"{heard:.0f} minutes of {accent}, which {parent.name}/{named} never heard",
        measures=judge.measures(board, accent),
        seed=seed,
        quick=quick,
    )
    hand_over(report, console, json=json, listings=[judge.figures(board)])
    if not report.met:
        raise typer.Exit(1)


def _readers(base: Path, parent: tuple[Path, str], run: Path, *, stock: bool) -> "list[Reader]":
    from talkover.trainer.adapting import judge, learn
    from talkover.trainer.evaluation.trained import choosing

    (before,) = choosing.of_runs([parent[0]], [parent[1]], base)
    found = [choosing.stock(base)] if stock else []
    return [
        *found,
        replace(before, name=judge.BEFORE),
        *choosing.of_runs([run], list(learn.ARMS), base),
    ]
