import json

import numpy as np
import pytest

from talkover.core.errors import BundleError
from talkover.core.listener import ListenerRuntime
from talkover.core.listener.build import write_listener
from talkover.core.listener.golden import (
    GOLDEN_FILE,
    SOUNDS,
    TOLERANCE,
    Agreement,
    compare,
    read_golden,
    record,
    synthesise,
    write_golden,
)


@pytest.fixture(scope="module")
def outputs(tiny):
    return record(tiny)


@pytest.mark.parametrize(("kind", "seed"), SOUNDS)
def test_a_sound_follows_from_its_seed(kind, seed):
    sound = synthesise(kind, seed)
    assert sound.shape == (32000,)
    assert sound.dtype == np.float32
    assert np.array_equal(sound, synthesise(kind, seed))
    assert not np.array_equal(sound, synthesise(kind, seed + 1))
    assert 0.09 < np.sqrt(np.mean(sound**2)) < 0.11
    assert np.array_equal(sound * 32768, np.rint(sound * 32768))


def test_the_same_listener_gives_its_golden_outputs(tiny, outputs):
    assert outputs
    assert compare(tiny, outputs) == Agreement(
        sum(len(o.tokens) for o in outputs), *_places(outputs)
    )
    assert compare(tiny, outputs).within


def test_what_is_recorded_is_recorded_again(tiny, outputs):
    assert record(tiny) == outputs


def test_a_text_does_not_end_before_it_has_begun(tiny, outputs):
    assert all(tiny.tokens.end not in one.tokens[:8] for one in outputs)


def test_another_listener_does_not_give_them(tiny, tiny_weights, tiny_folder, tmp_path, outputs):
    random = np.random.default_rng(0)
    harmed = {
        name: array + 0.5 * array.std() * random.standard_normal(array.shape).astype(np.float32)
        if name.endswith("weight")
        else array
        for name, array in tiny_weights.items()
    }
    tokenizer = tiny_folder / "tokenizer.json"
    write_listener(harmed, tiny.config, tokenizer, tmp_path, lambda *_: None, variants=["fp32"])
    assert not (tmp_path / "int8").exists()
    found = compare(ListenerRuntime(tmp_path, variant="fp32"), outputs)
    assert found.share < TOLERANCE
    assert not found.within


def test_the_other_variant_has_outputs_of_its_own(tiny8, outputs):
    assert compare(tiny8, outputs) == Agreement(0, 0)
    assert compare(tiny8, outputs).share == 1.0


def test_the_file_keeps_them(outputs, tmp_path):
    assert read_golden(tmp_path) == ()
    write_golden(tmp_path, outputs)
    assert read_golden(tmp_path) == outputs
    first = json.loads((tmp_path / GOLDEN_FILE).read_text("utf-8"))[0]
    assert first.keys() == {"seed", "kind", "language", "variant", "tokens"}


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[1]", '[{"seed": 1}]', '[{"seed":1,"kind":"song","language":"en","tokens":[1]}]'],
)
def test_a_file_that_is_something_else_is_refused(content, tmp_path):
    (tmp_path / GOLDEN_FILE).write_text(content, "utf-8")
    with pytest.raises(BundleError, match=r"golden\.json.*export the bundle again"):
        read_golden(tmp_path)


@pytest.mark.bundle
def test_the_real_listener_says_something_to_every_sound(int8):
    outputs = record(int8)
    assert [(one.kind, one.seed) for one in outputs] == list(SOUNDS)
    assert len({one.tokens for one in outputs}) == len(SOUNDS)
    assert compare(int8, outputs).share == 1.0


def _places(outputs):
    return [sum(len(one.tokens) for one in outputs)]
