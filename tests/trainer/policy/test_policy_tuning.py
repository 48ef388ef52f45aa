"""What learns, and what becomes of it."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.clock import RATE  # noqa: E402 - after the libraries it needs
from talkover.core.errors import ConfigError  # noqa: E402
from talkover.core.listener.weights import to_state_dict  # noqa: E402
from talkover.trainer.policy.tuning import LowRank, Tuning, folded, hold_back, merged_state  # noqa: E402
from talkover.trainer.policy.written import Written  # noqa: E402

TEXTS = Written.of([[10, 11], [12]], [0, 1])


def scores(policy, sounds):
    heard = policy.hear(policy.see(sounds[:2], 2 * RATE), ("en", "fr"))
    return policy.score(heard, TEXTS)


def stirred(policy):
    """As if it had learnt something."""
    draw = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for value in policy.parameters():
            if value.requires_grad:
                value.add_(0.05 * torch.randn(value.shape, generator=draw))
    return policy


def test_an_addition_adds_nothing_at_first(make, sounds):
    with torch.no_grad():
        plain, added = scores(make(), sounds), scores(make(4), sounds)
    assert torch.equal(plain.log_probs, added.log_probs)


def test_an_addition_is_small_and_the_rest_stays(make):
    policy = make(4)
    learnt = {name for name, value in policy.named_parameters() if value.requires_grad}
    assert {name.rpartition(".")[2] for name in learnt} == {"down", "up"}
    added = [one for one in policy.modules() if isinstance(one, LowRank)]
    assert len(added) == 2 * 6 + 2 * 10  # in each layer of the encoder, and of the decoder
    assert all(one.down.shape[0] == one.up.shape[1] == 4 for one in added)


def test_seeds_draw_first_weights_of_their_own(make):
    def first(seed):
        found = [
            one.down.detach() for one in make(2, seed=seed).modules() if isinstance(one, LowRank)
        ]
        return torch.cat([one.flatten() for one in found])

    assert torch.equal(first(1), first(1))
    assert not torch.equal(first(1), first(2))


def test_merged_it_says_the_same(make, sounds):
    policy, plain, first = stirred(make(4)), make(), make(4)
    with torch.no_grad():
        expected = scores(policy, sounds)
        before = scores(plain, sounds)
        plain.model.load_state_dict(merged_state(first.model), strict=True)
        assert torch.equal(scores(plain, sounds).log_probs, before.log_probs)
        plain.model.load_state_dict(merged_state(policy.model), strict=True)
        found = scores(plain, sounds)
    assert float((expected.log_probs - before.log_probs).abs().max()) > 0.05
    torch.testing.assert_close(found.log_probs, expected.log_probs, rtol=0, atol=1e-4)


@pytest.mark.parametrize("rank", [0, 4])
def test_weights_leave_under_our_names_whatever_window_was_shown_last(make, sounds, rank):
    policy, plain = stirred(make(rank)), make()
    with torch.no_grad():
        expected = scores(policy, sounds)
        weights = policy.weights()
        assert weights["encoder/position_encodings/encodings"].shape == (1500, 64)
        state = {name: torch.tensor(value) for name, value in to_state_dict(weights).items()}
        plain.model.load_state_dict(state, strict=True)
        found = scores(plain, sounds)
    torch.testing.assert_close(found.log_probs, expected.log_probs, rtol=0, atol=1e-4)


@pytest.mark.parametrize("wrong", [{"rank": -1}, {"matrices": ("q",)}, {"matrices": ()}])
def test_what_cannot_be_tuned_is_refused(wrong):
    with pytest.raises(ConfigError, match="use a rank"):
        Tuning(**wrong)


def test_folded_it_says_the_same_and_is_as_it_was_afterwards(make, sounds):
    policy = stirred(make(4))
    before = {name: one.clone() for name, one in policy.state_dict().items()}
    with torch.no_grad():
        added = scores(policy, sounds)
        with folded(policy):
            inside = scores(policy, sounds)
            with folded(policy):  # what is folded stays so until the outer end
                pass
            again = scores(policy, sounds)
        after = scores(policy, sounds)
    assert torch.equal(inside.log_probs, again.log_probs)
    torch.testing.assert_close(inside.log_probs, added.log_probs, rtol=1e-4, atol=1e-4)
    assert torch.equal(after.log_probs, added.log_probs)
    assert all(torch.equal(one, before[name]) for name, one in policy.state_dict().items())
    with pytest.raises(KeyError), folded(policy):
        raise KeyError
    assert torch.equal(policy.state_dict().popitem()[1], before.popitem()[1])


@pytest.mark.parametrize("rank", [0, 4])
def test_held_back_it_is_on_the_straight_line_to_what_it_was(make, rank):
    began, policy = make(rank), stirred(make(rank))
    old, new = (
        {name: value.clone() for name, value in merged_state(one.model).items()}
        for one in (began, policy)
    )
    hold_back(policy.model, began.model, 0.75)
    hold_back(policy.model, began.model, 1 / 3)  # by steps it comes to the same
    found = merged_state(policy.model)
    moved = 0
    for name, value in found.items():
        expected = old[name] + 0.25 * (new[name] - old[name])
        torch.testing.assert_close(value, expected, rtol=1e-4, atol=1e-5)
        moved += not torch.equal(old[name], new[name])
    assert moved > 10
