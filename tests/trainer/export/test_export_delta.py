import hashlib
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from talkover.core.listener import ListenerConfig, ListenerRuntime
from talkover.core.listener.build import build_listener
from talkover.core.listener.delta import merged
from talkover.core.listener.deltafile import read_delta, write_delta
from talkover.core.listener.golden import compare, read_golden
from talkover.trainer.export.delta import make_delta, measures
from talkover.trainer.policy.whisper import read_base


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


@pytest.mark.parametrize("empty", [False, True])
def test_who_has_learnt_to_write_nothing_may_do_so(empty, policy, made, source, tmp_path):
    end = policy.tokens.end
    assert made.delta.about.empty is (end not in policy.tokens.suppress_begin)
    about = made.delta.about.model_copy(update={"empty": empty})
    build_listener(source, tmp_path / "built", delta=replace(made.delta, about=about))
    config = ListenerConfig.read(tmp_path / "built")
    assert (end in config.suppress_begin) is not empty
    assert 220 in config.suppress_begin
    read = read_base(source, replace(made.delta, about=about))
    assert read.tokens.suppress_begin == config.suppress_begin
    assert end in read_base(source).config.suppress_begin
    assert end not in read_base(source, empty=True).config.suppress_begin
