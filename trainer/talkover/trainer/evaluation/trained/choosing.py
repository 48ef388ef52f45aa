"""Which readers are asked for, by what a command is told."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from talkover.core.clock import RATE
from talkover.core.errors import ConfigError, DataError
from talkover.core.listener import Variant, WindowRule
from talkover.core.listener.build import read_config
from talkover.core.listener.tokens import read_tokenizer
from talkover.core.weights.disk import sha256_of
from talkover.trainer.evaluation.trained.readers import (
    STOCK,
    ExportedWriter,
    Reader,
    StockWriter,
    TunedWriter,
    Writer,
)
from talkover.trainer.policy.checkpoint import latest
from talkover.trainer.stages.recipe import TrainingRecipe
from talkover.trainer.stages.run import checkpoints_of, load_policy, read_recipe, read_told

_SHOWN: Final = 8


def stock(weights: Path) -> Reader:
    """The published weights on 30 s.

    Args:
        weights: As ``talkover models pull`` leaves them.
    """
    same = sha256_of(weights / "model.bin")
    about = "as it was published, on 30 s, float32, greedy without a second try"
    return Reader(STOCK, same, about, lambda: StockWriter(weights))


def exported(bundle_id: str, listener: Path, variant: Variant) -> Reader:
    """The listener of a bundle.

    Args:
        bundle_id: Of the bundle, which stands for its content.
        listener: Its folder.
        variant: Of the weights.
    """
    return Reader(
        f"{bundle_id[:_SHOWN]}-{variant}",
        f"{bundle_id} {variant}",
        f"the exported listener of bundle {bundle_id[:_SHOWN]}, {variant}",
        lambda: ExportedWriter(listener, variant),
    )


def of_runs(runs: Sequence[Path], stages: Sequence[str], weights: Path) -> list[Reader]:
    """Stages of runs, in the order in which they are named.

    Args:
        runs: Folders.
        stages: Of each; none: the last one that is done.
        weights: The base weights.

    Raises:
        DataError: a folder holds no run, or a stage of it is not done.
    """
    several = len(runs) > 1
    return [
        _of_run(run, stage, weights, f"{run.name}-" if several else "")
        for run in runs
        for stage in stages or [""]
    ]


def each_once(readers: list[Reader]) -> list[Reader]:
    """See that readers can be told apart.

    Raises:
        ConfigError: two are called the same.
    """
    names = [reader.name for reader in readers]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ConfigError(
            f"two readers are called {min(twice)}; name each once, and runs by folders of "
            "different names"
        )
    return readers


def rule_of(run: Path, stage: str, recipe: TrainingRecipe) -> WindowRule:
    """The windows on which the guards held last in a stage; those of a recipe's first step else.

    Raises:
        DataError: there is no such run.
    """
    facts = read_told(run)["stages"].get(stage, {})
    rules = [recipe.windows.rule(step) for step in range(len(recipe.windows.shortest))]
    told = [round(RATE * float(facts.get(name, 0.0))) for name in ("window", "margin")]
    return next((rule for rule in rules if [rule.minimum, rule.margin] == told), rules[0])


def _of_run(run: Path, stage: str, weights: Path, before: str) -> Reader:
    known = read_told(run)["stages"]
    done = [name for name, facts in known.items() if facts.get("done")]
    name = stage or next(reversed(done), "")
    path = latest(checkpoints_of(run, name)) if name in done else None
    if path is None:
        what = f"stage {stage!r}" if stage else "any stage"
        raise DataError(f"{run} is not done with {what}; done: {', '.join(done) or 'none'}")
    recipe = read_recipe(run)
    rule = rule_of(run, name, recipe)

    def opened() -> Writer:
        tokenizer = read_tokenizer(weights)
        config = read_config(weights / "config.json", tokenizer)
        return TunedWriter(load_policy(run, name, base=weights), config, rule)

    same = sha256(f"{sha256_of(path)} {rule!r}".encode()).hexdigest()
    seconds = rule.minimum / RATE
    about = f"stage {name} of run {run.name}, windows from {seconds:g} s on, float32"
    return Reader(before + name, same, about, opened, learnt_by(recipe), name)


def learnt_by(recipe: TrainingRecipe) -> tuple[str, ...]:
    """Data recipes whose people a training recipe learns from."""
    spoken = [
        source.recipe
        for source in recipe.data.sources.values()
        if source.recipe and not source.manifest and not source.prompts
    ]
    return tuple(dict.fromkeys(spoken))
