"""The folder of a run that teaches a brain to see.

::

    runs/NAME/recipe.toml             as resolved; a run goes on with no other
    runs/NAME/run.json                seed, eyes, weights, revisions, machine, and how far it is
    runs/NAME/metrics.jsonl           {"stage", "step", "time", figures} a line
    runs/NAME/checkpoints/            step-*.safetensors
    runs/NAME/curves.png, card.md     to be looked at
    runs/NAME/sight-delta.safetensors what a bundle merges, once it is done
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import JsonValue

from talkover.core.errors import DataError
from talkover.core.report import this_machine
from talkover.core.report.model import git_revision
from talkover.core.weights.disk import write_atomically
from talkover.trainer.seeing.recipe import SeerRecipe
from talkover.trainer.stages.run import METRICS, RECIPE, TOLD, read_metrics

STAGE: Final = "seer"
NAMING: Final = "naming"
WARMING: Final = "warming"
DELTA_FILE: Final = "sight-delta.safetensors"
_KIND: Final = "talkover seer run 1"


class SeerRun:
    """A run that is begun, or gone on with. One process writes to it.

    Args:
        folder: Made if missing.
        recipe: What is learnt.
        seed: Of all that is drawn.
        base: sha256 of the brain's weights.
        eyes: Names the features that it is shown.

    Raises:
        DataError: the folder holds a run of another recipe, seed, brain or eyes, or something else.
    """

    def __init__(
        self, folder: Path, recipe: SeerRecipe, *, seed: int, base: str, eyes: str
    ) -> None:
        self.folder, self.recipe, self.seed = folder, recipe, seed
        same: dict[str, JsonValue] = {
            "kind": _KIND,
            "recipe": recipe.sha256,
            "seed": seed,
            "base": base,
            "eyes": eyes,
        }
        if (folder / TOLD).exists():
            self.told: dict[str, Any] = read_told(folder)
            other = [name for name, value in same.items() if self.told.get(name) != value]
            if other:
                raise DataError(
                    f"{folder} holds a run of another {' and '.join(other)}; go on with what it "
                    "was begun with, or name another folder with --run"
                )
        elif folder.exists() and any(folder.iterdir()):
            raise DataError(f"{folder} is no run, and not empty; name another folder with --run")
        else:
            begun = datetime.now(UTC).isoformat(timespec="seconds")
            self.told = {**same, "begun": begun, "revisions": [], "steps": 0, "done": False}
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / RECIPE, recipe.to_toml().encode())
        revisions = self.told["revisions"]
        revisions += {git_revision()} - set(revisions)
        self.note(machine=asdict(this_machine()))

    @property
    def checkpoints(self) -> Path:
        """Their folder."""
        return self.folder / "checkpoints"

    def note(self, **facts: JsonValue) -> None:
        """Keep what is known of the run."""
        self.told.update(facts)
        text = json.dumps(self.told, indent=1, ensure_ascii=False) + "\n"
        write_atomically(self.folder / TOLD, text.encode())

    def log(self, step: int, figures: Mapping[str, float], stage: str = STAGE) -> None:
        """Keep figures of a step."""
        line = {"stage": stage, "step": step, "time": round(time.time(), 1), **figures}
        with (self.folder / METRICS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def rewind(self, step: int) -> None:
        """Forget figures of steps that are done again: those after this one."""
        lines = [
            one
            for one in read_metrics(self.folder)
            if one["stage"] != STAGE or int(one["step"]) <= step
        ]
        text = "".join(json.dumps(one) + "\n" for one in lines)
        write_atomically(self.folder / METRICS, text.encode())


def read_told(folder: Path) -> dict[str, Any]:
    """What is known of the run in a folder.

    Raises:
        DataError: there is none, or one of another kind.
    """
    try:
        told: dict[str, Any] = json.loads((folder / TOLD).read_text("utf-8"))
    except (OSError, ValueError):
        raise DataError(
            f"{folder} holds no run; begin one: talkover train seer --run DIR"
        ) from None
    if not isinstance(told, dict) or told.get("kind") != _KIND:
        raise DataError(f"{folder} holds a run of another kind; name another folder with --run")
    return told
