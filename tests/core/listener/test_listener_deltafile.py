import hashlib
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from talkover.core.clock import RATE
from talkover.core.errors import WeightsError
from talkover.core.listener import LONGEST, ListenerConfig, ListenerRuntime, WindowRule
from talkover.core.listener.build import CARD_FILE, build_listener, write_listener
from talkover.core.listener.delta import changes_between, merged
from talkover.core.listener.deltafile import About, Delta, read_delta, write_delta
from talkover.core.listener.golden import compare, read_golden, record
from talkover.core.listener.weights import from_state_dict, to_state_dict
from talkover.core.weights.changes import LARGEST, Plain

MATRIX = "model.decoder.layers.0.self_attn.q_proj.weight"
VECTOR = "model.encoder.layers.0.fc1.bias"
WINDOW = WindowRule(minimum=4 * RATE, margin=RATE, sizes=(4 * RATE, LONGEST))


@pytest.fixture(scope="module")
def tuned(tiny_weights):
    random = np.random.default_rng(1)
    state = to_state_dict(tiny_weights)
    rows, columns = state[MATRIX].shape
    change = random.normal(0, 0.1, (rows, 3)) @ random.normal(0, 0.5, (3, columns))
    state[MATRIX] = state[MATRIX] + change.astype(np.float32)
    state[VECTOR] = state[VECTOR] + random.normal(0, 0.5, len(state[VECTOR])).astype(np.float32)
    return from_state_dict(state)


@pytest.fixture(scope="module")
def delta(tiny_weights, tuned, tiny_source, tiny_folder, tmp_path_factory):
    """A delta as a trainer makes it, with what the merged graphs say."""
    changes = changes_between(tiny_weights, tuned)
    folder = tmp_path_factory.mktemp("trainer")
    config = ListenerConfig.read(tiny_folder).model_copy(update={"window": WINDOW})
    tokenizer = tiny_source / "tokenizer.json"
    write_listener(merged(tiny_weights, changes), config, tokenizer, folder, lambda *_: None)
    base = hashlib.sha256((tiny_source / "model.bin").read_bytes()).hexdigest()
    golden = record(ListenerRuntime(folder, variant="fp32"))
    about = About(
        base=base, run="first", stage="sft", lost=0.01, window=WINDOW, golden=golden, card="# Card"
    )
    return Delta(about, changes)


@pytest.fixture
def path(delta, tmp_path):
    path = tmp_path / "deep" / "listener-delta.safetensors"
    assert write_delta(path, delta) == path.stat().st_size
    return path


def test_a_file_keeps_all_of_it(delta, path):
    found = read_delta(path)
    assert found.about == delta.about
    assert found.changes.keys() == delta.changes.keys()
    for name, change in delta.changes.items():
        shape = (len(change.up), change.down.shape[1]) if name == MATRIX else change.values.shape
        assert np.array_equal(found.changes[name].whole(shape), change.whole(shape))


def test_building_merges_it(delta, path, tiny_source, tiny_weights, tmp_path):
    out = tmp_path / "listener"
    build_listener(tiny_source, out, delta=read_delta(path))
    assert ListenerConfig.read(out).window == WINDOW
    assert read_golden(out) == delta.about.golden
    assert (out / CARD_FILE).read_text("utf-8") == "# Card"
    runtime = ListenerRuntime(out, variant="fp32")
    assert compare(runtime, delta.about.golden).share == 1.0


def test_without_it_the_golden_outputs_are_others(delta, tiny):
    assert compare(tiny, delta.about.golden).share < 1.0


def test_other_base_weights_are_refused(path, tiny_source, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(tiny_source, other)
    content = bytearray((other / "model.bin").read_bytes())
    content[-9] ^= 1
    (other / "model.bin").write_bytes(content)
    with pytest.raises(WeightsError, match="run first is of other base weights"):
        build_listener(other, tmp_path / "out", delta=read_delta(path))
    assert not (tmp_path / "out").exists()


def test_a_delta_that_is_too_large_is_not_written(delta, tmp_path):
    values = Plain(np.zeros(LARGEST, np.float16))
    with pytest.raises(WeightsError, match="use a budget"):
        write_delta(tmp_path / "big", Delta(delta.about, {VECTOR: values}))
    assert not list(tmp_path.iterdir())


def test_what_is_no_delta_is_refused(path, tmp_path):
    with pytest.raises(WeightsError, match="cannot be read"):
        read_delta(tmp_path / "none")
    content = path.read_bytes()
    for wrong in (b"", content[:100], content[:-1], b"\xff" * 100):
        path.write_bytes(wrong)
        with pytest.raises(WeightsError, match="no delta of this version"):
            read_delta(path)
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(WeightsError, match="larger than a delta may be"):
        read_delta(path)


@pytest.mark.parametrize(
    "change",
    [
        {f"{VECTOR}/plain": np.full(512, np.nan, np.float16)},
        {f"{VECTOR}/plain": np.zeros(512, np.float32)},
        {f"{MATRIX}/up": np.zeros((128, 7), np.int8)},
        {f"{MATRIX}/scale": np.full(3, np.inf, np.float32)},
        {"loose": np.zeros(3, np.float16)},
    ],
)
def test_arrays_that_are_no_change_are_refused(delta, path, change):
    arrays = load_file(path) | change
    save_file(arrays, path, {"about": delta.about.model_dump_json()})
    with pytest.raises(WeightsError, match="no delta of this version"):
        read_delta(path)


def test_another_version_is_refused(delta, path):
    about = delta.about.model_dump_json().replace("delta 1", "delta 2")
    save_file(load_file(path), path, {"about": about})
    with pytest.raises(WeightsError, match="no delta of this version"):
        read_delta(path)
