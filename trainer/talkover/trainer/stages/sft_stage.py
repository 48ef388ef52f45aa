"""Supervised fine-tuning as a stage of a run, and going on with it as a control.

What the policy gradient gains is told against the same policy that was taught supervised for as
long a time: a longer training by itself makes models better, too.
"""

from typing import Final

from talkover.core.errors import DataError
from talkover.trainer.policy.model import Policy
from talkover.trainer.stages.loop import Ended
from talkover.trainer.stages.pace import Pace
from talkover.trainer.stages.sft import Supervised
from talkover.trainer.stages.stage import Plan, Work, stock_policy, train_stage
from talkover.trainer.stages.tables import SftSettings

SFT: Final = "sft"
CONTINUED: Final = "sft-continued"


def train_sft(work: Work) -> Ended:
    """Teach the base weights what was said.

    Raises:
        DataError: something cannot be heard or read.
        ConfigError: there are no recordings of people on this machine.
        WeightsError: the base weights cannot be used.
    """
    return train_stage(work, plan_of(work, SFT, after="", steps=work.run.recipe.sft.steps))


def train_continued(work: Work) -> Ended:
    """Go on teaching what ``sft`` left, for as long as the other stages after it took.

    Raises:
        DataError: ``sft`` is not done, or there is no other stage to be as long as.
    """
    known = work.run.stages.get(CONTINUED, {})
    steps = int(known.get("planned", 0)) or _steps_for_equal_compute(work)
    if work.place.first and work.run.stages.get(SFT, {}).get("done"):
        work.run.record(CONTINUED, planned=steps, control=True)
    return train_stage(work, plan_of(work, CONTINUED, after=SFT, steps=steps))


def plan_of(work: Work, name: str, *, after: str, steps: int) -> Plan:
    """A supervised stage of a run.

    Args:
        work: Its run.
        name: Of the stage.
        after: Stage whose weights it begins with; empty: the base weights.
        steps: Of it.
    """
    recipe = work.run.recipe

    def step(policy: Policy) -> Supervised:
        distilled = any(one.distil for one in recipe.data.sources.values())
        teacher = stock_policy(work.base) if distilled and recipe.sft.distil else None
        return Supervised(policy, recipe.sft, teacher)

    return Plan(
        name=name,
        after=after,
        data=recipe.data,
        pace=pace_of(recipe.sft, steps, softer=recipe.guards.softer),
        step=step,
        written=not recipe.sft.distil,
    )


def pace_of(settings: SftSettings, steps: int, *, softer: float) -> Pace:
    """How fast supervised steps go."""
    return Pace(
        steps=steps,
        examples=settings.examples,
        rate=settings.rate,
        warmup=min(settings.warmup, steps // 2),
        lowest=settings.lowest,
        clip=settings.clip,
        decay=settings.decay,
        softer=softer,
    )


def _steps_for_equal_compute(work: Work) -> int:
    """So many supervised steps cost what the stages after ``sft`` did."""
    stages, wanted = work.run.stages, work.run.recipe.sft.continued
    if wanted:
        return wanted
    others = [known for name, known in stages.items() if name not in {SFT, CONTINUED}]
    seconds = sum(float(known.get("seconds", 0.0)) for known in others if known.get("done"))
    sft = stages.get(SFT, {})
    if not seconds or not sft.get("seconds"):
        raise DataError(
            f"{CONTINUED} takes as long as rl and mine did, and none is done; run those first, or "
            "set continued under [sft]"
        )
    return max(round(seconds * int(sft["steps"]) / float(sft["seconds"])), 1)
