"""Rounds of listening and learning: each learns from what the one before it left wrong."""

from dataclasses import replace
from typing import Final

from talkover.core.errors import DataError
from talkover.trainer.mining.files import Files
from talkover.trainer.mining.mixing import with_mined, written
from talkover.trainer.mining.round import mine
from talkover.trainer.mining.settings import MineSettings
from talkover.trainer.stages.loop import Ended
from talkover.trainer.stages.pace import Pace
from talkover.trainer.stages.recipe import TrainingRecipe
from talkover.trainer.stages.rl import RL, rl_plan
from talkover.trainer.stages.sft_stage import SFT, plan_of
from talkover.trainer.stages.sources import spoken_sources
from talkover.trainer.stages.stage import Plan, Work, train_stage
from talkover.trainer.stages.tables import SourceSettings

MINE: Final = "mine"


def train_mined(work: Work, rounds: int | None = None) -> Ended:
    """Mine and learn, round after round; the rounds are the stages mine-1, mine-2 and so on.

    Args:
        work: Their run; the first round goes on from what ``rl`` left, else ``sft``.
        rounds: How many; None: as the recipe says.

    Returns:
        How far the last one came; the rounds end when nothing is misheard.

    Raises:
        DataError: there is nothing to go on from, or nothing to listen to.
        ConfigError: eSpeak NG is not installed, or there are no recordings of people.
        WeightsError: the base weights cannot be used.
    """
    run = work.run
    ended = Ended(0, done=True, reason="nothing was misheard", seconds=0.0)
    after = RL if RL in run.stages else SFT
    for number in range(1, (rounds or run.recipe.mine.rounds) + 1):
        name = f"{MINE}-{number}"
        known = run.stages.get(name, {})
        after = str(known.get("after", after))
        if not known.get("done") and not _mined(work, number, name, after):
            work.console.print(f"round {number}: nothing was misheard; no round follows")
            break
        ended = train_stage(work, plan_for(work, number, after))
        if not ended.done:
            break
        after = name
    return ended


def plan_for(work: Work, number: int, after: str) -> Plan:
    """The stage that learns from a round.

    Args:
        work: Its run.
        number: Of the round.
        after: Stage whose weights it begins with.
    """
    recipe, name = work.run.recipe, f"{MINE}-{number}"
    settings = recipe.mine
    by_rewards = settings.by == "rl"
    source = source_of(work.run.recipe)
    data = with_mined(
        written(recipe.data) if by_rewards else recipe.data,
        f"mined-{number}",
        source,
        chosen=str(Files.of(work.run.folder, number).chosen),
        replay=settings.replay,
    )
    if by_rewards:
        plan = rl_plan(work, name, after=after, data=data, steps=settings.steps)
    else:
        plan = replace(plan_of(work, name, after=after, steps=settings.steps), data=data)
    return replace(plan, pace=paced(plan.pace, settings))


def paced(pace: Pace, settings: MineSettings) -> Pace:
    """A stage's pace at the rate of rounds, where they have one of their own. Pure."""
    return replace(pace, rate=settings.rate or pace.rate)


def _mined(work: Work, number: int, name: str, after: str) -> bool:
    """Whether there is something to learn from; the first process listens, the others wait."""
    run = work.run
    if not run.stages.get(after, {}).get("done"):
        raise DataError(
            f"{name} listens with what {after} learnt, and that is not done; run: "
            f"talkover train {after} --run {run.folder}"
        )
    source = source_of(work.run.recipe)
    found = 0
    if work.place.first:
        run.record(name, after=after)
        found = mine(work, Files.of(run.folder, number), after=after, source=source)
    return work.place.agree([found])[0] > 0


def source_of(recipe: TrainingRecipe) -> SourceSettings:
    """What rounds listen to. Pure.

    Raises:
        DataError: there is no such source.
    """
    spoken, wanted = spoken_sources(recipe.data), recipe.mine.source
    found = dict(spoken).get(wanted) if wanted else next((one for _, one in spoken), None)
    if found is None and wanted:
        names = ", ".join(name for name, _ in spoken) or "none"
        raise DataError(
            f"[mine] listens to {wanted!r}, and no source of that name is a recipe that is spoken; "
            f"there are {names}"
        )
    if found is None:
        raise DataError(
            "no source of [data] is a recipe that is spoken, so there is no pool to listen to; add "
            "one, or mine nothing"
        )
    return found
