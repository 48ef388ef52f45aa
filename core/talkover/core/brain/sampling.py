"""Choosing the next token."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn.

    Attributes:
        temperature: 0 takes the likeliest token; up to 2.
        top_p: Nucleus sampling (Holtzman et al. 2020): draw among the likeliest tokens that hold
            this much probability together.
        repetition_penalty: Divides the odds of tokens said before in this reply (Keskar et al.
            2019, CTRL); 1 leaves them alone. It holds at temperature 0 too.
        seed: The same seed draws the same tokens; None is different every time.

    Raises:
        ConfigError: a number is out of range.
    """

    temperature: float = 0.3
    top_p: float = 0.9
    repetition_penalty: float = 1.1
    seed: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 2:
            raise ConfigError(f"temperature is {self.temperature}; it must be from 0 to 2")
        if not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p is {self.top_p}; it must be above 0 and at most 1")
        if not 1 <= self.repetition_penalty <= 2:
            raise ConfigError(
                f"repetition_penalty is {self.repetition_penalty}; it must be from 1 to 2"
            )


class Sampler:
    """Draws the tokens of one reply."""

    def __init__(self, sampling: Sampling) -> None:
        self._how = sampling
        self._dice = np.random.default_rng(sampling.seed)

    def draw(self, logits: NDArray[np.float32], said: Collection[int]) -> int:
        """Choose a token.

        Args:
            logits: ``[vocabulary]``; left as it is.
            said: Tokens of the reply so far.
        """
        how = self._how
        scores = logits.astype(np.float64)
        if how.repetition_penalty > 1 and said:
            tokens = np.unique(np.fromiter(said, np.int64, len(said)))
            old = scores[tokens]
            penalty = how.repetition_penalty
            scores[tokens] = np.where(old > 0, old / penalty, old * penalty)
        if how.temperature == 0:
            return int(scores.argmax())
        scores = (scores - scores.max()) / how.temperature
        odds = np.exp(scores)
        odds /= odds.sum()
        order = np.argsort(-odds, kind="stable")
        mass = odds[order].cumsum()
        # The token that crosses the line is in: at least one always is.
        nucleus = order[: int(np.searchsorted(mass, how.top_p)) + 1]
        cumulative = odds[nucleus].cumsum()
        return int(nucleus[np.searchsorted(cumulative, self._dice.random() * cumulative[-1])])
