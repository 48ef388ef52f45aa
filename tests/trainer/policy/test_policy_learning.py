"""A policy learns what is rewarded, and how far it went from what it was."""

import copy

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.clock import RATE  # noqa: E402 - after the libraries it needs
from talkover.trainer.estimators.batch import Batch  # noqa: E402
from talkover.trainer.estimators.guards import divergence, divergence_sampled, entropy  # noqa: E402
from talkover.trainer.policy.sampling import sample  # noqa: E402

from .learning import Run, learnt_by  # noqa: E402


@pytest.mark.parametrize(("rank", "gain"), [(0, 0.25), (4, 0.08)])
def test_it_learns_what_is_rewarded(make, sounds, rank, gain):
    run = Run(make(rank), sounds).train(24)
    early, late = (sum(some) / 4 for some in (run.rewards[:4], run.rewards[-4:]))
    assert late > early + gain


def test_a_copy_is_a_reference_to_keep_near_to(make, sounds):
    policy = make(4)
    reference = copy.deepcopy(policy).requires_grad_(False)
    run = Run(policy, sounds)

    def apart():
        features = policy.see(sounds[:2], 2 * RATE)
        with torch.no_grad():
            heard = policy.hear(features, ("en", "fr"))
            drawn = sample(policy, heard, 3, seed=1, limit=5)
            known = reference(features, ("en", "fr"), drawn.written)
        scores = policy(features, ("en", "fr"), drawn.written, suppressed=True)
        batch = Batch(scores, reference=known)
        assert entropy(batch).told["entropy"] > 0
        return [guard(batch).loss for guard in (divergence, divergence_sampled)]

    assert [loss.item() for loss in apart()] == [0, 0]
    run.train(2)
    learnt = learnt_by(policy)
    for loss in apart():
        assert loss.item() > 0.001
        grads = torch.autograd.grad(loss, learnt, retain_graph=True)
        assert all(grad.isfinite().all() for grad in grads)
        assert any(grad.abs().max() > 0 for grad in grads)
