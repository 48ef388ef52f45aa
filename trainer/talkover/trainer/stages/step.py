"""What a stage brings to the loop: a step that makes losses, and a watch that judges weights."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

import torch
from pydantic import JsonValue

from talkover.trainer.policy.windows import Windows
from talkover.trainer.stages.feed import Fed


class Moment(NamedTuple):
    """When a step is.

    Attributes:
        step: Steps before it.
        seed: Of all that it draws; add to it for several draws.
    """

    step: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What came of some of a step's examples.

    Attributes:
        loss: Their share of the step's loss: parts add up to it. None: they taught nothing.
        figures: To be watched; of several parts, means.
        weight: How much its figures count in those.
    """

    loss: torch.Tensor | None
    figures: Mapping[str, float] = field(default_factory=dict)
    weight: float = 1.0


class Step(Protocol):
    """Turns examples into a loss, part by part."""

    def __call__(self, fed: Fed, moment: Moment) -> Iterable[Part]:
        """The parts of a step's loss; a part's graph is gone when the next one is asked for."""
        ...

    def state_dict(self) -> dict[str, JsonValue]:
        """What it has to remember."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Remember it."""
        ...


class Verdict(IntEnum):
    """What a watch thinks; of several processes the gravest counts."""

    GO = 0
    GOOD = 1
    BACK = 2
    STOP = 3


@dataclass(frozen=True, slots=True)
class Look:
    """What a watch saw.

    Attributes:
        verdict: What is to be done.
        figures: To be kept with those of the step.
        reason: Why it is not GO or GOOD, for people.
    """

    verdict: Verdict = Verdict.GO
    figures: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


class Watch(Protocol):
    """Sees to it that what was known is not forgotten."""

    @property
    def windows(self) -> Windows:
        """That are shown now."""
        ...

    def look(self, step: int, figures: Mapping[str, float], *, last: bool) -> Look:
        """Judge the weights after a step; only the first process looks.

        Args:
            step: So many are done.
            figures: Of the step, means over its parts.
            last: Whether no other step follows.
        """
        ...

    def state_dict(self) -> dict[str, JsonValue]:
        """What it has to remember."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Remember it."""
        ...
