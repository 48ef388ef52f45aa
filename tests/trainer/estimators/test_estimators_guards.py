"""Divergence, anchor and entropy against their definitions."""

import pytest

torch = pytest.importorskip("torch")

from talkover.core.errors import DataError  # noqa: E402 - after the library it needs
from talkover.trainer.estimators.batch import Batch, Scores  # noqa: E402
from talkover.trainer.estimators.guards import (  # noqa: E402
    cross_entropy,
    divergence,
    divergence_sampled,
    entropy,
)

GUARDS = (divergence, divergence_sampled, cross_entropy, entropy)


@pytest.fixture
def others(everything):
    return everything.logits(1)


def batch_of(everything, logits, others, rows=None):
    reference = everything.scores(others.detach(), rows)
    return Batch(everything.scores(logits, rows), reference=reference)


@pytest.mark.parametrize("guard", [divergence, divergence_sampled])
def test_a_divergence_is_that_between_texts_on_average(everything, logits, others, guard):
    ours, theirs = (everything.scores(some).sequences.detach() for some in (logits, others))
    expected = float((ours.exp() * (ours - theirs)).sum())
    batches = (batch_of(everything, logits, others, [row]) for row in range(len(everything)))
    found = [guard(batch).loss.item() for batch in batches]
    assert float(ours.exp() @ torch.tensor(found, dtype=torch.float64)) == pytest.approx(expected)
    assert min(found) >= 0


def test_nothing_diverges_from_itself(everything, logits):
    for guard in (divergence, divergence_sampled):
        estimate = guard(batch_of(everything, logits, logits))
        assert estimate.loss.item() == pytest.approx(0, abs=1e-12)
        (found,) = torch.autograd.grad(estimate.loss, logits)
        assert float(found.abs().max()) < 1e-12


def test_the_sampled_one_pulls_by_the_divergence_the_other_way_round():
    """As its docstring says, for a single place."""
    draw = torch.Generator().manual_seed(2)
    ours, theirs = torch.randn(2, 6, generator=draw, dtype=torch.float64)
    ours.requires_grad_()
    log_p, log_q = ours.log_softmax(0), theirs.log_softmax(0)
    (other_way,) = torch.autograd.grad((log_q.exp() * (log_q - log_p)).sum(), ours)
    mask = torch.ones(1, 1, dtype=torch.bool)
    found = torch.zeros_like(other_way)
    for token, chance in enumerate(log_p.detach().exp()):
        scores = Scores(ours.log_softmax(0)[token].reshape(1, 1), mask)
        batch = Batch(scores, reference=Scores(log_q[token].reshape(1, 1), mask))
        found += chance * torch.autograd.grad(divergence_sampled(batch).loss, ours)[0]
    torch.testing.assert_close(found, other_way)


def test_divergences_are_told_by_text_and_by_token(everything, logits, others):
    estimate = divergence(batch_of(everything, logits, others, [0, 39]))
    assert estimate.over == 2
    assert estimate.told["kl"] == pytest.approx(estimate.loss.item())
    assert estimate.told["kl_token"] == pytest.approx(estimate.told["kl"] * 2 / 4)


def test_cross_entropy_is_torchs(everything, logits):
    scores = everything.scores(logits)
    chosen = [
        (everything.scores(logits, [row]).distribution[place], text[place])
        for row, text in enumerate(everything.texts)
        for place in range(len(text))
    ]
    expected = torch.nn.functional.cross_entropy(
        torch.stack([one for one, _ in chosen]), torch.tensor([token for _, token in chosen])
    )
    estimate = cross_entropy(Batch(scores))
    torch.testing.assert_close(estimate.loss, expected)
    assert estimate.over == len(chosen)


def test_entropy_is_that_of_texts_on_average(everything, logits):
    sequences = everything.scores(logits).sequences.detach()
    expected = -float((sequences.exp() * sequences).sum())
    found = 0.0
    for row, chance in enumerate(sequences.exp()):
        estimate = entropy(Batch(everything.scores(logits, [row])))
        found -= float(chance) * estimate.loss.item() * estimate.over
        assert estimate.told["entropy"] == -estimate.loss.item()
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("guard", GUARDS)
def test_parts_of_a_batch_add_up_to_the_whole(everything, logits, others, guard):
    def gradient(rows):
        estimate = guard(batch_of(everything, logits, others, rows))
        return torch.autograd.grad(estimate.loss, logits)[0] * estimate.over, estimate.over

    parts = [gradient(range(1, 7)), gradient(range(7, 40))]
    whole, over = gradient(range(1, 40))
    assert sum(part for _, part in parts) == over
    torch.testing.assert_close(sum(part for part, _ in parts), whole)


@pytest.mark.parametrize("guard", GUARDS)
def test_what_cannot_come_does_no_harm(everything, guard):
    """What is suppressed has a very low logit; losses and gradients must stay numbers."""
    ours, theirs = (everything.logits(seed).detach() for seed in range(2))
    for some in (ours, theirs):
        some[:, 2] = -1e30
    ours.requires_grad_()
    rows = [row for row, text in enumerate(everything.texts) if 2 not in text]
    estimate = guard(batch_of(everything, ours, theirs, rows))
    (found,) = torch.autograd.grad(estimate.loss, ours)
    assert estimate.loss.isfinite()
    assert found.isfinite().all()
    assert (found[:, 2] == 0).all()


def test_what_a_guard_lacks_it_names(everything, logits):
    with pytest.raises(DataError, match="the scores of a reference"):
        divergence(Batch(everything.scores(logits)))
    whole = everything.scores(logits)
    with pytest.raises(DataError, match="the distribution over the vocabulary"):
        entropy(Batch(Scores(whole.log_probs, whole.mask)))
