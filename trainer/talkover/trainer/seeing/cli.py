"""``talkover train seer``."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from talkover.core.report import progress_bar
from talkover.core.settings import load_settings
from talkover.core.weights import find_part
from talkover.core.weights.state import require
from talkover.trainer.evaluation.cli import bundle_of, not_installed
from talkover.trainer.stages.cli import INTERRUPTED, DataDir, Quick, RunFolder, Seed

if TYPE_CHECKING:
    from talkover.trainer.seeing.recipe import SeerRecipe
    from talkover.trainer.seeing.train import Tell

_BRAIN: Final = "smollm2-135m"
_SHOWN: Final = (
    "loss",
    "loss naming",
    "named right",
    "loss warming",
    "right warming",
    "right trained",
    "right held",
)


def seer(
    run: RunFolder,
    recipe: Annotated[
        str,
        typer.Option(
            "--recipe",
            help="small, full, or a .toml file. Default: that of the run, else full.",
            show_default=False,
        ),
    ] = "",
    bundle: Annotated[
        str | None,
        typer.Option(
            help="Whose eyes: first characters of a bundle's id. Default: the current one.",
            show_default=False,
        ),
    ] = None,
    seed: Seed = None,
    quick: Quick = False,
    data_dir: DataDir = None,
) -> None:
    """Teach the brain to see: it answers questions about rendered pictures.

    The eyes do not learn: what they make of a picture is computed once and kept in the cache. The
    brain gets low-rank additions and a projector; every few steps plain chat is held where it was.
    Ctrl-C saves; the same command goes on, also after a kill. When it is done, the folder of the
    run holds sight-delta.safetensors, which `talkover models build --sight FILE` merges, and a card
    with held-out answers beside those without the picture.
    """
    try:
        from talkover.trainer.seeing.lessons import Lessons
        from talkover.trainer.seeing.model import Seer
        from talkover.trainer.seeing.naming import sight_of
        from talkover.trainer.seeing.run import DELTA_FILE, SeerRun, read_told
        from talkover.trainer.seeing.train import Class, Teacher
        from talkover.trainer.stages.run import TOLD
    except ImportError as error:
        raise not_installed(error) from None
    from talkover.core.brain.tokens import ChatTokens, make_tokenizer
    from talkover.core.brain.weights import GgufWeights
    from talkover.core.seer.runtime import SeerRuntime
    from talkover.core.weights.disk import sha256_of
    from talkover.trainer.data.texts import Split
    from talkover.trainer.policy.model import has_bf16
    from talkover.trainer.policy.tuning import Tuning
    from talkover.trainer.seeing.questions.asking import question
    from talkover.trainer.seeing.questions.question import Kind

    console = Console(highlight=False)
    settings = load_settings(data_dir=data_dir)
    folder = settings.data_dir
    chosen = _recipe(run, recipe, quick=quick)
    begun = (run / TOLD).exists()
    drawn = seed if seed is not None else read_told(run)["seed"] if begun else 0
    gguf = next(require(folder, find_part(_BRAIN)).glob("*.gguf"))
    weights = GgufWeights(gguf)
    eyes = SeerRuntime(bundle_of(folder, bundle)[1].parent / "seer")
    opened = SeerRun(run, chosen, seed=drawn, base=sha256_of(gguf), eyes=eyes.config.features)
    kind = Kind(chosen.lessons.kind) if chosen.lessons.kind else None
    cache = folder / "cache" / "sight" / eyes.config.features

    def lessons(split: Split) -> Lessons:
        ask = partial(question, split=split, kind=kind, seed=drawn)
        return Lessons(cache, f"{split.value}-{kind or 'all'}-{drawn}", eyes, ask)

    tokens = ChatTokens(make_tokenizer(weights.vocabulary()))
    given = Class(tokens, lessons(Split.TRAIN), lessons(Split.VALIDATION))
    how = chosen.model
    sight = sight_of(eyes, pool=how.pool, names=chosen.warm.naming > 0)
    tuning, bf16 = Tuning(how.rank, how.scale), how.bf16 and has_bf16()
    model = Seer(weights, sight, tuning, hidden=how.hidden, seed=drawn, bf16=bf16)
    with progress_bar(console) as progress:
        done = Teacher(opened, model, given).go(_telling(progress))
    if not done:
        console.print("stopped; give the same command again to go on from there")
        raise typer.Exit(INTERRUPTED)
    path = run / DELTA_FILE
    console.print(f"done; see {run / 'card.md'}. Next: talkover models build --sight {path}")


def _telling(progress: Progress) -> "Tell":
    """A bar for each phase."""
    bars: dict[str, TaskID] = {}

    def tell(phase: str, step: int, total: int, figures: Mapping[str, float]) -> None:
        if phase not in bars:
            bars[phase] = progress.add_task(phase)
        said = [f"{name} {figures[name]:.3f}" for name in _SHOWN if name in figures]
        text = ", ".join([phase, *said])
        progress.update(bars[phase], total=total, completed=step, description=text, refresh=True)

    return tell


def _recipe(run: Path, name: str, *, quick: bool) -> "SeerRecipe":
    """The one that is named, else that of the run, else the full one."""
    from talkover.trainer.seeing.recipe import SeerRecipe
    from talkover.trainer.stages.run import RECIPE

    if not name and (run / RECIPE).exists():
        return SeerRecipe.load(str(run / RECIPE))
    found = SeerRecipe.load(name or "full")
    return found.quick() if quick else found
