import json

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from talkover.core.errors import DataError, ModelError
from talkover.core.listener import ListenerConfig, ListenerRuntime
from talkover.core.listener.golden import compare, read_golden
from talkover.core.listener.served import served_variant
from talkover.trainer.export.origin import origin_of
from talkover.trainer.export.parity import Precision
from talkover.trainer.export.reading import Sides
from talkover.trainer.export.run import export, write_graphs


def test_a_policy_becomes_the_listener_of_a_new_bundle(policy, origin, store, examples):
    parent = store.current()
    made = export(policy, origin, store, parent, examples[:1], precision=Precision.FP32)
    manifest, folder = store.verify(made.bundle_id), store.path(made.bundle_id)
    assert manifest.parent == parent
    assert manifest.run == "first/sft"
    assert manifest.data == origin.data
    assert manifest.metrics["parity.utterances"] >= 1
    assert manifest.metrics["parity.same"] == 100.0
    assert "parity.wer.int8" not in manifest.metrics
    assert "first/sft" in manifest.licences["listener"].note
    assert (folder / "vad" / "notes.txt").read_text() == "another part"
    assert store.current() == parent

    listener = folder / "listener"
    assert ListenerConfig.read(listener).window == origin.window
    assert served_variant(listener) == "fp32"
    assert not (listener / "int8").exists()
    card = (listener / "card.md").read_text("utf-8")
    assert card.startswith("# First\n\nIt learnt.\n")
    assert "fp32 alone, as asked for" in card
    golden = read_golden(listener)
    assert {one.variant for one in golden} == {"fp32"}
    assert compare(ListenerRuntime(listener, variant="fp32"), golden).share == 1.0
    old = ListenerRuntime(store.path(parent) / "listener", variant="fp32", window=origin.window)
    assert compare(old, golden).share < 1.0


def test_the_same_policy_is_the_same_bundle(policy, origin, store, examples):
    first, second = (
        export(policy, origin, store, store.current(), examples[:1], precision=Precision.FP32)
        for _ in range(2)
    )
    assert first.bundle_id == second.bundle_id
    assert len(store.ids()) == 2


def test_what_is_exported_is_what_was_decided(policy, origin, store, examples):
    made = export(policy, origin, store, store.current(), examples[:2])
    listener = store.path(made.bundle_id) / "listener"
    kept = {path.name for path in listener.iterdir() if path.is_dir()}
    assert kept == set(made.choice.variants)
    assert ("int8" in kept) is made.parity.harmless
    assert {one.variant for one in read_golden(listener)} == kept


def test_graphs_of_other_weights_are_not_published(
    policy, origin, store, examples, base_weights, monkeypatch
):
    with torch.no_grad():
        for name, value in policy.named_parameters():
            value.mul_(20 if name.endswith(".up") else 1)
    parent = store.path(store.current()) / "listener"  # of before it learnt
    parity = Sides(policy, parent, origin.window).compare(examples[:2], lambda: None)
    assert not parity.faithful
    monkeypatch.setattr(policy, "weights", lambda: base_weights)
    with pytest.raises(ModelError, match="nothing is exported"):
        export(policy, origin, store, store.current(), examples[:2])
    assert len(store.ids()) == 1


def test_nothing_more_is_read_once_it_is_settled(policy, origin, store, examples, tmp_path):
    listener = store.path(store.current()) / "listener"
    write_graphs(policy, origin, listener, tmp_path / "out", lambda *_: None)
    read = []
    sides = Sides(policy, tmp_path / "out", origin.window)
    found = sides.settle(examples[:4], lambda: read.append(1))
    assert len(read) == len(found.scores)
    assert found.settled or len(read) == 4


def test_a_run_tells_where_its_weights_come_from(tmp_path):
    run = tmp_path / "first"
    run.mkdir()
    stages = {
        "sft": {"done": True, "window": 10.0, "margin": 6.0},
        "rl": {"done": True, "window": 6.0, "margin": 2.0},
        "mine": {"done": False},
    }
    told = {"format": 1, "data": "abc", "seed": 0, "stages": stages}
    (run / "run.json").write_text(json.dumps(told))
    (run / "card.md").write_text("# First\n")
    origin = origin_of(run)
    assert (origin.name, origin.data, origin.card) == ("first/rl", "abc", "# First\n")
    assert origin.window.minimum == 6 * 16_000
    assert origin.window.margin == 2 * 16_000
    assert np.all(np.diff(origin.window.sizes) > 0)
    assert origin_of(run, "sft").window.minimum == 10 * 16_000
    with pytest.raises(DataError, match="not done"):
        origin_of(run, "mine")
