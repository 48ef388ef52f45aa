"""What every estimator is given, and what it gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch

from talkover.core.errors import DataError

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How likely a model finds transcripts, a row each.

    Attributes:
        log_probs: Of each token after those before it (nats): [rows, tokens].
        mask: Which tokens there are, the end of a text being one: bool [rows, tokens].
        distribution: Log-probabilities of the whole vocabulary in each place where ``mask`` has a
            token, row after row: [places, vocabulary]. Finite even for what cannot come, which has
            a very low one. None where it was not kept.
    """

    log_probs: torch.Tensor
    mask: torch.Tensor
    distribution: torch.Tensor | None = None

    @property
    def sequences(self) -> torch.Tensor:
        """Log-probability of each transcript: [rows]."""
        return self.kept(self.log_probs).sum(dim=1)

    @property
    def entropy(self) -> torch.Tensor:
        """Of the distribution in each place (nats): [places].

        Raises:
            DataError: the distribution was not kept.
        """
        whole = given(self.distribution, "the distribution over the vocabulary")
        return -(whole.exp() * whole).sum(dim=1)

    def kept(self, values: torch.Tensor) -> torch.Tensor:
        """Values [rows, tokens] where there are tokens, 0 elsewhere."""
        return values.where(self.mask, torch.zeros((), dtype=values.dtype, device=values.device))


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Transcripts, and what an estimator may want to know of them.

    A group is all that was written for one utterance. Groups of which no row is here count all the
    same: what is known to teach nothing need not be scored.

    Attributes:
        scores: By the policy, with its gradient.
        groups: The group of each row, from 0: int64 [rows].
        rewards: [rows], the higher the better.
        weights: Of each group, the weight of its accent, 1 on average: [groups].
        baseline: Of each group, the reward of what the policy finds likeliest: [groups].
        drawn: Log-probability with which each row was drawn, where another policy drew it: [rows].
        reference: Of the same rows by a model that is not trained.
    """

    scores: Scores
    groups: torch.Tensor | None = None
    rewards: torch.Tensor | None = None
    weights: torch.Tensor | None = None
    baseline: torch.Tensor | None = None
    drawn: torch.Tensor | None = None
    reference: Scores | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """What an estimator makes of a batch.

    Parts of a batch that was too large add up to the loss of the whole when each one's counts by
    its share of ``over``.

    Attributes:
        loss: To be made small; a scalar that carries the gradient.
        over: What the loss is a mean over: so many groups, rows or tokens.
        told: Figures to be watched, means over the same.
    """

    loss: torch.Tensor
    over: int
    told: Mapping[str, float]


Estimator = Callable[[Batch], Estimate]
"""Raises DataError when the batch lacks what it needs."""


def given(value: _T | None, what: str) -> _T:
    """What an estimator cannot do without.

    Raises:
        DataError: it is not there.
    """
    if value is None:
        raise DataError(f"this estimator needs {what}; put it into the batch, or take another")
    return value
