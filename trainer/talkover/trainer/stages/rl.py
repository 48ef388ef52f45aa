"""The policy gradient as a stage of a run."""

from collections.abc import Callable
from functools import partial
from typing import Final

import torch

from talkover.trainer.data.recipe import Recipe
from talkover.trainer.policy.model import Policy
from talkover.trainer.stages.feed import Feed
from talkover.trainer.stages.loop import Ended
from talkover.trainer.stages.pace import Pace
from talkover.trainer.stages.rl_groups import Alike, AlikeFeed
from talkover.trainer.stages.rl_reference import Reference
from talkover.trainer.stages.rl_settings import RlSettings
from talkover.trainer.stages.rl_step import RlStep
from talkover.trainer.stages.rl_watch import RlWatch
from talkover.trainer.stages.run import Run, load_stage
from talkover.trainer.stages.sft_stage import SFT
from talkover.trainer.stages.sources import spoken_sources
from talkover.trainer.stages.stage import Plan, Work, train_stage
from talkover.trainer.stages.step import Watch
from talkover.trainer.stages.tables import DataSettings

RL: Final = "rl"
_KEEP: Final = 10
"""Steps between two checkpoints: one takes many times as long as one of sft."""


def train_rl(work: Work) -> Ended:
    """Have what ``sft`` left learn from rewards.

    Raises:
        DataError: ``sft`` is not done, or something cannot be heard or read.
        ConfigError: eSpeak NG is not installed, or there are no recordings of people.
        WeightsError: the base weights cannot be used.
    """
    recipe = work.run.recipe
    return train_stage(work, rl_plan(work, RL, after=SFT, data=recipe.data, steps=recipe.rl.steps))


def rl_plan(work: Work, name: str, *, after: str, data: DataSettings, steps: int) -> Plan:
    """A stage of the policy gradient.

    Args:
        work: Its run.
        name: Of the stage.
        after: Stage whose weights it begins with. It keeps near to what ``sft`` left, if the run
            has that, and else to these.
        data: What it hears.
        steps: Of it.
    """
    recipe = work.run.recipe

    def step(policy: Policy) -> RlStep:
        return RlStep(policy, recipe.rl, recipe.reward, _near_to(work.run, policy))

    def watch(_policy: Policy, guards: Watch) -> RlWatch:
        return RlWatch(guards, recipe.rl, looks=recipe.guards.every > 0)

    return Plan(
        name=name,
        after=after,
        data=data,
        pace=pace_of(recipe.rl, steps),
        step=step,
        watch=watch,
        written=True,
        feed=_feed(recipe.rl, data, work.run.seed),
    )


def pace_of(settings: RlSettings, steps: int) -> Pace:
    """How fast steps of the policy gradient go."""
    return Pace(
        steps=steps,
        examples=settings.utterances,
        rate=settings.rate,
        warmup=min(settings.warmup, steps // 2),
        lowest=settings.lowest,
        clip=settings.clip,
        softer=settings.softer,
        keep=_KEEP,
    )


def _near_to(run: Run, policy: Policy) -> Reference:
    """What a policy is kept near to; the policy itself is left as it is."""
    if not run.stages.get(SFT, {}).get("done"):
        return Reference(policy)
    learnt = [one for one in policy.parameters() if one.requires_grad]
    now = [one.detach().clone() for one in learnt]
    load_stage(policy, run.folder, SFT)
    reference = Reference(policy)
    with torch.no_grad():
        for one, value in zip(learnt, now, strict=True):
            one.copy_(value)
    return reference


def _feed(settings: RlSettings, data: DataSettings, seed: int) -> Callable[..., Feed]:
    """Where a recipe is spoken, one text comes in several accents now and then."""
    spoken = spoken_sources(data)
    if not spoken or not settings.together_every:
        return Feed
    _, source = spoken[0]
    alike = Alike(Recipe.load(source.recipe, seed=seed), source.split, settings.together)
    return partial(AlikeFeed, alike=alike, every=settings.together_every)
