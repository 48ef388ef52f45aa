"""The steps of a run, in one table.

Each is imported when its turn comes: a stage that this version lacks ends the command there, says
so, and nothing is lost.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from talkover.trainer.learning.cycle import Cycle, MissingStageError, Step

_TRAINING: Final = "talkover.trainer.learning.steps_training"
_SHIPPING: Final = "talkover.trainer.learning.steps_shipping"
_TABLE: Final = {
    "collect": (_TRAINING, "collect"),
    "teach": (_TRAINING, "teach"),
    "mine": (_TRAINING, "mine"),
    "rl": (_TRAINING, "learn"),
    "blend": (_TRAINING, "blend"),
    "export": (_SHIPPING, "export"),
    "gate": (_SHIPPING, "gate"),
    "offer": (_SHIPPING, "offer"),
}


def _step(name: str, module: str, function: str) -> Step:
    def do(cycle: Cycle) -> Mapping[str, Any]:
        try:
            work = getattr(import_module(module), function)
        except ImportError as error:
            missing = error.name or "a part"
            ours = missing.startswith("talkover")
            cure = "update Talkover" if ours else "run: pip install 'talkover[trainer]'"
            raise MissingStageError(f"step {name} needs {missing}; {cure}") from None
        said: Mapping[str, Any] = work(cycle)
        return said

    return Step(name, do)


STEPS: Final = tuple(_step(name, *where) for name, where in _TABLE.items())
