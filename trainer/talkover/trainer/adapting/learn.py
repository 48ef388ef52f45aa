"""A listener of a run goes on with an accent: by rewards, and supervised, from where it was."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from talkover.trainer.adapting.newcomer import RECIPE
from talkover.trainer.stages.loop import Ended
from talkover.trainer.stages.recipe import TrainingRecipe
from talkover.trainer.stages.rl import RL, rl_plan
from talkover.trainer.stages.sft_stage import SFT, plan_of
from talkover.trainer.stages.stage import Work, train_stage
from talkover.trainer.stages.tables import DataSettings, SourceSettings

ARMS: Final = (RL, SFT)
"""Rewards first: they keep near to what the parent left, not to what supervision made of it."""


def recipe_of(base: TrainingRecipe, parent: TrainingRecipe, chosen: Path) -> TrainingRecipe:
    """What an accent is learnt by: the parent's policy and windows, and the accent alone. Pure.

    Args:
        base: How fast and how long.
        parent: Of the run that is gone on from.
        chosen: Which utterances are heard.
    """
    heard = SourceSettings(recipe=RECIPE, chosen=str(chosen))
    return replace(
        base,
        policy=parent.policy,
        windows=parent.windows,
        data=DataSettings(sources={"newcomer": heard}, longest=parent.data.longest),
    )


def learn(work: Work, parent: tuple[Path, str]) -> Ended:
    """Train both arms, or go on with them.

    Args:
        work: The run, by ``recipe_of``.
        parent: The folder of the run to begin with, and its stage.

    Returns:
        How far the last one came.

    Raises:
        DataError: the parent's stage is not done.
        ConfigError: an engine is not installed.
        WeightsError: the base weights cannot be used.
    """
    recipe = work.run.recipe
    for name in ARMS:
        if name == RL:
            plan = rl_plan(work, RL, after="", data=recipe.data, steps=recipe.rl.steps)
        else:
            plan = plan_of(work, SFT, after="", steps=recipe.sft.steps)
        ended = train_stage(work, replace(plan, parent=parent))
        if not ended.done:
            break
    return ended
