"""The policy gradient on a Whisper that can say five syllables."""

import json
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.trainer.estimators.gradients import ESTIMATORS  # noqa: E402 - after the libraries
from talkover.trainer.policy.written import Written  # noqa: E402
from talkover.trainer.reward.policy import RewardPolicy  # noqa: E402
from talkover.trainer.reward.scoring import Scorer  # noqa: E402
from talkover.trainer.stages.rl_draw import draw  # noqa: E402
from talkover.trainer.stages.rl_reference import Reference  # noqa: E402
from talkover.trainer.stages.rl_reward import judge  # noqa: E402

from .rl_tiny import WINDOW, Practice, fed, settings, tiny_policy, tokens_of  # noqa: E402

SCORER = Scorer(RewardPolicy())


def expected(practice):
    """The mean reward of many draws, the same ones for the same weights."""
    many = settings(samples=48, micro=2)
    judged = judge(SCORER, practice.fed.examples, draw(practice.policy, practice.fed, many, [9]))
    return sum(judged.values) / len(judged.values)


def test_it_raises_the_expected_reward():
    practice = Practice()
    before = expected(practice)
    for _ in range(8):
        practice.once()
    assert expected(practice) > before + 0.2


def test_a_gradient_the_other_way_lowers_it():
    """That the test above can fail."""
    practice = Practice()
    before = expected(practice)
    for _ in range(8):
        practice.optimiser.zero_grad()
        practice.gradient()
        for one in practice.learnt:
            one.grad = None if one.grad is None else -one.grad
        practice.optimiser.step()
        practice.done += 1
    assert expected(practice) < before + 0.05


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_can_be_chosen_and_pays_off(name):
    practice = Practice(estimator=name)
    before = expected(practice)
    figures = [practice.once() for _ in range(5)]
    assert expected(practice) > before + 0.05
    assert all(one["deletions"] >= 0 and one["tokens_per_second"] > 0 for one in figures)


def test_the_same_seed_learns_the_same_and_another_does_not():
    one, same, other = (Practice(seed=seed) for seed in (3, 3, 4))
    for practice in (one, same, other):
        for _ in range(2):
            practice.once()
    assert all(map(torch.equal, one.weights(), same.weights()))
    assert not all(map(torch.equal, one.weights(), other.weights()))


@pytest.mark.parametrize("name", ["leave-one-out", "self-critical", "minimum-risk"])
def test_how_many_fit_into_memory_changes_nothing(name, monkeypatch):
    """But the draws; so both are given those of one."""
    one, both = (Practice(estimator=name, micro=n, anchor=0.3, entropy=0.1) for n in (1, 2))
    for practice in (one, both):
        practice.once()  # or there is no divergence yet
        practice.done = 1
    both.policy.load_state_dict(one.policy.state_dict())
    both.step.load_state_dict(one.step.state_dict())
    tried = draw(one.policy, one.fed, one.settings, [5])
    monkeypatch.setattr("talkover.trainer.stages.rl_step.draw", lambda *_: tried)
    for practice in (one, both):
        practice.optimiser.zero_grad()
    figures = [practice.gradient() for practice in (one, both)]
    assert figures[0]["equal_groups"] < 1
    assert figures[0]["kl"] > 0
    for figure in ("kl", "kl_token", "entropy", "cross_entropy", "reward", "equal_groups"):
        assert figures[0][figure] == pytest.approx(figures[1][figure], rel=1e-4)
    for first, second in zip(one.grads(), both.grads(), strict=True):
        assert torch.allclose(first, second, rtol=1e-3, atol=1e-5)


def test_a_group_whose_rewards_are_equal_is_not_scored(monkeypatch):
    practice = Practice(samples=2)
    tried = draw(practice.policy, practice.fed, practice.settings, [0])
    first = {row.item: row for row in reversed(tried.rows)}
    alike = replace(tried, rows=tuple(first[row.item] for row in tried.rows))
    monkeypatch.setattr("talkover.trainer.stages.rl_step.draw", lambda *_: alike)
    scored = []
    score = practice.policy.score
    monkeypatch.setattr(
        practice.policy, "score", lambda *args, **more: scored.append(1) or score(*args, **more)
    )
    figures = practice.gradient()
    assert figures["equal_groups"] == 1
    assert "kl" not in figures
    assert scored == []
    assert practice.grads()[0] is None


def test_what_was_really_said_is_an_anchor():
    practice = Practice(anchor=1.0, samples=2)
    losses = [practice.once()["cross_entropy"] for _ in range(6)]
    assert losses[-1] < losses[0] - 0.5


@pytest.mark.parametrize("rank", [0, 4])
def test_a_reference_stays_what_the_policy_was(rank):
    policy = tiny_policy(rank)
    reference = Reference(policy)
    features = policy.see(fed().sounds, WINDOW)
    written = Written.of([tokens_of(policy, one) for one in ("ten", "tea")], [0, 1])

    def known():
        return reference.score(features, ("en", "en"), written).log_probs

    def ours():
        with torch.no_grad():
            return policy(features, ("en", "en"), written).log_probs

    before = known()
    assert torch.allclose(before, ours(), atol=1e-6)
    learnt = [one for one in policy.parameters() if one.requires_grad]
    with torch.no_grad():
        for one in learnt:
            one.add_(0.05)
    held = [one.detach().clone() for one in learnt]
    assert torch.equal(known(), before)
    assert not torch.allclose(ours(), before, atol=1e-3)
    assert all(map(torch.equal, held, learnt))
    assert not known().requires_grad


def test_what_is_known_of_accents_goes_through_json():
    practice = Practice()
    practice.once()
    weights = practice.step.accents.weights(RewardPolicy())
    assert set(weights) == {"irish", "welsh"}
    assert weights["irish"] != weights["welsh"]
    again = Practice()
    again.step.load_state_dict(json.loads(json.dumps(practice.step.state_dict())))
    assert again.step.accents == practice.step.accents


def test_a_heavier_accent_and_a_trusted_label_count_more():
    plain, doubted = Practice(), Practice()
    doubted.fed = fed(trust=0.25)
    grads = []
    for practice in (plain, doubted):
        practice.gradient()
        grads.append(practice.grads())
    for first, second in zip(*grads, strict=True):
        assert torch.allclose(0.25 * first, second, rtol=1e-3, atol=1e-6)


def test_to_be_understood_alike_in_two_accents_is_rewarded():
    apart, alike = Practice(said=("ten", "tea")), Practice(said=("ten", "ten"))
    alike.once()
    assert apart.once()["agreement"] == 0
    for _ in range(6):
        figures = alike.once()
    assert figures["agreement"] > 0
