"""Steps that train: which turns, what the run begins with, what is misheard, and learning."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from talkover.core.learning.items import State
from talkover.core.learning.runs import Runs
from talkover.core.report import progress_bar
from talkover.trainer.export.origin import origin_of
from talkover.trainer.learning.beginning import base_named, base_of, served_windows
from talkover.trainer.learning.blending import material_of, try_shares
from talkover.trainer.learning.collecting import outcomes, with_calls, write_manifests
from talkover.trainer.learning.cycle import ENDS, Cycle, PausedError
from talkover.trainer.learning.misheard import HARD, mine_calls
from talkover.trainer.learning.parents import parent_run
from talkover.trainer.learning.pruning import ITEMS
from talkover.trainer.learning.withholding import withheld_by
from talkover.trainer.policy.checkpoint import latest
from talkover.trainer.stages.loop import Ended
from talkover.trainer.stages.recipe import TrainingRecipe
from talkover.trainer.stages.rl import RL, rl_plan
from talkover.trainer.stages.run import (
    TOLD,
    Run,
    begin_policy,
    checkpoints_of,
    load_policy,
    read_recipe,
    read_told,
)
from talkover.trainer.stages.sft_stage import SFT, train_sft
from talkover.trainer.stages.stage import Work, train_stage
from talkover.trainer.stages.tables import LANGUAGES, DataSettings, SourceSettings


def collect(cycle: Cycle) -> dict[str, Any]:
    """Write the items down as manifests."""
    ready = cycle.items.select(State.READY)
    sounds = cycle.items.folder / "audio"
    folder = cycle.folder.with_name(cycle.folder.name + ITEMS)
    written = write_manifests(folder, sounds, ready, cycle.name)
    told: dict[str, Any] = {
        "manifests": {
            name: {"path": str(path), "trust": trust, "lines": lines}
            for name, (path, trust, lines) in written.items()
        },
        "outcomes": len(outcomes(ready)),
        "base": base_of(cycle.settings).name,
        "recipe": cycle.settings.learning.recipe,
        "share": cycle.settings.learning.share,
    }
    return told if written else {**told, ENDS: "no turn says what was said"}


def teach(cycle: Cycle) -> dict[str, Any]:
    """Begin with what the run of the bundle that is served left; else teach the base weights."""
    with _working(cycle) as work:
        parent = parent_run(cycle.settings.data_dir)
        taken = False
        if parent and SFT not in work.run.stages and _same_base(cycle, parent):
            taken = _take_over(work, parent)
        ended = _ended(train_sft(work))
    return {"parent": parent.name if parent and taken else "", **ended}


def mine(cycle: Cycle) -> dict[str, Any]:
    """Find what of the turns is still misheard."""
    with _working(cycle) as work:
        withheld = withheld_by(cycle.settings.learning)
        found = mine_calls(work, _calls(cycle), after=SFT, withheld=withheld)
    return {"misheard": {name: str(path) for name, path in found.items()}}


def learn(cycle: Cycle) -> dict[str, Any]:
    """The policy gradient on what was misheard, on the other turns, and on replay."""
    with _working(cycle) as work:
        recipe = work.run.recipe
        data = with_misheard(
            recipe.data, _calls(cycle), cycle.told["mine"]["misheard"], recipe.mine.replay
        )
        plan = rl_plan(work, RL, after=SFT, data=data, steps=recipe.rl.steps)
        return _ended(train_stage(work, plan))


def blend(cycle: Cycle) -> dict[str, Any]:
    """Settle how much of what was learnt is served, on people whom no run learns from."""
    recipe = read_recipe(cycle.folder)
    base = base_named(cycle.settings, cycle.told["collect"]["base"])
    policy, began = load_policy(cycle.folder, base=base), begin_policy(recipe.policy, base)
    guards = replace(recipe.guards, languages=LANGUAGES)
    with progress_bar(cycle.console) as progress:
        task = progress.add_task("blend", total=material_of(recipe.blend, guards))
        tried = try_shares(
            policy,
            began,
            origin_of(cycle.folder).window,
            recipe.blend,
            guards,
            lambda what, more: progress.update(task, description=f"blend: {what}", advance=more),
        )
    told = {"share": tried[-1].share, "tried": [str(one) for one in tried]}
    cycle.console.print(f"blend: {tried[-1]}")
    if tried[-1].fits or cycle.quick:  # a quick one is not judged by the few it reads
        return told
    return {
        **told,
        ENDS: f"people are understood worse, however little of it is served: {tried[-1]}",
    }


def with_misheard(
    data: DataSettings,
    calls: Mapping[str, SourceSettings],
    misheard: Mapping[str, str],
    replay: float,
) -> DataSettings:
    """What is heard when turns that were misheard come more often, each as often as the others.

    Args:
        data: What is heard otherwise.
        calls: The manifests of turns by their names.
        misheard: Of some, a manifest of those that were misheard.
        replay: Share of examples that are as otherwise.
    """
    counts = {name: _lines(Path(path)) for name, path in misheard.items()}
    if not sum(counts.values()):
        return data
    total = sum(one.share for one in data.sources.values())
    sources = {
        name: replace(one, share=one.share / total * replay)
        for name, one in data.sources.items()
        if replay
    }
    for name, count in counts.items():
        share = (1 - replay) * count / sum(counts.values())
        hard = replace(calls[name], manifest=misheard[name], share=share)
        sources[f"{HARD}-{name}"] = hard
    return replace(data, sources=sources)


def _same_base(cycle: Cycle, parent: Path) -> bool:
    """Both change the same weights: another version may come with others."""
    theirs = Runs(cycle.items.ledger).told(parent.name).get("collect", {})
    return bool(theirs.get("base") == cycle.told["collect"]["base"])


def _take_over(work: Work, parent: Path) -> bool:
    """Begin with the last stage of another run; False: it learnt otherwise than this one will."""
    done = {name: known for name, known in read_told(parent)["stages"].items() if known["done"]}
    last = next(reversed(done), "")
    left = latest(checkpoints_of(parent, last)) if last else None
    if left is None or read_recipe(parent).policy != work.run.recipe.policy:
        return False
    folder = work.run.checkpoints(SFT)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{left.name}.taken.partial"
    shutil.copyfile(left, partial)
    partial.replace(folder / left.name)
    known = {**done[last], "after": "", "reason": f"as {last} of {parent.name} left it"}
    work.run.record(SFT, **known)
    return True


@contextmanager
def _working(cycle: Cycle) -> Iterator[Work]:
    """The run's folder with its recipe, for a stage."""
    base = base_named(cycle.settings, cycle.told["collect"]["base"])
    with Run(cycle.folder, _recipe(cycle), seed=cycle.seed) as run:
        yield Work(run=run, base=base, console=cycle.console)


def _recipe(cycle: Cycle) -> TrainingRecipe:
    """As it was when the run was begun, with the turns that it collected."""
    folder = cycle.folder
    if (folder / TOLD).is_file():
        return read_recipe(folder)
    told = cycle.told["collect"]
    written = {
        name: (Path(one["path"]), float(one["trust"]), int(one["lines"]))
        for name, one in told["manifests"].items()
    }
    base = TrainingRecipe.load(told["recipe"])
    recipe = with_calls(base.quick() if cycle.quick else base, written, told["share"])
    windows = served_windows(recipe.windows, cycle.settings.data_dir)
    return replace(recipe, name=cycle.name, windows=windows)


def _calls(cycle: Cycle) -> dict[str, SourceSettings]:
    """The turns among the sources of the run."""
    sources = _recipe(cycle).data.sources
    return {name: sources[name] for name in cycle.told["collect"]["manifests"]}


def _ended(ended: Ended) -> dict[str, Any]:
    if not ended.done:
        raise PausedError
    return {"steps": ended.step, "reason": ended.reason, "seconds": round(ended.seconds, 1)}


def _lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())
