"""A run of learning: steps one after another, each done once, to be gone on with after any kill.

What a step has to say to later ones is kept in the ledger the moment it is done. A step that is
killed is done again: stages of training go on from their checkpoints, the others are quick.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from talkover.core.errors import ConfigError
from talkover.core.learning.items import Items
from talkover.core.learning.runs import Runs
from talkover.core.settings import Settings

ENDS: Final = "ends"
"""What a step says if the run is over with it, and why."""


class MissingStageError(ConfigError):
    """A stage is not part of this version."""


class PausedError(Exception):
    """Somebody interrupted a step; it goes on from there the next time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cycle:
    """What a step works with.

    Attributes:
        name: Of the run.
        folder: Of the run: that of its stages.
        settings: All of them.
        items: The training items.
        console: Where people look.
        told: What earlier steps have said.
        redis_url: Of the Redis that servers listen to.
        quick: A little of everything, to see that all works here.
        seed: Of all that is drawn.
    """

    name: str
    folder: Path
    settings: Settings
    items: Items
    console: Console
    told: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    redis_url: str = ""
    quick: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a run.

    Attributes:
        name: By which it is kept.
        do: Does it; what it returns is kept as JSON.
    """

    name: str
    do: Callable[[Cycle], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Came:
    """How far a run came.

    Attributes:
        outcome: What came of it; empty: it is not over.
        step: At which it is, if it is not over.
    """

    outcome: str = ""
    step: str = ""


def advance(
    steps: Sequence[Step], begin: Callable[[Mapping[str, Mapping[str, Any]]], Cycle], runs: Runs
) -> Came:
    """Go on with the run that is under way until it is over or somebody interrupts it.

    Args:
        steps: In their order.
        begin: Makes what a step works with, from what earlier ones have said.
        runs: With a run under way.

    Raises:
        MissingStageError: a step's stage is not part of this version; the run goes on there later.
        TalkoverError: a step failed; the same.
    """
    name = runs.under_way()
    if name is None:
        return Came("there is no run under way")
    for step in steps:
        told = runs.told(name)
        if step.name in told:
            said: Mapping[str, Any] = told[step.name]
        else:
            try:
                said = step.do(begin(told))
            except PausedError:
                return Came(step=step.name)
            if runs.under_way() != name:  # a caller of it is to be forgotten
                return Came("stopped")
            runs.finish(name, step.name, said)
        if outcome := said.get(ENDS):
            runs.end(name, str(outcome))
            return Came(str(outcome))
    runs.end(name, "done")
    return Came("done")
