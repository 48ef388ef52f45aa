"""``talkover train export`` and ``talkover train delta``."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from rich.console import Console

from talkover.core.report import Report, hand_over, progress_bar
from talkover.core.settings import Settings, load_settings
from talkover.core.weights import find_part
from talkover.core.weights.state import require
from talkover.trainer.evaluation.cli import DataDir, Html, Json, bundle_of, not_installed

if TYPE_CHECKING:
    from talkover.trainer.export.origin import Origin
    from talkover.trainer.export.run import Tell
    from talkover.trainer.policy.model import Policy

_WEIGHTS: Final = "whisper-base"
_STEPS: Final = 1000  # of a bar
_FEW: Final = 24  # utterances that a delta is compared on

RunFolder = Annotated[
    Path, typer.Option("--run", help="Folder of the run, such as runs/first.", show_default=False)
]
Stage = Annotated[str, typer.Option(help="Of the run. Default: the last one that is done.")]
Seed = Annotated[int, typer.Option(min=0, help="Of the choice of utterances.")]


def export(
    run: RunFolder,
    stage: Stage = "",
    parent: Annotated[
        str | None,
        typer.Option(help="First characters of a bundle's id. Default: the current one."),
    ] = None,
    precision: Annotated[
        Literal["auto", "fp32", "int8"],
        typer.Option(help="auto: int8 as well, unless it costs words; int8: that, or nothing."),
    ] = "auto",
    count: Annotated[
        int | None,
        typer.Option(min=4, help="Utterances that are compared at most. Default: 96."),
    ] = None,
    seed: Seed = 0,
    json: Json = None,
    html: Html = None,
    data_dir: DataDir = None,
) -> None:
    """Make a bundle of what a run has learnt: its listener, and all other parts of the parent.

    The exported graphs are asked for what the policy is asked for, recordings of real people and
    accents that training never heard. fp32 has to write the policy's tokens in 99 of 100
    utterances, or nothing is exported; int8 may have 0.3 points more word errors than fp32 on real
    people, or it is left out. More utterances are read until that is settled. The bundle is signed;
    it is not made current: see `talkover train gate` and `talkover bundles promote`.
    """
    console = Console(highlight=False)
    settings = load_settings(data_dir=data_dir)
    policy, origin = _loaded(run, stage, settings)
    from talkover.core.bundles import BundleStore
    from talkover.core.bundles.keys import signer_of
    from talkover.trainer.export import parity
    from talkover.trainer.export.run import COUNT, own_examples
    from talkover.trainer.export.run import export as export_policy

    base, _ = bundle_of(settings.data_dir, parent)
    with console.status("making utterances"):
        examples = own_examples(count or COUNT, seed=seed)
    with _telling(console) as tell:
        made = export_policy(
            policy,
            origin,
            BundleStore(settings.data_dir),
            base,
            examples,
            precision=parity.Precision(precision),
            seal=signer_of(settings),
            tell=tell,
        )
    title = f"Export of {origin.name}"
    report = Report(
        title=title, measures=parity.measures(made.parity), bundle_id=made.bundle_id, seed=seed
    )
    details = {"variants": made.choice.variants, "word": made.choice.word}
    hand_over(report, console, json=json, html=html, details=details)
    console.print(made.choice.word)
    console.print(f"Bundle [bold]{made.bundle_id[:12]}[/bold]; its parent is {base[:12]}")


def delta(
    run: RunFolder,
    stage: Stage = "",
    out: Annotated[
        Path | None,
        typer.Option(
            help="File to write. Default: the package's own, from where `talkover models build` "
            "merges it.",
            show_default=False,
        ),
    ] = None,
    megabytes: Annotated[
        float, typer.Option(min=0.1, max=9.9, help="Size that the delta may have.")
    ] = 9.5,
    count: Annotated[
        int, typer.Option(min=2, help="Utterances that the merged listener is compared on.")
    ] = _FEW,
    judged: Annotated[
        Path | None,
        typer.Option(help="A report of talkover eval model (JSON): its figures go on the card."),
    ] = None,
    seed: Seed = 0,
    json: Json = None,
    html: Html = None,
    data_dir: DataDir = None,
) -> None:
    """Write what a run changed in the base weights, small enough to come with the source.

    Each matrix keeps the components that change most, as int8; the card and the golden outputs go
    with them. The merged listener is compared with the policy; a delta that costs more words than
    it may is not written, and the command ends with code 1.
    """
    console = Console(highlight=False)
    settings = load_settings(data_dir=data_dir)
    policy, origin = _loaded(run, stage, settings)
    from talkover.core.listener.deltafile import SHIPPED, write_delta
    from talkover.trainer.export.delta import make_delta, measures
    from talkover.trainer.export.judged import with_judged
    from talkover.trainer.export.run import own_examples

    if judged is not None:
        origin = replace(origin, card=with_judged(origin.card, judged))
    weights = require(settings.data_dir, find_part(_WEIGHTS))
    with console.status("making utterances"):
        examples = own_examples(count, seed=seed)
    path, budget = out or SHIPPED, int(megabytes * 1e6)
    with _telling(console) as tell, tempfile.TemporaryDirectory() as work:
        made = make_delta(
            policy, origin, weights, examples, Path(work) / "merged", budget=budget, tell=tell
        )
        size = write_delta(Path(work) / path.name, made.delta)
    report = Report(title=f"Delta of {origin.name}", measures=measures(made, size), seed=seed)
    hand_over(report, console, json=json, html=html)
    if not report.met:
        console.print("nothing is written: it costs more than it may; use more --megabytes")
        raise typer.Exit(1)
    write_delta(path, made.delta)
    path.with_suffix(".md").write_text(origin.card, "utf-8")
    console.print(f"written to {path}")


def _loaded(run: Path, stage: str, settings: Settings) -> "tuple[Policy, Origin]":
    """What a run has learnt, and where it comes from.

    Raises:
        ConfigError: a library is missing.
        DataError: the run has no such stage.
        WeightsError: the base weights are not there.
    """
    try:
        from talkover.trainer.export.origin import origin_of
        from talkover.trainer.stages.run import load_policy
    except ImportError as error:
        raise not_installed(error) from None
    origin = origin_of(run, stage)
    base = require(settings.data_dir, find_part(_WEIGHTS))
    return load_policy(run, origin.stage, base=base), origin


@contextmanager
def _telling(console: Console) -> "Iterator[Tell]":
    """A bar for what is told."""
    with progress_bar(console) as progress:
        bar = progress.add_task("", total=_STEPS)

        def tell(phrase: str, done: float) -> None:
            progress.update(bar, description=phrase, completed=round(_STEPS * done), refresh=True)

        yield tell
