import hashlib

import numpy as np
import pytest

pytest.importorskip("torch")

from talkover.core.listener import ListenerRuntime
from talkover.core.listener.build import build_listener
from talkover.core.listener.delta import merged
from talkover.core.listener.deltafile import read_delta, write_delta
from talkover.core.listener.golden import compare, read_golden
from talkover.trainer.export.delta import make_delta, measures


@pytest.fixture
def made(policy, origin, source, examples, tmp_path):
    return make_delta(policy, origin, source, examples[:1], tmp_path / "merged")


def test_a_delta_holds_what_was_learnt(made, policy, origin, source, base_weights):
    about = made.delta.about
    assert about.base == hashlib.sha256((source / "model.bin").read_bytes()).hexdigest()
    assert (about.run, about.stage, about.card) == ("first", "sft", origin.card)
    assert about.window == origin.window
    assert 0 < about.lost < 0.02
    assert all(len(change.scale) == 2 for change in made.delta.changes.values())
    wanted, found = policy.weights(), merged(base_weights, made.delta.changes)
    missing = sum(np.sum((wanted[name] - found[name]) ** 2) for name in wanted)
    whole = sum(np.sum((wanted[name] - base_weights[name]) ** 2) for name in wanted)
    assert np.sqrt(missing / whole) == pytest.approx(about.lost, rel=0.01)
    table = {one.name: one for one in measures(made, 1_000_000)}
    assert table["size"].met
    assert table["lost of what changed"].value == pytest.approx(100 * about.lost)
    assert table["word error rate, fp32 minus policy"].bar == "<= 1"
    assert not measures(made, 11_000_000)[0].met


def test_the_first_bundle_is_built_with_it(made, source, tmp_path):
    path = tmp_path / "listener-delta.safetensors"
    write_delta(path, made.delta)
    build_listener(source, tmp_path / "built", delta=read_delta(path))
    golden = read_golden(tmp_path / "built")
    assert {one.variant for one in golden} == {"fp32", "int8"}
    for variant in ("fp32", "int8"):
        runtime = ListenerRuntime(tmp_path / "built", variant=variant)
        assert compare(runtime, golden).share == 1.0
