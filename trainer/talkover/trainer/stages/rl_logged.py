"""What a turn of a call teaches: a text that was written then, and what came of it. Pure.

A transcript that was drawn, with the log-probability that it was drawn with, tells about the policy
of today by importance weights (``importance_sampled``). One that was chosen for being the likeliest
tells nothing that way: it is for mining alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import torch

from talkover.core.errors import DataError
from talkover.trainer.estimators.batch import Batch
from talkover.trainer.policy.model import Policy
from talkover.trainer.policy.written import Written
from talkover.trainer.stages.example import Example
from talkover.trainer.stages.feed import Fed


@dataclass(frozen=True, slots=True, eq=False)
class Logged:
    """A turn, and what came of it.

    Attributes:
        example: What was heard; its words need not be known.
        tokens: What was written, with the end of the text if it had one.
        log_prob: With which that was drawn (nats), of the whole text, at the log's temperature.
        reward: What came of it, the higher the better.
        temperature: At which it was drawn; 0: it was the likeliest.
        weight: Of its accent, 1 on average.
    """

    example: Example
    tokens: tuple[int, ...]
    log_prob: float
    reward: float
    temperature: float = 1.0
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what has no propensity.

        Raises:
            DataError: it was not drawn, or its numbers are none.
        """
        if not self.temperature > 0 or not self.tokens:
            raise DataError("a transcript that was not drawn has no propensity; mine it instead")
        if not (isfinite(self.log_prob) and self.log_prob <= 0 and isfinite(self.reward)):
            raise DataError("a log-probability above 0, or a reward that is no number; drop it")


def batch_of(policy: Policy, turns: Sequence[Logged], window: int) -> Batch:
    """Turns as a batch for ``importance_sampled``; each is a group of its own.

    Args:
        policy: Of today; it scores with its gradient.
        turns: All drawn at one temperature.
        window: That all are shown, in samples.

    Raises:
        DataError: they are of several temperatures, or a text holds what cannot come.
    """
    if len({turn.temperature for turn in turns}) != 1:
        raise DataError("turns of one temperature at a time: give those of each apart")
    fed = Fed(tuple(turn.example for turn in turns), window)
    heard = policy.hear(policy.see(fed.sounds, window), fed.languages)
    written = Written.of([turn.tokens for turn in turns], range(len(turns)))
    scores = policy.score(heard, written, temperature=turns[0].temperature)
    device = scores.log_probs.device
    weights = [turn.weight * turn.example.trust for turn in turns]
    return Batch(
        scores,
        written.items.to(device),
        torch.tensor([turn.reward for turn in turns], device=device),
        torch.tensor(weights, device=device),
        drawn=torch.tensor([turn.log_prob for turn in turns], device=device),
    )
