"""A stage of a run from end to end: weights, feed, guards, loop, and what is left in the folder."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import torch
from rich.console import Console

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.core.report import progress_bar
from talkover.trainer.policy.model import Policy
from talkover.trainer.policy.tuning import Tuning
from talkover.trainer.policy.whisper import read_base
from talkover.trainer.stages.card import write_card
from talkover.trainer.stages.curves import draw_curves
from talkover.trainer.stages.feed import Feed
from talkover.trainer.stages.guards import figures_of
from talkover.trainer.stages.loop import Ended, Loop
from talkover.trainer.stages.pace import Pace
from talkover.trainer.stages.run import (
    CARD,
    CURVES,
    Run,
    begin_policy,
    load_stage,
    read_metrics,
    read_told,
)
from talkover.trainer.stages.step import Step, Watch
from talkover.trainer.stages.tables import DataSettings
from talkover.trainer.stages.together import Place
from talkover.trainer.stages.watch import (
    GuardWatch,
    from_json,
    guard_sets,
    read_sets,
    stock_rule,
    to_json,
)

_SHOWN: Final = ("loss", "reward")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work:
    """Where stages work.

    Attributes:
        run: That they belong to.
        base: Base weights, as ``talkover models pull`` leaves them.
        console: Where people look.
        place: Who this process is.
    """

    run: Run
    base: Path
    console: Console
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """What makes a stage differ from the others.

    Attributes:
        name: Of the stage.
        after: Stage whose weights it begins with; empty: the base weights, or those of ``parent``.
        data: What it hears.
        pace: How fast.
        step: Makes its step, given the policy as the stage finds it, where ``after`` left it.
        watch: Makes its watch of the policy and the guards.
        written: Leave out the sources whose words are not to be learnt.
        feed: Makes its feed, given what ``Feed`` is given.
        parent: The folder of another run of the same policy, and the stage of it to begin with.
    """

    name: str
    after: str
    data: DataSettings
    pace: Pace
    step: Callable[[Policy], Step]
    watch: Callable[[Policy, GuardWatch], Watch] = lambda _policy, guards: guards
    written: bool = False
    feed: Callable[..., Feed] = Feed
    parent: tuple[Path, str] | None = None


def train_stage(work: Work, plan: Plan) -> Ended:
    """Train a stage, or go on with it; one that is done is left as it is.

    Returns:
        How far it came; not done: somebody interrupted it.

    Raises:
        DataError: the stage before it is not done, or something cannot be heard or read.
        ConfigError: there are no recordings of people on this machine.
        WeightsError: the base weights cannot be used.
    """
    run, place = work.run, work.place
    known = run.stages.get(plan.name, {})
    if known.get("done"):
        work.console.print(f"{plan.name} is done already, after {known['steps']} steps")
        return Ended(known["steps"], done=True, reason=known["reason"], seconds=known["seconds"])
    device = device_here()
    recipe = run.recipe
    policy = begin_policy(recipe.policy, work.base, seed=run.seed, rough=True)
    feeds: list[dict[str, int]] = []
    proven = int(run.stages.get(plan.after, {}).get("proven", 0))
    if plan.after:
        feeds = _begin_after(policy, run, plan)
    elif plan.parent:
        load_stage(policy, *plan.parent)
        proven = int(read_told(plan.parent[0])["stages"][plan.parent[1]]["proven"])
    policy.to(device)
    guards = _guards(work, policy, start=proven)
    watch = plan.watch(policy, guards)
    with plan.feed(
        plan.data, seed=run.seed, rank=place.rank, ranks=place.ranks, written=plan.written
    ) as feed:
        if place.rank < len(feeds):
            feed.go_past(feeds[place.rank])
        loop = Loop(
            policy,
            plan.step(policy),
            feed,
            watch,
            run=run,
            stage=plan.name,
            pace=plan.pace,
            seed=run.seed,
            place=place,
        )
        ended = _shown(work, plan, loop)
    if place.first:
        _leave(work, plan, ended, guards)
    place.agree([0])  # the others go on when it is written
    return ended


def stock_policy(base: Path) -> Policy:
    """The base weights, of which nothing learns, where training computes.

    Raises:
        WeightsError: they cannot be used.
    """
    found = read_base(base)
    return Policy(found.model, found.tokens, Tuning()).requires_grad_(False).to(device_here())


def device_here() -> torch.device:
    """One GPU a process, where there are any."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


def _begin_after(policy: Policy, run: Run, plan: Plan) -> list[dict[str, int]]:
    """The weights of the stage before, and what each process has heard there."""
    if not run.stages.get(plan.after, {}).get("done"):
        raise DataError(
            f"{plan.name} begins with what {plan.after} learnt, and that is not done; run: "
            f"talkover train {plan.after} --run {run.folder}"
        )
    told = load_stage(policy, run.folder, plan.after).told["feeds"]
    if not isinstance(told, list):
        raise DataError(f"the checkpoint of {plan.after} does not tell what it heard")
    return [{str(k): int(str(v)) for k, v in one.items()} for one in told if isinstance(one, dict)]


def _guards(work: Work, policy: Policy, *, start: int) -> GuardWatch:
    """Guard sets, and what the stock model makes of them, which is measured once a run."""
    run, settings = work.run, work.run.recipe.guards
    if not settings.every or not work.place.first:
        return GuardWatch(policy, (), {}, settings, run.recipe.windows, start=start)
    utterances = guard_sets(settings)
    if "stock" not in run.told:
        with progress_bar(work.console) as progress:
            task = progress.add_task("guard sets, stock model", total=len(utterances))

            def tick(count: int) -> None:
                progress.update(task, advance=count, refresh=True)

            stock = read_sets(stock_policy(work.base), utterances, stock_rule(settings), tick)
        run.note(stock=to_json(stock))
    stock = from_json(run.told["stock"])
    return GuardWatch(policy, utterances, stock, settings, run.recipe.windows, start=start)


def _shown(work: Work, plan: Plan, loop: Loop) -> Ended:
    """Run the loop behind a progress bar."""
    if not work.place.first:
        return loop.go()
    begun: list[tuple[float, int]] = []
    with progress_bar(work.console) as progress:
        task = progress.add_task(plan.name, total=plan.pace.steps)

        def tell(step: int, figures: Mapping[str, float]) -> None:
            if not begun:
                begun.append((time.monotonic(), step))
            text = _described(plan, step, figures, *begun[0])
            progress.update(task, completed=step, description=text, refresh=True)

        return loop.go(tell)


def _described(
    plan: Plan, step: int, figures: Mapping[str, float], since: float, first: int
) -> str:
    """What the bar says: the figures that matter, and how long it still takes."""
    shown = [f"{name} {figures[name]:.3f}" for name in _SHOWN if name in figures]
    if step > first:
        left = (time.monotonic() - since) / (step - first) * (plan.pace.steps - step)
        shown.append(f"{left / 60:.0f} min left")
    return ", ".join([plan.name, *shown])


def _leave(work: Work, plan: Plan, ended: Ended, guards: GuardWatch) -> None:
    """What a stage leaves beside its checkpoints."""
    run, rule = work.run, work.run.recipe.windows.rule(guards.proven)
    run.record(
        plan.name,
        after=plan.after,
        done=ended.done,
        steps=ended.step,
        reason=ended.reason,
        backs=list(ended.backs),
        seconds=round(ended.seconds, 1),
        proven=guards.proven,
        window=rule.minimum / RATE,
        margin=rule.margin / RATE,
    )
    lines = read_metrics(run.folder)
    stock = figures_of(from_json(run.told.get("stock", {})))
    run.write(CURVES, draw_curves(lines, stock))
    card = write_card(run.folder.resolve().name, run.recipe, run.told, lines)
    run.write(CARD, card.encode())
    how = f"is done after {ended.step} steps" if ended.done else f"stopped at step {ended.step}"
    more = f" ({ended.reason})" if ended.reason else ""
    work.console.print(f"{plan.name} {how}{more}; see {run.folder / CARD}")
    if not ended.done:
        work.console.print("give the same command again to go on from there")
