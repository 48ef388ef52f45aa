"""What keeps a policy near to what it knew: divergence from a reference, an anchor, entropy."""

import torch

from talkover.trainer.estimators.batch import Batch, Estimate, Scores, given


def divergence(batch: Batch) -> Estimate:
    """Kullback-Leibler divergence of the policy from the reference, over the whole vocabulary.

    Summed over the places of a text, so that for texts that the policy drew its expectation is the
    divergence between texts (chain rule). Its gradient takes the texts as they are: it sees what
    the policy would say next, not what it would have said before.
    """
    reference = given(batch.reference, "the scores of a reference")
    ours = given(batch.scores.distribution, "the distribution over the vocabulary")
    theirs = given(reference.distribution, "the reference's distribution over the vocabulary")
    return _summed(batch.scores, (ours.exp() * (ours - theirs)).sum())


def divergence_sampled(batch: Batch) -> Estimate:
    """The same from the tokens alone that were drawn: r - 1 - log r, r being reference over policy.

    Schulman 2020, Approximating KL Divergence (k3): never negative, and unbiased for texts that the
    policy drew. As a loss it pulls towards the reference by the gradient of the divergence of the
    reference from the policy, the other way round.
    """
    reference = given(batch.reference, "the scores of a reference")
    difference = reference.log_probs - batch.scores.log_probs
    return _summed(batch.scores, batch.scores.kept(difference.expm1() - difference).sum())


def cross_entropy(batch: Batch) -> Estimate:
    """Of texts that are known to be right (nats a token)."""
    scores = batch.scores
    return _mean(scores, -scores.kept(scores.log_probs), "cross_entropy", 1)


def entropy(batch: Batch) -> Estimate:
    """A bonus for not being sure: the loss is the negative entropy (nats a token).

    Williams and Peng 1991, Function Optimization Using Connectionist Reinforcement Learning.
    """
    return _mean(batch.scores, -batch.scores.entropy, "entropy", -1)


def _summed(scores: Scores, total: torch.Tensor) -> Estimate:
    """The mean over the texts of what is a sum over the places of each."""
    rows, told = len(scores.mask), total.detach()
    figures = {"kl": float(told) / rows, "kl_token": float(told / scores.mask.sum())}
    return Estimate(total / rows, rows, figures)


def _mean(scores: Scores, values: torch.Tensor, name: str, sign: int) -> Estimate:
    tokens = int(scores.mask.sum())
    loss = values.sum() / tokens
    return Estimate(loss, tokens, {name: sign * float(loss.detach())})
