"""``talkover eval reward``."""

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from talkover.core.report import Report, hand_over, progress_bar

_WHOLE: Final = 2_000
_QUICK: Final = 200
_PASSES: Final = 4


def reward(
    utterances: Annotated[
        int | None, typer.Option(min=1, help="How many. Default: 2000, or 200 with --quick.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A rough answer within seconds.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of sentences and errors.")] = 0,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as a page.")] = None,
) -> None:
    """How many rewards of the policy gradient a core can give in a second.

    Four transcripts with one to three wrong words each of sentences in English and in two
    languages are scored by the step, by the utterance, and as four accents that should agree. Ends
    with code 1 when the bar is missed.
    """
    from talkover.trainer.reward.policy import RewardPolicy
    from talkover.trainer.reward.rate import measure
    from talkover.trainer.reward.rate import utterances as drawn

    console = Console(highlight=False)
    count = utterances or (_QUICK if quick else _WHOLE)
    chosen = drawn(count, seed)
    with progress_bar(console) as progress:
        task = progress.add_task("scoring", total=_PASSES * count)
        measures = measure(chosen, RewardPolicy(), lambda: progress.advance(task))
    report = Report(title="Rewards", measures=measures, seed=seed, quick=quick)
    hand_over(report, console, json=json, html=html)
    if not report.met:
        raise typer.Exit(1)
