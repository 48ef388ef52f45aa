"""``talkover eval``: one command an evaluation."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from talkover.core.bundles import BundleStore
from talkover.core.errors import BundleError, ConfigError
from talkover.core.report import Report, hand_over, progress_bar
from talkover.core.settings import load_settings
from talkover.core.weights import find_part
from talkover.core.weights.state import require

app = typer.Typer(no_args_is_help=True)

_WEIGHTS: Final = "whisper-base"
_TIMED: Final = 3.0
"""Seconds of the utterance that is timed."""
_STOPPED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""

Bundle = Annotated[
    str | None,
    typer.Option(help="First characters of a bundle's id. Default: the current one."),
]
Utterances = Annotated[
    int | None, typer.Option(min=1, help="How many. Default: 200, or 24 with --quick.")
]
Quick = Annotated[bool, typer.Option("--quick", help="A rough answer within minutes.")]
Seed = Annotated[int, typer.Option(help="Of the choice of recordings.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write the report as a page.")]
DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where weights and bundles are kept. Default: TALKOVER_DATA_DIR, else "
        "~/.local/share/talkover.",
        show_default=False,
    ),
]


@app.callback()
def _group() -> None:
    """Judge models from what they were asked."""


@app.command()
def listener(
    bundle: Bundle = None,
    utterances: Utterances = None,
    quick: Quick = False,
    json: Json = None,
    html: Html = None,
    data_dir: DataDir = None,
    seed: Seed = 0,
) -> None:
    """The exported listener of a bundle against stock Whisper in PyTorch.

    What Talkover's training changed in the bundle is merged in PyTorch, too.
    Both read recordings of real people in three languages. Bars: the exported float32 listener
    writes the stock model's tokens in 99 of 100 utterances; int8 has at most half a point more word
    errors than float32. Times are told by window. Ends with code 1 when a bar is missed. Ctrl-C
    prints what was measured so far.
    """
    console = Console(highlight=False)
    folder = load_settings(data_dir=data_dir).data_dir
    bundle_id, exported = bundle_of(folder, bundle)
    weights = require(folder, find_part(_WEIGHTS))
    try:
        from talkover.trainer.evaluation import listener as evaluation
        from talkover.trainer.evaluation.merged import merged_delta
        from talkover.trainer.evaluation.stock import StockWhisper
        from talkover.trainer.evaluation.utterances import choose_utterances, utterance_of
    except ImportError as error:
        raise not_installed(error) from None
    plan = evaluation.QUICK if quick else evaluation.WHOLE
    plan = replace(plan, utterances=utterances or plan.utterances)
    chosen, timed = choose_utterances(plan.utterances, seed=seed), utterance_of(_TIMED)

    findings, title = evaluation.Findings(), "Listener against stock Whisper"
    stopped = False
    try:
        with console.status("loading stock Whisper"):
            stock = StockWhisper(weights, merged_delta(exported.parent))
            sides = evaluation.Sides(stock, exported)
        with progress_bar(console) as progress:
            evaluation.run(sides, chosen, timed, plan, findings, progress)
    except KeyboardInterrupt:
        stopped = True
        title += ", stopped early"
    report = Report(
        title=title,
        measures=evaluation.summarise(findings),
        bundle_id=bundle_id,
        seed=seed,
        quick=quick,
    )
    hand_over(
        report,
        console,
        json=json,
        html=html,
        listings=[evaluation.differing(findings), evaluation.losing(findings)],
        details={"stopped": stopped, **findings.details()},
    )
    if stopped or not report.met:
        raise typer.Exit(_STOPPED if stopped else 1)


def bundle_of(folder: Path, prefix: str | None) -> tuple[str, Path]:
    """A bundle's id and the folder of its listener.

    Raises:
        BundleError: there is none that could be loaded.
    """
    store = BundleStore(folder)
    bundle_id = store.resolve(prefix) if prefix else store.current()
    if bundle_id is None:
        raise BundleError(
            f"there is no bundle in {folder} yet; run: talkover models build --data-dir {folder}"
        )
    store.verify(bundle_id)
    return bundle_id, store.path(bundle_id) / "listener"


def not_installed(error: ImportError) -> Exception:
    """Name the cure for a library that is not there; any other failed import stays what it is."""
    library = (error.name or "").partition(".")[0]
    if library in ("", "talkover"):
        return error
    extra = "server" if library.startswith("onnx") else "trainer"
    return ConfigError(f"{library} is not installed; run: pip install 'talkover[{extra}]'")
