"""``talkover train sft`` and ``talkover train all``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from talkover.core.settings import load_settings
from talkover.trainer.evaluation.cli import not_installed

if TYPE_CHECKING:
    from talkover.trainer.stages.recipe import TrainingRecipe
    from talkover.trainer.stages.stage import Work

RunFolder = Annotated[
    Path,
    typer.Option(
        "--run",
        help="Folder of the run, such as runs/first. One that is there is gone on with.",
        show_default=False,
    ),
]
RecipeName = Annotated[
    str,
    typer.Option(
        "--recipe",
        help="small, full, or a .toml file. Default: that of the run, else full.",
        show_default=False,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        min=0, help="Of all that is drawn. Default: that of the run, else 0.", show_default=False
    ),
]
Quick = Annotated[
    bool, typer.Option("--quick", help="A few steps of each stage, to see that all works here.")
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where weights are kept. Default: TALKOVER_DATA_DIR, else ~/.local/share/talkover.",
        show_default=False,
    ),
]
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def sft(
    run: RunFolder,
    recipe: RecipeName = "",
    continued: Annotated[
        bool,
        typer.Option(
            "--continued",
            help="Go on with a run's sft for as long as its rl and mine took: the fair control.",
        ),
    ] = False,
    seed: Seed = None,
    quick: Quick = False,
    data_dir: DataDir = None,
) -> None:
    """Teach the listener by what was said: supervised fine-tuning, the first stage.

    Speech is made as it goes; people's recordings keep it from forgetting people. Every few hundred
    steps guard sets of real speech are read: while they hold, the windows become shorter; when they
    do not, training goes back. Ctrl-C saves; the same command goes on, also after a kill.

    The small recipe takes about four minutes of a slow core, the full one hours. The folder of the
    run gets checkpoints, metrics.jsonl, curves.png, TensorBoard's files and card.md. With several
    GPUs: torchrun --nproc-per-node N -m talkover.core.cli train sft --run DIR
    """
    with working(run, recipe, seed=seed, quick=quick, data_dir=data_dir) as work:
        from talkover.trainer.stages.sft_stage import train_continued, train_sft

        ended = train_continued(work) if continued else train_sft(work)
    if not ended.done:
        raise typer.Exit(INTERRUPTED)


def everything(
    run: RunFolder,
    recipe: RecipeName = "",
    control: Annotated[
        bool,
        typer.Option(
            "--control", help="Go on with sft, too, for equal compute: what rl is compared with."
        ),
    ] = False,
    seed: Seed = None,
    quick: Quick = False,
    data_dir: DataDir = None,
) -> None:
    """Train a listener from the base weights to the end: every stage of a recipe, one by one.

    Ctrl-C saves; the same command goes on, also after a kill. Each stage is left in the run, so
    that they can be compared.
    """
    with working(run, recipe, seed=seed, quick=quick, data_dir=data_dir) as work:
        from talkover.trainer.stages.stages import train_all

        ended = train_all(work, control=control)
    if not ended.done:
        raise typer.Exit(INTERRUPTED)


@contextmanager
def working(
    folder: Path, recipe: str, *, seed: int | None, quick: bool, data_dir: Path | None
) -> Iterator["Work"]:
    """A run that is begun or gone on with, for a command of any stage.

    Args:
        folder: Of the run.
        recipe: Name or file; empty: that of the run, else the full one.
        seed: Of all that is drawn; None: that of the run, else 0.
        quick: A few steps of each stage.
        data_dir: Where weights are.

    Raises:
        ConfigError: a library is missing.
        DataError: the recipe cannot be used, or the folder is of another run.
        WeightsError: the base weights are not there.
    """
    try:
        from talkover.trainer.stages import run as runs
        from talkover.trainer.stages.stage import Work
        from talkover.trainer.stages.together import joined
    except ImportError as error:
        raise not_installed(error) from None
    from talkover.core.weights import find_part
    from talkover.core.weights.state import require

    base = require(load_settings(data_dir=data_dir).data_dir, find_part("whisper-base"))
    begun = (folder / runs.TOLD).exists()
    chosen = _recipe(folder if begun and not recipe else None, recipe, quick=quick)
    drawn = seed if seed is not None else runs.read_told(folder)["seed"] if begun else 0
    with joined() as place:
        if not place.first:
            place.agree([0])  # the first one makes the folder
        with runs.Run(folder, chosen, seed=drawn, writes=place.first) as opened:
            if place.first:
                place.agree([0])
            yield Work(run=opened, base=base, console=Console(highlight=False), place=place)


def _recipe(run: Path | None, name: str, *, quick: bool) -> "TrainingRecipe":
    """That of a run as it is, else one by its name."""
    from talkover.trainer.stages.recipe import TrainingRecipe
    from talkover.trainer.stages.run import read_recipe

    if run is not None:
        return read_recipe(run)
    found = TrainingRecipe.load(name or "full")
    return found.quick() if quick else found
