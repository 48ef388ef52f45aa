"""Every estimator against what it estimates, by going through all that can be drawn."""

import pytest

torch = pytest.importorskip("torch")

from talkover.core.errors import DataError  # noqa: E402 - after the library it needs
from talkover.trainer.estimators.batch import Batch, Scores  # noqa: E402
from talkover.trainer.estimators.gradients import (  # noqa: E402
    ESTIMATORS,
    importance_sampled,
    leave_one_out,
    minimum_risk,
    self_critical,
    varied,
)


class Draws:
    """Every group of ``size`` texts that can be drawn, and how likely it is."""

    def __init__(self, everything, logits, rewards, size):
        every = torch.arange(len(everything))
        self.rows = torch.cartesian_prod(*[every] * size).reshape(-1, size)
        sequences = everything.scores(logits).sequences.detach()
        self.chances = sequences[self.rows].sum(dim=1).exp()
        self.count = len(self.rows)
        self._given = everything, rewards

    def batch(self, logits, weights):
        everything, rewards = self._given
        flat = self.rows.flatten()
        scores = everything.scores(logits, flat)
        groups = torch.arange(self.count).repeat_interleave(self.rows.shape[1])
        return Batch(scores, groups, rewards[flat], weights)

    def likely(self):
        """Weights that make the mean over the groups the expectation."""
        return self.chances * self.count


def gradient(estimate, logits):
    return torch.autograd.grad(estimate.loss, logits)[0]


def pull(estimator, batch):
    """What an estimator multiplies the score of each row with, over the mean of the groups."""
    leaf = batch.scores.sequences.detach()[:, None].requires_grad_()
    scores = Scores(leaf, torch.ones_like(leaf, dtype=torch.bool))
    plain = Batch(scores, batch.groups, batch.rewards, batch.weights, batch.baseline)
    (found,) = torch.autograd.grad(estimator(plain).loss, leaf)
    return -found[:, 0] * len(batch.weights)


@pytest.mark.parametrize("size", [2, 3])
def test_leave_one_out_is_unbiased(everything, logits, rewards, exact, size):
    draws = Draws(everything, logits, rewards, size)
    assert draws.chances.sum().item() == pytest.approx(1)
    found = gradient(leave_one_out(draws.batch(logits, draws.likely())), logits)
    torch.testing.assert_close(found, -exact, rtol=0, atol=1e-9)


@pytest.mark.parametrize("size", [1, 2])
def test_self_critical_is_unbiased_whatever_the_baseline(everything, logits, rewards, exact, size):
    draws = Draws(everything, logits, rewards, size)
    batch = draws.batch(logits, draws.likely())
    baseline = torch.full((draws.count,), 0.7, dtype=torch.float64)
    batch = Batch(batch.scores, batch.groups, batch.rewards, batch.weights, baseline)
    found = gradient(self_critical(batch), logits)
    torch.testing.assert_close(found, -exact, rtol=0, atol=1e-9)


@pytest.mark.parametrize("size", [2, 3])
def test_leave_one_out_varies_less_than_no_baseline(everything, logits, rewards, exact, size):
    draws = Draws(everything, logits, rewards, size)
    ones = torch.ones(draws.count, dtype=torch.float64)
    batch = draws.batch(logits.detach(), ones)
    scored = torch.autograd.functional.jacobian(
        lambda given: everything.scores(given).sequences, logits
    ).flatten(1)

    def variance(pulls):
        estimates = (pulls.reshape(draws.count, size, 1) * scored[draws.rows]).sum(dim=1)
        return float(draws.chances @ (estimates - exact.flatten()).square().sum(dim=1))

    without = variance(batch.rewards / size)
    assert variance(pull(leave_one_out, batch)) < 0.7 * without


def test_minimum_risk_over_all_texts_is_exact(everything, logits, rewards, exact):
    groups = torch.zeros(len(everything), dtype=torch.long)
    weights = torch.ones(1, dtype=torch.float64)
    batch = Batch(everything.scores(logits), groups, rewards, weights)
    estimate = minimum_risk(batch)
    value = float((batch.scores.sequences.exp() * rewards).detach().sum())
    assert estimate.told["expected_reward"] == pytest.approx(value)
    assert estimate.loss.item() == pytest.approx(float(rewards.mean()) - value)
    torch.testing.assert_close(gradient(estimate, logits), -exact, rtol=0, atol=1e-12)


def test_minimum_risk_over_a_list_is_the_expectation_within_it(everything, logits, rewards):
    lists = [[1, 5, 9, 30], [0, 3], [12, 20, 39]]
    weights = torch.tensor([0.5, 1.5, 1.0], dtype=torch.float64)
    flat = [row for some in lists for row in some]
    groups = torch.tensor([place for place, some in enumerate(lists) for _ in some])
    batch = Batch(everything.scores(logits, flat), groups, rewards[flat], weights)
    value = logits.new_zeros(())
    for weight, some in zip(weights, lists, strict=True):
        chances = everything.scores(logits, some).sequences.exp()
        value = value + weight * (chances * rewards[some]).sum() / chances.sum() / len(lists)
    (expected,) = torch.autograd.grad(value, logits)
    found = gradient(minimum_risk(batch), logits)
    torch.testing.assert_close(found, -expected, rtol=0, atol=1e-12)


@pytest.fixture
def logged(everything):
    """A log in which each text stands exactly as often as its policy draws it."""
    draw = torch.Generator().manual_seed(8)
    often = torch.randint(1, 4, (len(everything),), generator=draw)
    rows = torch.arange(len(everything)).repeat_interleave(often)
    drawn = (often.double() / len(rows)).log()[rows]
    return rows, drawn


def from_log(everything, logits, rewards, logged):
    rows, drawn = logged
    weights = torch.ones(len(rows), dtype=torch.float64)
    scores = everything.scores(logits, rows)
    return Batch(scores, torch.arange(len(rows)), rewards[rows], weights, drawn=drawn)


def test_importance_weights_recover_what_is_exact_as_they_are_no_longer_cut(
    everything, logits, rewards, exact, logged
):
    value = float((everything.scores(logits).sequences.exp() * rewards).detach().sum())
    errors, cut = [], []
    for largest in (0.5, 2.0, 1e9):
        batch = from_log(everything, logits, rewards, logged)
        estimate = importance_sampled(batch, largest=largest)
        found = gradient(estimate, logits)
        errors.append(float((found + exact).norm() / exact.norm()))
        cut.append(estimate.told["truncated"])
    assert errors[0] > errors[1] > 0.01
    assert errors[2] < 1e-9
    assert cut[0] > cut[1] > cut[2] == 0
    assert estimate.told["expected_reward"] == pytest.approx(value)


def test_effective_samples_are_all_of_them_where_nothing_has_changed(everything, logits, rewards):
    rows = torch.arange(len(everything))
    drawn = everything.scores(logits).sequences.detach()
    same = importance_sampled(from_log(everything, logits, rewards, (rows, drawn)))
    assert same.told["effective_samples"] == pytest.approx(len(rows))
    other = everything.logits(1)
    moved = importance_sampled(from_log(everything, other, rewards, (rows, drawn)), largest=1e9)
    ratios = (everything.scores(other).sequences - drawn).exp().detach()
    expected = float(ratios.sum() ** 2 / ratios.square().sum())
    assert moved.told["effective_samples"] == pytest.approx(expected)
    assert expected < len(rows)


def test_a_log_in_which_all_is_equally_good_teaches_nothing(everything, logits, logged):
    rows, drawn = logged
    same = torch.full((len(everything),), 0.7, dtype=torch.float64)
    estimate = importance_sampled(from_log(everything, logits, same, (rows[:9], drawn[:9])))
    assert float(gradient(estimate, logits).abs().max()) < 1e-12


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_weight_of_an_accent_multiplies_its_gradient(everything, logits, name):
    rows, groups = [2, 17, 33], torch.zeros(3, dtype=torch.long)
    rewards = torch.tensor([0.2, 0.9, 0.4], dtype=torch.float64)
    drawn = torch.tensor([-2.0, -3.0, -4.0], dtype=torch.float64)
    baseline = torch.zeros(1, dtype=torch.float64)
    found = []
    for weight in (1.0, 2.5):
        weights = torch.tensor([weight], dtype=torch.float64)
        scores = everything.scores(logits, rows)
        batch = Batch(scores, groups, rewards, weights, baseline, drawn)
        found.append(gradient(ESTIMATORS[name](batch), logits))
    assert found[0].abs().max() > 0.01
    torch.testing.assert_close(found[1], 2.5 * found[0])


@pytest.mark.parametrize("name", ["leave-one-out", "minimum-risk"])
def test_groups_whose_rewards_are_all_equal_are_skipped_and_counted(everything, logits, name):
    groups = torch.tensor([0, 0, 0, 1, 1, 2, 2])
    weights = torch.ones(4, dtype=torch.float64)  # of the last group no row is here
    rewards = torch.tensor([0.1, 0.1, 0.1, 0.7, 0.2, 0.3, 0.3], dtype=torch.float64)
    rows = torch.arange(7)
    whole = ESTIMATORS[name](Batch(everything.scores(logits, rows), groups, rewards, weights))
    assert whole.told["skipped_groups"] == 0.75
    kept = varied(rewards, groups, 4)
    assert kept.tolist() == [False, True, False, False]
    some = kept[groups]
    scores = everything.scores(logits, rows[some])
    less = ESTIMATORS[name](Batch(scores, groups[some], rewards[some], weights))
    assert less.told["skipped_groups"] == 0.75
    assert torch.equal(gradient(less, logits), gradient(whole, logits))


def test_one_sample_teaches_nothing_without_others(everything, logits, rewards):
    groups, weights = torch.arange(2), torch.ones(2, dtype=torch.float64)
    batch = Batch(everything.scores(logits, [1, 2]), groups, rewards[:2], weights)
    estimate = leave_one_out(batch)
    assert estimate.loss.item() == 0
    assert estimate.told["skipped_groups"] == 1


@pytest.mark.parametrize("name", ["leave-one-out", "minimum-risk", "self-critical"])
def test_parts_of_a_batch_add_up_to_the_whole(everything, logits, rewards, name):
    groups = torch.arange(5).repeat_interleave(3)
    rows = torch.arange(15) * 2
    weights = torch.linspace(0.5, 1.5, 5, dtype=torch.float64)
    baseline = torch.linspace(0, 1, 5, dtype=torch.float64)

    def estimate(first, last):
        some = (groups >= first) & (groups < last)
        scores = everything.scores(logits, rows[some])
        found = rewards[rows[some]]
        return ESTIMATORS[name](
            Batch(scores, groups[some] - first, found, weights[first:last], baseline[first:last])
        )

    parts = [estimate(0, 2), estimate(2, 5)]
    added = sum(gradient(part, logits) * part.over for part in parts) / sum(p.over for p in parts)
    torch.testing.assert_close(added, gradient(estimate(0, 5), logits), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_what_an_estimator_lacks_it_names(everything, logits, name):
    with pytest.raises(DataError, match="this estimator needs rewards"):
        ESTIMATORS[name](Batch(everything.scores(logits)))
