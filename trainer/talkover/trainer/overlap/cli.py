"""``talkover train overlap`` and ``talkover eval overlap``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from talkover.core.bundles import BundleStore
from talkover.core.errors import BundleError
from talkover.core.overlap import OverlapHead, shipped
from talkover.core.report import Report, hand_over, progress_bar
from talkover.core.settings import load_settings
from talkover.trainer.evaluation.cli import not_installed
from talkover.trainer.overlap.texts import Split

if TYPE_CHECKING:
    from talkover.trainer.overlap.corpus import Plan, Studio

app = typer.Typer(no_args_is_help=True)

_CACHE: Final = Path("cache/overlap")

Quick = Annotated[
    bool, typer.Option("--quick", help="Few overlaps, and nobody listens to their words.")
]
Seed = Annotated[int, typer.Option(help="Of all that is drawn.")]
DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where bundles are, and transcripts are kept. Default: TALKOVER_DATA_DIR, else "
        "~/.local/share/talkover.",
        show_default=False,
    ),
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write the report as a page.")]


@app.callback()
def _group() -> None:
    """Make models better, or make them."""


@app.command()
def overlap(
    out: Annotated[Path, typer.Option(help="Folder for the classifier.")],
    quick: Quick = False,
    seed: Seed = 0,
    data_dir: DataDir = None,
) -> None:
    """Train the classifier of what a caller's sound is while the agent speaks.

    Overlaps are made up from a seed: synthetic voices in six languages, recordings of people where
    they are installed, coughs, noise, music, echo. The current bundle's listener is asked what it
    makes of them while they go on; its answers are kept. Takes half an hour on two cores, and a
    minute with --quick.
    """
    console = Console(highlight=False)
    studio, plans = _studio(data_dir, quick=quick)
    from talkover.trainer.overlap.train import train

    with progress_bar(console) as progress:
        task = progress.add_task("overlaps", total=sum(plan.overlaps for plan in plans.values()))

        def tick() -> None:
            progress.advance(task)
            progress.refresh()

        trained = train(studio, out, plans, seed=seed, quick=quick, tick=tick)
    title = f"Overlaps, held out (yield from p = {trained.chosen.threshold:g})"
    hand_over(Report(title=title, measures=trained.held_out, seed=seed, quick=quick), console)
    console.print(f"written to {out}")


def evaluate(
    model: Annotated[
        Path | None,
        typer.Option(help="Folder of the classifier. Default: the one that comes along."),
    ] = None,
    quick: Quick = False,
    seed: Seed = 0,
    json: Json = None,
    html: Html = None,
    data_dir: DataDir = None,
) -> None:
    """The overlap classifier on voices and texts that it never heard.

    Prints confusion matrices at 0.4, 0.6 and 1.0 s after the onset and at the end of the sound,
    and for each threshold how many barge-ins and how many others would be yielded to. The
    threshold of the measures is the one that was chosen on validation voices.
    """
    folder = model or shipped()
    threshold = OverlapHead(folder).config.yield_at
    console = Console(highlight=False)
    studio, plans = _studio(data_dir, quick=quick)
    from talkover.trainer.overlap import figures
    from talkover.trainer.overlap.corpus import gather

    with progress_bar(console) as progress:
        plan = {Split.HELD_OUT: plans[Split.HELD_OUT]}
        task = progress.add_task("overlaps", total=plan[Split.HELD_OUT].overlaps)

        def tick() -> None:
            progress.advance(task)
            progress.refresh()

        found = gather(studio, plan, seed=seed, tick=tick)[Split.HELD_OUT]
    judged = figures.judge_all(folder, found)
    report = Report(
        title=f"Overlaps, held out (yield from p = {threshold:g})",
        measures=figures.measures(found, judged, threshold),
        seed=seed,
        quick=quick,
    )
    hand_over(
        report, console, json=json, html=html, listings=figures.listings(found, judged, threshold)
    )


def _studio(data_dir: Path | None, *, quick: bool) -> tuple["Studio", dict[Split, "Plan"]]:
    """What overlaps are made with, and how many.

    Raises:
        BundleError: there is no bundle to make them with.
        ConfigError: a library is missing.
    """
    folder = load_settings(data_dir=data_dir).data_dir
    store = BundleStore(folder)
    bundle_id = store.current()
    if bundle_id is None:
        raise BundleError(
            f"there is no bundle in {folder} yet; run: talkover models build --data-dir {folder}"
        )
    try:
        import torch  # noqa: F401 - asked for now, not after minutes of work

        from talkover.trainer.overlap import corpus
    except ImportError as error:
        raise not_installed(error) from None
    plans = corpus.QUICK if quick else corpus.WHOLE
    return corpus.Studio(store.path(bundle_id), folder / _CACHE), plans
