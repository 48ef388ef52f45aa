import numpy as np
import pytest

from talkover.core.errors import WeightsError
from talkover.core.listener.delta import changes_between, lost, merged
from talkover.core.listener.weights import from_state_dict, shape_of, to_state_dict
from talkover.core.weights.changes import LowRank, Plain

MATRIX = "model.decoder.layers.1.encoder_attn.k_proj.weight"
WIDE = "model.encoder.layers.0.fc1.weight"
VECTOR = "model.encoder.layers.0.fc1.bias"
CONVOLUTION = "model.encoder.conv2.weight"


def tuned_by(weights, changes):
    state = to_state_dict(weights)
    for name, change in changes.items():
        state[name] = state[name] + change.reshape(state[name].shape).astype(np.float32)
    return from_state_dict(state)


def low_rank(random, rows, columns, rank):
    return random.normal(0, 0.02, (rows, rank)) @ random.normal(0, 0.2, (rank, columns))


@pytest.fixture
def random():
    return np.random.default_rng(3)


def test_nothing_changed_is_nothing(tiny_weights):
    assert changes_between(tiny_weights, tiny_weights) == {}
    assert lost(tiny_weights, tiny_weights, {}) == 0.0
    same = merged(tiny_weights, {})
    assert all(np.array_equal(same[name], array) for name, array in tiny_weights.items())


def test_changes_of_a_low_rank_are_kept(tiny_weights, random):
    width = shape_of(tiny_weights).width
    tuned = tuned_by(
        tiny_weights,
        {
            MATRIX: low_rank(random, width, width, 4),
            WIDE: low_rank(random, 4 * width, width, 4),
            VECTOR: random.normal(0, 0.1, 4 * width),
        },
    )
    changes = changes_between(tiny_weights, tuned)
    assert set(changes) == {MATRIX, WIDE, VECTOR}
    assert changes[MATRIX].up.shape == (width, 4)
    assert isinstance(changes[VECTOR], Plain)
    error = lost(tiny_weights, tuned, changes)
    assert 0 < error < 0.02
    again = merged(tiny_weights, changes)
    before, after, kept = map(to_state_dict, (tiny_weights, tuned, again))
    for name in (MATRIX, WIDE, VECTOR):
        missing = np.linalg.norm(after[name] - kept[name])
        assert missing <= 0.02 * np.linalg.norm(after[name] - before[name])
    untouched = before.keys() - {MATRIX, WIDE, VECTOR}
    assert all(np.array_equal(before[name], kept[name]) for name in untouched)


def test_convolutions_and_embeddings_change_too(tiny_weights, random):
    width = shape_of(tiny_weights).width
    embeddings = "model.decoder.embed_tokens.weight"
    rows = shape_of(tiny_weights).vocabulary
    tuned = tuned_by(
        tiny_weights,
        {
            CONVOLUTION: low_rank(random, width, 3 * width, 2),
            embeddings: low_rank(random, rows, width, 2),
        },
    )
    changes = changes_between(tiny_weights, tuned)
    assert set(changes) == {CONVOLUTION, embeddings}
    assert lost(tiny_weights, tuned, changes) < 0.02


def test_a_budget_is_spent_where_it_changes_most(tiny_weights, random):
    width = shape_of(tiny_weights).width
    much, little = 10 * low_rank(random, width, width, 6), low_rank(random, width, width, 6)
    other = "model.decoder.layers.0.self_attn.q_proj.weight"
    tuned = tuned_by(tiny_weights, {MATRIX: little, other: much})
    component = 2 * width + 4
    changes = changes_between(tiny_weights, tuned, budget=8 * component + 1)
    ranks = {name: len(change.scale) for name, change in changes.items()}
    assert sum(ranks.values()) == 8
    assert ranks[other] == 6
    part = lost(tiny_weights, tuned, changes)
    assert lost(tiny_weights, tuned, changes_between(tiny_weights, tuned)) < part < 0.2


def test_vectors_alone_may_be_too_much(tiny_weights, random):
    tuned = tuned_by(tiny_weights, {VECTOR: random.normal(0, 1, 512)})
    with pytest.raises(WeightsError, match="too small"):
        changes_between(tiny_weights, tuned, budget=100)


def test_weights_of_another_model_have_no_difference(tiny_weights):
    other = {
        name: array[:-1] if "embeddings" in name else array for name, array in tiny_weights.items()
    }
    with pytest.raises(WeightsError, match="another model"):
        changes_between(tiny_weights, other)


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("model.nothing.weight", Plain(np.zeros(3, np.float16)), "have not"),
        ("proj_out.weight", Plain(np.zeros(3, np.float16)), "have not"),
        (VECTOR, Plain(np.zeros(3, np.float16)), "does not fit"),
        (
            MATRIX,
            LowRank(np.ones((3, 2), np.int8), np.ones((2, 3), np.int8), np.ones(2, np.float32)),
            "does not fit",
        ),
    ],
)
def test_changes_of_other_weights_are_refused(tiny_weights, name, change, why):
    with pytest.raises(WeightsError, match=why):
        merged(tiny_weights, {name: change})
