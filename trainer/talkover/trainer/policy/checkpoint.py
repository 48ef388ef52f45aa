"""Where training is, as one file: whole or not there, and without pickle.

It holds the weights that learn, what the optimiser knows of them, and what the loop has to say. It
does not hold random numbers: draw them from a seed and the step, and there are none to be kept.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from pydantic import JsonValue
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from talkover.core.errors import DataError
from talkover.core.weights.disk import write_atomically

KEPT: Final = 2
"""Checkpoints of a run, where nothing else is said."""
_KIND: Final = "talkover checkpoint 1"
_NAME: Final = "step-*.safetensors"
_WEIGHT: Final = "weight/"
_STATE: Final = "optimiser/"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far training is.

    Attributes:
        step: So many are done.
        told: What else the loop needs to go on, such as the state of its stream.
    """

    step: int
    told: Mapping[str, JsonValue]


def write_checkpoint(
    folder: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    progress: Progress,
    *,
    keep: int = KEPT,
) -> Path:
    """Write one, and remove the oldest.

    Args:
        folder: Made if missing; of one run, to which one process writes.
        model: Of which the weights that learn are kept.
        optimiser: Of those weights, in the model's order.
        progress: How far it is.
        keep: So many remain.

    Returns:
        The file.
    """
    learnt = _learnt(model)
    state = optimiser.state_dict()
    tensors = {_WEIGHT + name: value.detach() for name, value in learnt.items()}
    for number, values in state["state"].items():
        for kind, value in values.items():
            tensors[f"{_STATE}{number}/{kind}"] = torch.as_tensor(value)
    content = {
        "kind": _KIND,
        "step": str(progress.step),
        "told": json.dumps(progress.told),
        "groups": json.dumps(state["param_groups"]),
        "names": json.dumps(list(learnt)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _NAME.replace("*", f"{progress.step:08d}")
    write_atomically(path, save({n: v.cpu().contiguous() for n, v in tensors.items()}, content))
    halves = folder.glob(f".{_NAME}.*.partial")  # of a process that was killed while it wrote
    for old in (*sorted(folder.glob(_NAME))[:-keep], *halves):
        old.unlink()
    return path


def latest(folder: Path) -> Path | None:
    """The checkpoint to go on from; None where there is none."""
    return max(folder.glob(_NAME), default=None)


def read_checkpoint(
    path: Path, model: nn.Module, optimiser: torch.optim.Optimizer | None = None
) -> Progress:
    """Put a model, and an optimiser, where they were.

    Args:
        path: What ``write_checkpoint`` wrote.
        model: Of the same shape, tuned in the same way.
        optimiser: Of its weights that learn, in its order; None: only the weights are wanted.

    Raises:
        DataError: it is no checkpoint, or one of another model; nothing has been changed.
    """
    try:
        with safe_open(path, "pt") as file:
            content = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if content.get("kind") != _KIND:
            raise DataError(f"{path} is no checkpoint of this version; start the run anew")
        progress = Progress(int(content["step"]), json.loads(content["told"]))
        names, groups = json.loads(content["names"]), json.loads(content["groups"])
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        reason = type(error).__name__
        raise DataError(f"{path} is no checkpoint ({reason}); remove it, and resume") from None
    learnt = _learnt(model)
    shapes = {name: value.shape for name, value in learnt.items()}
    stored = {name: tensors[_WEIGHT + name] for name in names if _WEIGHT + name in tensors}
    other = DataError(
        f"{path} is of another model, or other weights of it learnt; "
        "resume with the configuration that it was begun with"
    )
    if list(shapes) != names or shapes != {name: value.shape for name, value in stored.items()}:
        raise other
    if optimiser is not None:
        state = {"state": _states(tensors), "param_groups": _tuples(groups)}
        try:
            optimiser.load_state_dict(state)
        except ValueError:  # its groups are others
            raise other from None
    with torch.no_grad():
        for name, value in learnt.items():
            value.copy_(stored[name])
    return progress


def _learnt(model: nn.Module) -> dict[str, nn.Parameter]:
    """Weights that learn, each once."""
    return {name: value for name, value in model.named_parameters() if value.requires_grad}


def _states(tensors: Mapping[str, torch.Tensor]) -> dict[int, dict[str, torch.Tensor]]:
    states: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith(_STATE):
            number, kind = name.removeprefix(_STATE).split("/")
            states.setdefault(int(number), {})[kind] = value
    return states


def _tuples(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Groups of an optimiser as they were before JSON made lists of its tuples."""
    return [
        {
            name: tuple(value) if isinstance(value, list) and name != "params" else value
            for name, value in group.items()
        }
        for group in groups
    ]
