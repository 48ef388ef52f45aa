"""The folder of a run: what it was made from, how far it is, what was seen, and what came of it.

::

    runs/NAME/recipe.toml      as resolved; a run goes on with no other
    runs/NAME/run.json         revisions, data, machine, seed, and what is known of each stage
    runs/NAME/metrics.jsonl    {"stage", "step", "time", figures} a line
    runs/NAME/checkpoints/     STAGE/step-*.safetensors; STAGE/good: where the guards held last
    runs/NAME/tensorboard/     the figures again
    runs/NAME/curves.png       the figures once more, to be looked at
    runs/NAME/card.md          the model's card
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import JsonValue
from tensorboardX import SummaryWriter

from talkover.core.closing import Closing
from talkover.core.errors import DataError
from talkover.core.report import this_machine
from talkover.core.report.model import git_revision
from talkover.core.weights.disk import write_atomically
from talkover.trainer.policy.checkpoint import Progress, latest, read_checkpoint
from talkover.trainer.policy.model import Policy, has_bf16
from talkover.trainer.policy.tuning import Tuning
from talkover.trainer.policy.whisper import read_base
from talkover.trainer.stages.recipe import TrainingRecipe
from talkover.trainer.stages.sources import data_sha256
from talkover.trainer.stages.tables import PolicySettings

RECIPE: Final = "recipe.toml"
TOLD: Final = "run.json"
METRICS: Final = "metrics.jsonl"
CURVES: Final = "curves.png"
CARD: Final = "card.md"
GOOD: Final = "good"
"""Folder among a stage's checkpoints: of the last weights at which the guards held."""
_FORMAT: Final = 1


class Run(Closing):
    """A run that is begun, or gone on with. One process writes to it.

    Args:
        folder: Made if missing.
        recipe: What the model is made from.
        seed: Of all that is drawn.
        writes: Whether this is the process that does; it comes before the others.

    Raises:
        DataError: the folder holds a run of another recipe, seed or data, or something else.
        ConfigError: there are no recordings of people on this machine.
    """

    def __init__(
        self, folder: Path, recipe: TrainingRecipe, *, seed: int, writes: bool = True
    ) -> None:
        self.folder = folder
        self.recipe = recipe
        self.seed = seed
        self._writes = writes
        self._boards: dict[str, SummaryWriter] = {}
        same: dict[str, JsonValue] = {
            "format": _FORMAT,
            "recipe": recipe.sha256,
            "data": data_sha256(recipe.data, seed=seed),
            "seed": seed,
        }
        if (folder / TOLD).exists():
            self._told = read_told(folder)
            _refuse_other(folder, self._told, same)
        elif folder.exists() and any(folder.iterdir()):
            raise DataError(f"{folder} is no run, and not empty; name another folder with --run")
        else:
            begun = datetime.now(UTC).isoformat(timespec="seconds")
            self._told = {**same, "begun": begun, "revisions": [], "stages": {}}
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / RECIPE, recipe.to_toml().encode())
        if writes:
            revisions = self._told["revisions"]
            revisions += {git_revision()} - set(revisions)
            self.note(machine=asdict(this_machine()))

    def close(self) -> None:
        """TensorBoard has all."""
        for board in self._boards.values():
            board.close()
        self._boards.clear()

    def checkpoints(self, stage: str) -> Path:
        """The folder of a stage's checkpoints."""
        return checkpoints_of(self.folder, stage)

    @property
    def stages(self) -> dict[str, dict[str, Any]]:
        """What is known of each stage, in the order in which they were begun."""
        stages: dict[str, dict[str, Any]] = self.told["stages"]
        return stages

    @property
    def told(self) -> Mapping[str, Any]:
        """All that is known of the run."""
        return self._told if self._writes else read_told(self.folder)

    def record(self, stage: str, **facts: JsonValue) -> None:
        """Keep what is known of a stage; what was known by the same name goes."""
        self._told["stages"].setdefault(stage, {"done": False}).update(facts)
        self._write()

    def note(self, **facts: JsonValue) -> None:
        """Keep what is known of the whole run."""
        self._told.update(facts)
        self._write()

    def log(self, stage: str, step: int, figures: Mapping[str, float]) -> None:
        """Keep figures of a step."""
        line = {"stage": stage, "step": step, "time": round(time.time(), 1), **figures}
        with (self.folder / METRICS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        board = self._board(stage, step)
        for name, value in figures.items():
            board.add_scalar(name, value, step)

    def rewind(self, stage: str, step: int) -> None:
        """Forget figures of steps that are done again: those after this one."""
        lines = [
            line
            for line in read_metrics(self.folder)
            if line["stage"] != stage or int(line["step"]) <= step
        ]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        write_atomically(self.folder / METRICS, text.encode())

    def write(self, name: str, content: bytes) -> None:
        """Put a file into the folder."""
        write_atomically(self.folder / name, content)

    def _board(self, stage: str, step: int) -> SummaryWriter:
        if stage not in self._boards:
            folder = self.folder / "tensorboard" / stage
            self._boards[stage] = SummaryWriter(str(folder), purge_step=step, write_to_disk=True)
        return self._boards[stage]

    def _write(self) -> None:
        text = json.dumps(self._told, indent=1, ensure_ascii=False) + "\n"
        write_atomically(self.folder / TOLD, text.encode())


def checkpoints_of(folder: Path, stage: str) -> Path:
    """Where a stage of a run keeps its checkpoints."""
    return folder / "checkpoints" / stage


def read_told(folder: Path) -> dict[str, Any]:
    """What is known of the run in a folder.

    Raises:
        DataError: there is none, or one of another version.
    """
    try:
        told: dict[str, Any] = json.loads((folder / TOLD).read_text("utf-8"))
    except (OSError, ValueError):
        raise DataError(f"{folder} holds no run; begin one: talkover train sft --run DIR") from None
    if not isinstance(told, dict) or told.get("format") != _FORMAT:
        raise DataError(f"{folder} holds a run of another version; name another folder")
    return told


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """Figures of a run, a line each; what a kill broke off is left out."""
    path = folder / METRICS
    text = path.read_text("utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def read_recipe(folder: Path) -> TrainingRecipe:
    """The recipe of the run in a folder.

    Raises:
        DataError: there is no run, or its recipe cannot be used.
    """
    read_told(folder)
    return TrainingRecipe.load(os.fspath(folder / RECIPE))


def stage_of(run: Path, stage: str = "") -> str:
    """The name of a stage that is done; where none is named, the last that is no control.

    Raises:
        DataError: it is not done.
    """
    stages: dict[str, dict[str, Any]] = read_told(run)["stages"]
    done = [name for name, known in stages.items() if known.get("done")]
    name = stage or next((one for one in reversed(done) if not stages[one].get("control")), "")
    if name not in done:
        what = f"stage {stage!r}" if stage else "any stage"
        raise DataError(
            f"{run} is not done with {what}; done: {', '.join(done) or 'none'}. "
            "Go on with the command that began it"
        )
    return name


def load_policy(run: Path, stage: str = "", *, base: Path) -> Policy:
    """The policy as a stage of a run left it; judged in float32, however it learnt.

    Args:
        run: The folder of the run.
        stage: Its name; empty: the last one that is done and no control.
        base: Base weights, as ``talkover models pull`` leaves them.

    Raises:
        DataError: the stage is not done, or its checkpoint is damaged.
        WeightsError: the base weights cannot be used.
    """
    name = stage_of(run, stage)
    policy = begin_policy(read_recipe(run).policy, base)
    load_stage(policy, run, name)
    return policy


def begin_policy(
    settings: PolicySettings, base: Path, *, seed: int = 0, rough: bool = False
) -> Policy:
    """The base weights as a policy that can learn as a recipe says.

    Args:
        settings: The recipe's.
        base: Base weights, as ``talkover models pull`` leaves them.
        seed: Of the first weights of what is added.
        rough: Whether bfloat16 will do, where the recipe asks for it and this machine has it. What
            is judged is computed in float32.

    Raises:
        WeightsError: the weights cannot be used.
        BundleError: the tokenizer cannot be used.
    """
    found = read_base(base, empty=settings.empty)
    tuning = Tuning(rank=settings.rank, scale=settings.scale, embeddings=settings.embeddings)
    bf16 = rough and settings.bf16 and has_bf16()
    return Policy(found.model, found.tokens, tuning, seed=seed, bf16=bf16)


def load_stage(policy: Policy, folder: Path, stage: str) -> Progress:
    """Give a policy the weights that a stage left.

    Returns:
        What else the stage left.

    Raises:
        DataError: there is no checkpoint of that stage, or it is not of such a policy.
    """
    path = latest(checkpoints_of(folder, stage))
    if path is None:
        raise DataError(f"{folder} has no checkpoint of stage {stage!r}; train it first")
    return read_checkpoint(path, policy)


def _refuse_other(folder: Path, told: Mapping[str, Any], same: Mapping[str, JsonValue]) -> None:
    other = [name for name, value in same.items() if told.get(name) != value]
    if other:
        raise DataError(
            f"{folder} holds a run of another {' and '.join(other)}; go on with what it was begun "
            "with, or name another folder with --run"
        )
