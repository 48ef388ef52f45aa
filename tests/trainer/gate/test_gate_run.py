"""The gate on real bundles: what harms is refused."""

import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from talkover.core.cli import build
from talkover.core.listener import ListenerConfig, ListenerRuntime
from talkover.core.listener.build import write_listener
from talkover.core.listener.ct2 import read_ct2
from talkover.core.listener.golden import record, write_golden
from talkover.core.settings import load_settings
from talkover.core.weights import find_part
from talkover.core.weights.state import require
from talkover.trainer.gate.material import Amount, Material, gather, people, spoken
from talkover.trainer.gate.run import judge
from talkover.trainer.gate.verdict import Gate

pytestmark = pytest.mark.bundle

AMOUNT = Amount(spoken=2, people=4, wordless=1, switched=1)


@pytest.fixture(scope="module")
def material():
    return gather(AMOUNT, seed=0)


@pytest.fixture(scope="module")
def golden(bundle):
    return record(ListenerRuntime(bundle / "listener", variant="int8", threads=1))


@pytest.fixture
def copy(bundle, golden, tmp_path):
    """The current bundle's listener, in the precision that is served, with its golden outputs."""
    listener = tmp_path / "copy" / "listener"
    listener.mkdir(parents=True)
    shutil.copytree(bundle / "listener" / "int8", listener / "int8")
    for name in ("listener.json", "tokenizer.json"):
        shutil.copy(bundle / "listener" / name, listener)
    write_golden(listener, golden)
    return listener.parent


def noisy_weights(amount):
    """Weights of the base, each matrix with noise added."""
    source = require(load_settings().data_dir, find_part("whisper-base"))
    random = np.random.default_rng(0)
    weights = {}
    for name, array in read_ct2(source / "model.bin").items():
        whole = np.asarray(array, np.float32)
        if name.endswith("weight") and "embeddings" not in name:
            noise = random.standard_normal(whole.shape, np.float32)
            whole = whole + np.float32(amount) * whole.std() * noise
        weights[name] = whole
    return weights


def test_what_is_heard_is_of_validation_and_always_the_same(material):
    assert material.count == 8
    again = gather(AMOUNT, seed=0)
    for one, other in zip(
        material.spoken + material.people + material.switched,
        again.spoken + again.people + again.switched,
        strict=True,
    ):
        assert one.name == other.name
        assert np.array_equal(one.pcm, other.pcm)
    assert all("-validation-" in one.name for one in material.spoken)
    assert all(len({language for _, language in one.words}) == 2 for one in material.switched)
    assert [one.language for one in people(3, seed=1)] == ["en", "es", "fr"]
    assert len({one.accent for one in spoken(4, seed=0, noisy=False)}) == 4
    assert all(one.snr is None for one in spoken(4, seed=0, noisy=False))
    assert all(np.array_equal(a, b) for a, b in zip(material.wordless, again.wordless, strict=True))


def test_the_same_listener_passes(copy, bundle, material):
    judgement = judge(copy, bundle, material=material)
    refused = {finding.gate for finding in judgement.verdict.failed}
    assert refused <= {Gate.LATENCY}  # others may be at work here
    assert judgement.candidate.outcomes == judgement.current.outcomes
    assert judgement.candidate.golden == 1.0


def test_weights_with_noise_are_refused(copy, bundle, material):
    config, tokenizer = ListenerConfig.read(copy / "listener"), bundle / "listener/tokenizer.json"
    out = copy / "listener"
    write_listener(noisy_weights(0.3), config, tokenizer, out, lambda *_: None, variants=["int8"])
    judgement = judge(copy, bundle, material=material)
    refused = {finding.gate: finding for finding in judgement.verdict.failed}
    assert {Gate.OVERALL, Gate.PEOPLE, Gate.GOLDEN} <= refused.keys()
    assert refused[Gate.OVERALL].beyond > 10
    assert f"{Gate.PEOPLE}: " in judgement.verdict.reason


def test_a_broken_graph_is_refused(copy, bundle, material):
    path = copy / "listener" / "int8" / "decoder.onnx"
    path.write_bytes(path.read_bytes()[: 1 << 20])
    judgement = judge(copy, bundle, material=Material(material.spoken[:1], (), ()))
    assert [finding.gate for finding in judgement.verdict.failed] == [Gate.LOADS]
    assert judgement.candidate is None
    assert "decoder.onnx" in judgement.verdict.reason


def test_the_command_names_its_flags():
    done = CliRunner().invoke(build(), ["train", "gate", "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    for flag in ("--candidate", "--current", "--quick", "--json", "--html", "--seed"):
        assert flag in done.output
