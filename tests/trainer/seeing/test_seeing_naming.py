"""A head that learns to name coloured squares, and says the same as its graph."""

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch")

from talkover.core.brain.naming import found_in  # noqa: E402 - after the library it needs
from talkover.core.brain.projector import FEATURES, NAMED, build_projector  # noqa: E402
from talkover.core.brain.sight import Sight  # noqa: E402
from talkover.trainer.seeing.naming import View, goal_of, learn_names, loss_of, mirrored  # noqa: E402
from talkover.trainer.seeing.projection import Projection  # noqa: E402
from talkover.trainer.seeing.questions.question import Placed  # noqa: E402
from talkover.trainer.seeing.warming import Warming  # noqa: E402

SIGHT = Sight(grid=(8, 8), features=4, things=("cup", "key"), colours=("red", "blue"))


def view(seed):
    """One or two things; what they are is in the features of their place, with noise."""
    random = np.random.default_rng(seed)
    features = random.normal(0, 0.3, (8, 8, 4)).astype(np.float32)
    placed = []
    for place in random.choice(16, int(random.integers(0, 3)), replace=False):
        row, column = divmod(int(place), 4)
        thing, colour = (int(one) for one in random.integers(0, 2, 2))
        features[2 * row : 2 * row + 2, 2 * column : 2 * column + 2, thing] += 2
        features[2 * row : 2 * row + 2, 2 * column : 2 * column + 2, 2 + colour] += 2
        x, y = (column + 0.5) / 4, (row + 0.5) / 4
        name, shade = SIGHT.things[thing], SIGHT.colours[colour]
        placed.append(Placed(name, shade, x, y, 0.2 + 0.1 * thing))
    return View(torch.from_numpy(features.reshape(64, 4)).half(), tuple(placed))


@pytest.fixture(scope="module")
def taught():
    projection = Projection(SIGHT, 8, 16, size=1.0, seed=0)
    views = [view(seed) for seed in range(200)]
    projection.standardise(torch.cat([one.features.float() for one in views]))
    told = list(learn_names(projection, SIGHT, views, 150, Warming(16, 3e-3, 0)))
    return projection, told


def things_of(some):
    return sorted(
        (one.name, one.colour, round(4 * one.x - 0.5), round(4 * one.y - 0.5)) for one in some
    )


def test_it_finds_what_it_has_not_learnt_from(taught):
    projection, told = taught
    assert told[-1]["loss naming"] < 0.2 * told[0]["loss naming"]
    right = 0
    for seed in range(1_000, 1_050):
        one = view(seed)
        with torch.no_grad():
            named = projection.named(one.features.float()[None])[0].numpy()
        right += things_of(found_in(named, SIGHT)) == things_of(one.placed)
    assert right >= 45


def test_the_graph_says_the_same(taught):
    projection, _ = taught
    features = view(3).features.float()
    graph = build_projector(projection.weights(), SIGHT).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (named,) = session.run([NAMED], {FEATURES: features.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(named, projection.named(features[None])[0].numpy(), atol=1e-4)


def test_mirrored_twice_a_view_is_itself():
    one = view(3)
    other = mirrored(one, SIGHT)
    wide = one.features.view(8, 8, 4)
    assert torch.equal(other.features.view(8, 8, 4)[:, 0], wide[:, 7])
    assert [place.x for place in other.placed] == [1 - place.x for place in one.placed]
    again = mirrored(other, SIGHT)
    assert torch.equal(again.features, one.features)


def test_only_the_head_learns(taught):
    projection, _ = taught
    first = Projection(SIGHT, 8, 16, size=1.0, seed=0).weights()
    for name, value in projection.weights().items():
        learns = name.startswith("names.")
        assert np.array_equal(value, first[name]) is not (learns or name in ("mean", "spread")), (
            name
        )
        assert all(one.grad is None for one in projection.head())


def test_a_middle_near_an_edge_is_in_both_places_and_nothing_elsewhere():
    one = View(torch.zeros(64, 4).half(), (Placed("key", "blue", 0.25, 0.6, 0.4),))
    goal = goal_of([one], SIGHT)
    assert goal.things[0].nonzero().flatten().tolist() == [8, 9]
    assert goal.things[0, 8] == 2
    assert goal.colours[0, 9] == 1
    assert goal.measures[0, 8].tolist() == pytest.approx([-0.1, 0.5, 0.4], abs=1e-6)
    assert goal.measures[0, 9].tolist() == pytest.approx([-0.1, -0.5, 0.4], abs=1e-6)
    empty = goal_of([View(one.features, ())], SIGHT)
    assert not empty.things.any()
    named = torch.zeros(1, 16, 1 + 2 + 2 + 3)
    named[..., 0] = 20.0
    assert float(loss_of(named, empty, SIGHT)) == pytest.approx(0, abs=1e-3)
    assert float(loss_of(named, goal, SIGHT)) > 30
