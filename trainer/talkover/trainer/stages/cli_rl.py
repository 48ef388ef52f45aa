"""``talkover train rl`` and ``talkover train mine``."""

from typing import Annotated

import typer

from talkover.trainer.stages.cli import (
    INTERRUPTED,
    DataDir,
    Quick,
    RecipeName,
    RunFolder,
    Seed,
    working,
)


def rl(
    run: RunFolder,
    recipe: RecipeName = "",
    seed: Seed = None,
    quick: Quick = False,
    data_dir: DataDir = None,
) -> None:
    """Teach the listener by rewards: a policy gradient on what was understood, after sft.

    For each utterance several transcripts are drawn; what sounds more like what was said becomes
    likelier, whatever the accent, and hard accents weigh more. The listener is kept near to what
    sft left. When it falls silent, loops, or goes too far, the last good weights are gone back to,
    with a lower rate. Ctrl-C saves; the same command goes on, also after a kill.
    """
    with working(run, recipe, seed=seed, quick=quick, data_dir=data_dir) as work:
        from talkover.trainer.stages.rl import train_rl

        ended = train_rl(work)
    if not ended.done:
        raise typer.Exit(INTERRUPTED)


def mine(
    run: RunFolder,
    recipe: RecipeName = "",
    rounds: Annotated[
        int | None,
        typer.Option(min=1, help="How many. Default: as the recipe says.", show_default=False),
    ] = None,
    seed: Seed = None,
    quick: Quick = False,
    data_dir: DataDir = None,
) -> None:
    """Listen for what is still misheard, and learn from it: rounds of hard negatives.

    Each round listens to utterances that are new to the listener, and to those of the round before,
    keeps what is wrong but close, and trains on it, half of it mined and half as before. Nothing
    that models are judged on is kept. The folder of the run gets mined/ROUND.jsonl, a report of
    what was kept and why the rest was not, and the words that were taken for others.
    """
    with working(run, recipe, seed=seed, quick=quick, data_dir=data_dir) as work:
        from talkover.trainer.mining.rounds import train_mined

        ended = train_mined(work, rounds)
    if not ended.done:
        raise typer.Exit(INTERRUPTED)
