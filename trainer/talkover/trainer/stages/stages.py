"""The stages there are, in the order in which a model goes through them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from talkover.trainer.mining.rounds import MINE, train_mined
from talkover.trainer.stages.loop import Ended
from talkover.trainer.stages.rl import RL, train_rl
from talkover.trainer.stages.sft_stage import CONTINUED, SFT, train_continued, train_sft
from talkover.trainer.stages.stage import Work

STAGES: Final[Mapping[str, Callable[[Work], Ended]]] = MappingProxyType(
    {
        SFT: train_sft,
        RL: train_rl,
        MINE: train_mined,
        CONTINUED: train_continued,
    }
)
"""By name; the control comes last, for it takes as long as those before it took."""


def train_all(work: Work, *, control: bool) -> Ended:
    """Train one stage after another, until all are done or somebody interrupts one.

    Args:
        work: Their run.
        control: Whether ``sft`` is gone on with, too, to be compared with.

    Raises:
        DataError: something cannot be heard or read.
        ConfigError: there are no recordings of people on this machine.
        WeightsError: the base weights cannot be used.
    """
    for name, train in STAGES.items():
        if name == CONTINUED and not control:
            continue
        ended = train(work)
        if not ended.done:
            break
    return ended
