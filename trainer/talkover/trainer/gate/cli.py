"""``talkover train gate``."""

from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.console import Console

from talkover.core.bundles import BundleStore
from talkover.core.report import Report, hand_over, progress_bar
from talkover.core.settings import load_settings
from talkover.trainer.evaluation.cli import DataDir, Html, Json, bundle_of, not_installed

_QUICK: Final = (22, 6, 2, 15)


def gate(
    candidate: Annotated[
        str, typer.Option(help="First characters of the bundle's id that wants to be promoted.")
    ],
    current: Annotated[
        str | None,
        typer.Option(help="The same of the bundle whose place it wants. Default: the current one."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Half as many sounds: a rough answer.")
    ] = False,
    json: Json = None,
    html: Html = None,
    data_dir: DataDir = None,
    seed: Annotated[int, typer.Option(min=0, help="Of what both hear.")] = 0,
) -> None:
    """Judge a bundle before it may take another one's place; code 1 when a gate refuses it.

    Both exported listeners hear the same 96 sounds: seventeen accents and five code-switch
    patterns, real people in three languages, and noise without a word, all of validation splits.
    The candidate must not be worse, by more than the margin that each gate states: word errors
    (paired bootstrap), the worst five accents, deletions, repetition, switched words, real people,
    words out of nothing, latency, memory; and it must say what its trainer heard it say.
    """
    console = Console(highlight=False)
    folder = load_settings(data_dir=data_dir).data_dir
    store = BundleStore(folder)
    new, _ = bundle_of(folder, candidate)
    old, _ = bundle_of(folder, current)
    try:
        from talkover.trainer.gate import report as reports
        from talkover.trainer.gate.material import Amount, gather
        from talkover.trainer.gate.run import judge
    except ImportError as error:
        raise not_installed(error) from None
    amount = Amount(*_QUICK) if quick else Amount()
    made = amount.spoken + amount.people + amount.switched
    with progress_bar(console) as progress:
        bar = progress.add_task("making what is heard", total=made)
        material = gather(
            amount, seed=seed, tick=lambda: progress.update(bar, advance=1, refresh=True)
        )
        progress.update(bar, description="hearing", completed=0, total=material.count)
        judgement = judge(
            store.path(new),
            store.path(old),
            material=material,
            tick=lambda: progress.update(bar, advance=1, refresh=True),
        )
    others = reports.other_parts(store.get(new), store.get(old))
    report = Report(
        title=f"Gate: {new[:12]} for {old[:12]}",
        measures=reports.measures(judgement),
        bundle_id=new,
        seed=seed,
        quick=quick,
    )
    hand_over(
        report,
        console,
        json=json,
        html=html,
        listings=reports.listings(judgement, others),
        details={"current": old, "unjudged_parts": others, **asdict(judgement)},
    )
    console.print(judgement.verdict.reason, markup=False)
    if not judgement.verdict.passed:
        raise typer.Exit(1)
