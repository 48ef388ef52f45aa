"""Training finds what is there, exports what it found, and is judged by definition."""

import numpy as np
import pytest

from talkover.core.overlap import FEATURE_NAMES, N_FEATURES, OverlapHead
from talkover.core.overlap.config import LABELS
from talkover.core.overlap.ear import HEARD_FRAMES, HEARD_WIDTH
from talkover.trainer.overlap.judge import calibration_error, choose, confusion, rule, yields_at
from talkover.trainer.overlap.moments import Moments
from talkover.trainer.overlap.texts import Split

BARGE_IN, BACK, SIDE, NOISE, ECHO = range(5)


def overlap_of(label, *, seed=0, count=8, noticed=True):
    """Decision points in which one feature tells the label, and what is heard tells nothing."""
    random = np.random.default_rng([label, seed])
    vectors = random.normal(0, 0.3, (count, N_FEATURES)).astype(np.float32)
    vectors[:, FEATURE_NAMES.index("level") + label] += 2.0
    times = np.arange(1, count + 1, dtype=np.float32) * np.float32(0.1)
    heard = random.normal(0, 1, (count, HEARD_FRAMES, HEARD_WIDTH)).astype(np.float16)
    return Moments(vectors, heard, label, "made", times, times >= 0.6, noticed, False)


def many(count, start):
    return [overlap_of(n % len(LABELS), seed=start + n) for n in range(count)]


def judged(*rows, label=BARGE_IN):
    """Probabilities with a barge-in's as given, the rest on ``label``'s neighbour."""
    table = np.zeros((len(rows), len(LABELS)), np.float32)
    table[:, BARGE_IN] = rows
    table[:, BACK] = 1 - table[:, BARGE_IN]
    return table


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    pytest.importorskip("torch")
    from talkover.trainer.overlap.train import fit_and_export

    out = tmp_path_factory.mktemp("overlap")
    found = {
        Split.TRAIN: many(240, 0), Split.VALIDATION: many(40, 1000), Split.HELD_OUT: many(40, 2000)
    }  # fmt: skip
    return out, found, fit_and_export(found, out, seed=0, epochs=30)


def test_what_tells_the_labels_apart_is_found(trained):
    out, found, _ = trained
    head = OverlapHead(out)
    told = [
        head.probabilities(one.vectors[-1], one.heard[-1]).likeliest
        for one in found[Split.HELD_OUT]
    ]
    right = [
        name == LABELS[one.label] for name, one in zip(told, found[Split.HELD_OUT], strict=True)
    ]
    assert np.mean(right) > 0.9


def test_what_is_heard_alone_can_tell():
    pytest.importorskip("torch")
    from talkover.trainer.overlap.corpus import tabulate
    from talkover.trainer.overlap.fit import fit

    def heard_only(label, seed):
        one = overlap_of(label, seed=seed)
        one.vectors[:] = 0
        one.heard[:, -6:, 40 * label : 40 * label + 40] += np.float16(3)
        return one

    train = [heard_only(n % 5, n) for n in range(200)]
    other = [heard_only(n % 5, 1000 + n) for n in range(40)]
    fitted = fit(tabulate(train), tabulate(other), seed=0, epochs=20)
    told = [fitted.judge(one.vectors, one.heard)[-1].argmax() for one in other]
    assert np.mean(np.array(told) == [one.label for one in other]) > 0.9


def test_the_graph_computes_what_was_trained(trained):
    out, found, result = trained
    head = OverlapHead(out)
    vectors = np.concatenate([one.vectors for one in found[Split.HELD_OUT][:5]]) * 3
    heard = np.concatenate([one.heard for one in found[Split.HELD_OUT][:5]]) * np.float16(3)
    for vector, sound, row in zip(vectors, heard, result.fitted.judge(vectors, heard), strict=True):
        assert abs(head.probabilities(vector, sound).barge_in - row[BARGE_IN]) < 1e-5


def test_the_folder_tells_how_it_came_to_be(trained):
    out, _, result = trained
    config = OverlapHead(out).config
    assert config.yield_at == result.chosen.threshold
    assert config.training["overlaps"] == {"train": 240, "validation": 40, "held-out": 40}
    assert {path.name for path in out.iterdir()} == {
        "model.onnx", "config.json", "metrics.json", "confusion.md"
    }  # fmt: skip


def test_the_same_seed_trains_the_same(trained):
    from talkover.trainer.overlap.corpus import tabulate
    from talkover.trainer.overlap.fit import fit

    _, found, result = trained
    again = fit(tabulate(found[Split.TRAIN]), tabulate(found[Split.VALIDATION]), seed=0, epochs=30)
    assert again.loss == result.fitted.loss


def test_a_yield_is_the_first_decision_at_the_threshold():
    one = overlap_of(BARGE_IN, count=3)
    assert yields_at(one, judged(0.2, 0.7, 0.9), 0.6) == pytest.approx(0.2)
    assert yields_at(one, judged(0.2, 0.3, 0.4), 0.6) is None
    assert yields_at(overlap_of(NOISE, count=3, noticed=False), judged(1, 1, 1), 0.6) is None


def test_a_rule_counts_each_overlap_once():
    found = [overlap_of(BARGE_IN, count=10), overlap_of(BARGE_IN, count=10), overlap_of(BACK)]
    early, late = [0.9] * 10, [0.1] * 7 + [0.9] * 3
    told = rule(found, [judged(*early), judged(*late), judged(*[0.1] * 7, 0.95)], 0.8)
    assert (told.soon, told.later, told.ever) == (0.5, 1.0, 1.0)
    assert told.false["backchannel"] == 1.0
    assert told.false["echo"] == 0.0


def test_a_false_yield_costs_more_than_a_real_one_brings():
    found = [overlap_of(BARGE_IN, seed=n) for n in range(4)] + [overlap_of(BACK)]
    answers = [judged(*[p] * 8) for p in (0.9, 0.9, 0.9, 0.5, 0.5)]
    assert choose([rule(found, answers, at) for at in (0.4, 0.7)]).threshold == 0.7


def test_confusions_are_read_at_the_last_decision_before():
    one = overlap_of(BARGE_IN, count=8)
    answers = [judged(0.1, 0.1, 0.1, 0.9, 0.9, 0.1, 0.1, 0.9)]
    assert confusion([one], answers, 0.35)[BARGE_IN, BACK] == 1
    assert confusion([one], answers, 0.45)[BARGE_IN, BARGE_IN] == 1
    assert confusion([one], answers, None)[BARGE_IN, BACK] == 1  # the first one after its end


def test_calibration_error_is_nothing_where_confidence_is_what_comes_true():
    labels = np.array([0] * 8 + [1] * 2)
    sure = np.tile(np.array([0.8, 0.2, 0, 0, 0], np.float32), (10, 1))
    weights = np.ones(10, np.float32)
    assert calibration_error(sure, labels, weights) == pytest.approx(0, abs=1e-6)
    assert calibration_error(sure, np.zeros(10, int), weights) == pytest.approx(0.2, abs=1e-6)
