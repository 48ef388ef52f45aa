"""The model that a stage began with, to keep near to: only what learns is kept a second time."""

from collections.abc import Mapping, Sequence
from typing import Final

import torch
from torch import nn
from torch.func import functional_call

from talkover.trainer.estimators.batch import Scores
from talkover.trainer.policy.model import Policy
from talkover.trainer.policy.written import Written

_INSIDE: Final = "policy."


class Reference:
    """A policy as it is now, whatever it will learn.

    Weights that do not learn are the policy's own, so what is kept of one that is tuned by
    additions are these, a hundredth of a copy.

    Args:
        policy: To be kept near to; nothing of it is changed.
    """

    def __init__(self, policy: Policy) -> None:
        self._scoring = _Scoring(policy)
        self._kept: Mapping[str, torch.Tensor] = {
            _INSIDE + name: value.detach().clone()
            for name, value in policy.named_parameters()
            if value.requires_grad
        }

    @torch.no_grad()
    def score(
        self,
        features: torch.Tensor,
        languages: Sequence[str],
        written: Written,
        *,
        temperature: float = 1.0,
    ) -> Scores:
        """How likely it found transcripts; see ``Policy.score``."""
        given = (features, languages, written, temperature)
        found: Scores = functional_call(self._scoring, dict(self._kept), given)
        return found


class _Scoring(nn.Module):
    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self.policy = policy

    def forward(
        self,
        features: torch.Tensor,
        languages: Sequence[str],
        written: Written,
        temperature: float,
    ) -> Scores:
        heard = self.policy.hear(features, languages)
        return self.policy.score(heard, written, temperature=temperature)
