"""Estimates of the gradient of the expected reward, each as the gradient of a loss.

Rewards count by the weight of their group's accent. Nothing is divided by the length of a text,
which would favour long mistakes, nor by the deviation within a group, which would inflate groups
in which all is nearly equal (Liu et al. 2025, Understanding R1-Zero-Like Training).
"""

from collections.abc import Mapping
from math import log
from types import MappingProxyType
from typing import Final

import torch

from talkover.trainer.estimators.batch import Batch, Estimate, Estimator, given

LARGEST: Final = 10.0
"""The importance weight at which one is cut, where nothing else is said."""


def leave_one_out(batch: Batch) -> Estimate:
    """REINFORCE in which the other samples of a group are each one's baseline.

    Kool et al. 2019, Buy 4 REINFORCE Samples, Get a Baseline for Free; Ahmadian et al. 2024, Back
    to Basics. Unbiased for rows that the policy drew independently of one another. A group whose
    rewards are all equal, or that has one row, is skipped.
    """
    rewards, groups, weights = _rewards(batch)
    others = (_counts(groups, weights)[groups] - 1).clamp(min=1)
    without = (_sums(rewards, groups, weights)[groups] - rewards) / others
    kept = varied(rewards, groups, len(weights))
    return _policy_gradient(batch, (rewards - without) * kept[groups])


def self_critical(batch: Batch) -> Estimate:
    """REINFORCE against the reward of what the policy finds likeliest.

    Rennie et al. 2017, Self-Critical Sequence Training. Unbiased for rows that the policy drew.
    """
    rewards, groups, _ = _rewards(batch)
    baseline = given(batch.baseline, "the rewards of the likeliest transcripts")
    return _policy_gradient(batch, rewards - baseline[groups])


def minimum_risk(batch: Batch) -> Estimate:
    """The expected reward over a list of transcripts, as if there were no others.

    Prabhavalkar et al. 2018, Minimum Word Error Rate Training (MWER). Exact for a list of all
    texts, biased towards the list otherwise. A group's rows must differ from one another.
    """
    rewards, groups, weights = _rewards(batch)
    sequences = batch.scores.sequences
    highest = torch.full_like(weights, -torch.inf, dtype=sequences.dtype)
    highest = highest.scatter_reduce(0, groups, sequences.detach(), "amax")
    powers = (sequences - highest[groups]).exp()
    shares = powers / _sums(powers, groups, weights)[groups]
    means = _sums(rewards, groups, weights) / _counts(groups, weights).clamp(min=1)
    kept = varied(rewards, groups, len(weights))
    loss = -(weights[groups] * shares * (rewards - means[groups]) * kept[groups]).sum()
    told = {"expected_reward": float((shares * rewards).detach().sum()) / len(weights)}
    return _estimate(batch, loss / len(weights), kept, told)


def importance_sampled(batch: Batch, *, largest: float = LARGEST) -> Estimate:
    """What transcripts that another policy drew tell about this one.

    Weights are this policy's probability over the one with which a row was drawn, cut at
    ``largest`` (Ionides 2008, Truncated Importance Sampling) and made to add up to 1 over the
    whole batch (Swaminathan and Joachims 2015, The Self-Normalized Estimator); the weighted mean
    reward is the baseline. Consistent when nothing is cut; parts of a batch are normalised apart.

    Args:
        batch: With ``drawn``; rows of a log in which nothing was chosen by chance are of no use.
        largest: At which a weight is cut.
    """
    rewards, groups, weights = _rewards(batch)
    drawn = given(batch.drawn, "the log-probabilities with which its rows were drawn")
    sequences = batch.scores.sequences
    ratios = (sequences.detach() - drawn).clamp(max=log(largest)).exp()
    shares = ratios / ratios.sum()
    value = (shares * rewards).sum()
    loss = -(weights[groups] * shares * (rewards - value) * sequences).sum()
    told = {
        "expected_reward": float(value),
        "effective_samples": float(1 / shares.square().sum()),
        "truncated": float((ratios >= largest).double().mean()),
    }
    return Estimate(loss, len(rewards), told)


ESTIMATORS: Final[Mapping[str, Estimator]] = MappingProxyType(
    {
        "leave-one-out": leave_one_out,
        "minimum-risk": minimum_risk,
        "self-critical": self_critical,
        "importance-sampled": importance_sampled,
    }
)
"""By the names that a recipe calls them."""


def varied(rewards: torch.Tensor, groups: torch.Tensor, count: int) -> torch.Tensor:
    """Which groups hold rewards that differ; the others teach nothing.

    Args:
        rewards: [rows].
        groups: Of each row: int64 [rows].
        count: Of groups.

    Returns:
        bool [groups]; not so for a group without rows.
    """
    ends = torch.stack([rewards.new_full((count,), end) for end in (-torch.inf, torch.inf)])
    highest = ends[0].scatter_reduce(0, groups, rewards, "amax")
    lowest = ends[1].scatter_reduce(0, groups, rewards, "amin")
    return highest > lowest


def _policy_gradient(batch: Batch, advantages: torch.Tensor) -> Estimate:
    """The score-function estimate (Williams 1992), a mean over each group and over the groups."""
    _, groups, weights = _rewards(batch)
    shares = weights[groups] / _counts(groups, weights)[groups] / len(weights)
    loss = -(shares * advantages * batch.scores.sequences).sum()
    moved = torch.zeros_like(weights).index_add(0, groups, advantages.abs()) > 0
    return _estimate(batch, loss, moved, {})


def _estimate(
    batch: Batch, loss: torch.Tensor, kept: torch.Tensor, told: Mapping[str, float]
) -> Estimate:
    rewards, _, weights = _rewards(batch)
    figures = {
        "reward": float(rewards.mean()),
        "log_prob": float(batch.scores.sequences.detach().mean()),
        "skipped_groups": 1 - float(kept.double().mean()),
    }
    return Estimate(loss, len(weights), {**figures, **told})


def _rewards(batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return (
        given(batch.rewards, "rewards"),
        given(batch.groups, "the group of each row"),
        given(batch.weights, "the weight of each group"),
    )


def _sums(values: torch.Tensor, groups: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return values.new_zeros(len(weights)).index_add(0, groups, values)


def _counts(groups: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return torch.bincount(groups, minlength=len(weights)).to(weights.dtype)
