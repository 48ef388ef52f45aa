"""What turns that were logged teach."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.errors import DataError  # noqa: E402 - after the libraries
from talkover.trainer.estimators.gradients import importance_sampled  # noqa: E402
from talkover.trainer.stages.rl_draw import draw  # noqa: E402
from talkover.trainer.stages.rl_logged import Logged, batch_of  # noqa: E402

from .rl_tiny import WINDOW, examples, fed, settings, tiny_policy, tokens_of  # noqa: E402


def turns(policy, rewards, **more):
    """What the policy drew, with rewards by what it says."""
    drawn = draw(policy, fed(), settings(samples=8), [1])
    return [
        Logged(examples()[row.item], row.tokens, row.log_prob, rewards(row.text), **more)
        for row in drawn.rows
    ]


def test_what_was_rewarded_becomes_likelier():
    policy = tiny_policy(4)
    log = turns(policy, lambda text: float("a" in text))
    assert 0 < sum(turn.reward for turn in log) < len(log)
    learnt = [one for one in policy.parameters() if one.requires_grad]
    optimiser = torch.optim.SGD(learnt, lr=0.05)

    def gap():
        with torch.no_grad():
            sequences = batch_of(policy, log, WINDOW).scores.sequences
        good = torch.tensor([turn.reward for turn in log]) > 0
        return float(sequences[good].mean() - sequences[~good].mean())

    before = gap()
    for _ in range(3):
        optimiser.zero_grad()
        estimate = importance_sampled(batch_of(policy, log, WINDOW))
        estimate.loss.backward()
        optimiser.step()
    assert gap() > before + 0.1
    assert 1 <= estimate.told["effective_samples"] <= len(log) + 1e-3


def test_at_first_every_turn_weighs_the_same():
    policy = tiny_policy()
    log = turns(policy, len)
    told = importance_sampled(batch_of(policy, log, WINDOW)).told
    mean = sum(turn.reward for turn in log) / len(log)
    assert told["expected_reward"] == pytest.approx(mean, rel=1e-3)
    assert told["effective_samples"] == pytest.approx(len(log), rel=1e-3)


def test_trust_and_accent_weigh():
    policy = tiny_policy()
    example = examples(trust=0.5)[0]
    turn = Logged(example, tuple(tokens_of(policy, "ten")), -3.0, 1.0, weight=2.0)
    assert batch_of(policy, [turn, turn], WINDOW).weights.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"temperature": 0.0}, "mine it instead"),
        ({"tokens": ()}, "mine it instead"),
        ({"log_prob": 0.5}, "drop it"),
        ({"log_prob": float("nan")}, "drop it"),
        ({"reward": float("inf")}, "drop it"),
    ],
)
def test_what_has_no_propensity_is_refused(given, reason):
    plain = {"tokens": (1,), "log_prob": -1.0, "reward": 0.0}
    with pytest.raises(DataError, match=reason):
        Logged(examples()[0], **{**plain, **given})


def test_turns_of_several_temperatures_are_refused():
    policy = tiny_policy()
    tokens = tuple(tokens_of(policy, "ten"))
    log = [Logged(examples()[0], tokens, -1.0, 0.0, temperature=warm) for warm in (0.5, 1.0)]
    with pytest.raises(DataError, match="of each apart"):
        batch_of(policy, log, WINDOW)
