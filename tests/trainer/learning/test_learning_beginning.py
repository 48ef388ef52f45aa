"""What a run begins with: the weights that come along, and the windows that are served."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_whisper import ct2_bytes, tiny_tokenizer, tiny_whisper

from talkover.core.bundles import BundleStore, PartEntry, describe
from talkover.core.errors import WeightsError
from talkover.core.listener.build import read_config
from talkover.core.listener.ct2 import read_ct2
from talkover.core.listener.delta import changes_between
from talkover.core.listener.deltafile import About, Delta, write_delta
from talkover.core.listener.weights import from_state_dict
from talkover.core.settings import load_settings
from talkover.core.weights.disk import sha256_of
from talkover.trainer.learning import beginning
from talkover.trainer.learning.beginning import base_named, base_of, from_there, merged_base
from talkover.trainer.stages.tables import WindowSettings


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stock")
    state = tiny_whisper(tiny_tokenizer().get_vocab_size()).state_dict()
    weights = from_state_dict({name: value.numpy() for name, value in state.items()})
    (folder / "model.bin").write_bytes(ct2_bytes(weights))
    (folder / "config.json").write_text("{}")
    return folder


def delta_of(
    stock: Path, path: Path, base: str = "", *, empty: bool = False
) -> dict[str, np.ndarray]:
    """A delta that moves one matrix, and the weights with it."""
    weights = dict(read_ct2(stock / "model.bin"))
    name = next(one for one, array in weights.items() if array.ndim == 2 and "conv" not in one)
    tuned = weights | {name: weights[name] + np.float32(0.25)}
    base = base or sha256_of(stock / "model.bin")
    about = About(base=base, run="r", stage="rl", lost=0.0, empty=empty)
    write_delta(path, Delta(about, changes_between(weights, tuned)))
    return tuned


def test_what_comes_along_is_in_the_weights_that_runs_change(stock: Path, tmp_path: Path) -> None:
    tuned = delta_of(stock, tmp_path / "d")
    folder = merged_base(stock, tmp_path / "d", tmp_path / "bases")
    assert (folder / "config.json").read_text() == "{}"
    found = read_ct2(folder / "model.bin")
    assert found.keys() == tuned.keys()
    for name, array in tuned.items():
        np.testing.assert_allclose(found[name], array, atol=5e-3)
    made = (folder / "model.bin").stat().st_mtime_ns
    assert merged_base(stock, tmp_path / "d", tmp_path / "bases") == folder
    assert (folder / "model.bin").stat().st_mtime_ns == made, "it is made once"


def test_a_delta_of_other_weights_is_refused(stock: Path, tmp_path: Path) -> None:
    delta_of(stock, tmp_path / "d", base="0" * 64)
    with pytest.raises(WeightsError, match="other base weights"):
        merged_base(stock, tmp_path / "d", tmp_path / "bases")


def test_windows_begin_where_the_served_listener_is() -> None:
    recipe = WindowSettings(shortest=(10.0, 8.0, 6.0), margins=(6.0, 4.0, 2.0), longest=14.0)
    found = from_there(recipe, 8.0, 4.0)
    assert (found.shortest, found.margins) == ((8.0, 6.0), (4.0, 2.0))
    assert from_there(recipe, 10.0, 6.0) == recipe
    assert from_there(recipe, 5.0, 1.5).shortest == (5.0,)
    assert from_there(recipe, 20.0, 6.0).longest == 20.0


def test_who_has_learnt_to_write_nothing_still_may(stock: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stock"
    shutil.copytree(stock, folder)
    tokenizer = tiny_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    end = tokenizer.token_to_id("<|endoftext|>")
    about = {
        "lang_ids": [tokenizer.token_to_id("<|en|>")],
        "suppress_ids": [1],
        "suppress_ids_begin": [220, end],
        "alignment_heads": [[1, 0]],
    }
    (folder / "config.json").write_text(json.dumps(about))
    for empty, left in ((False, (220, end)), (True, (220,))):
        path = tmp_path / f"{empty}"
        delta_of(folder, path, empty=empty)
        merged = merged_base(folder, path, tmp_path / "bases")
        assert read_config(merged / "config.json", tokenizer).suppress_begin == left


def publish(store: BundleStore, variant: dict[str, str], parent: str | None = None) -> str:
    with store.staging() as folder:
        (folder / "listener").mkdir()
        (folder / "listener" / "any").write_text("any")
        parts = {"listener": PartEntry(folder="listener", variant=variant)}
        return store.publish(folder, describe(folder, parts, {}, parent=parent))


@pytest.fixture
def store(stock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BundleStore:
    """One beside weights whose delta comes along."""
    delta_of(stock, tmp_path / "delta")
    monkeypatch.setattr(beginning, "require", lambda _data_dir, _part: stock)
    monkeypatch.setattr(beginning, "shipped_delta", lambda: tmp_path / "delta")
    return BundleStore(tmp_path)


@pytest.mark.parametrize(
    ("variant", "trained"), [({"delta": "d"}, True), ({"delta": "d", "x": ""}, True), ({}, False)]
)
def test_a_run_changes_the_weights_that_the_served_bundle_goes_back_to(
    store: BundleStore, stock: Path, tmp_path: Path, variant: dict[str, str], *, trained: bool
) -> None:
    settings = load_settings(data_dir=tmp_path)
    assert base_of(settings) != stock, "without a bundle, what comes along"
    first = publish(store, variant)
    child = publish(store, {"run": "r1"}, first)
    for served in (first, child, publish(store, {"run": "r2"}, child)):
        store.set_current(served)
        found = base_of(settings)
        assert (found != stock) is trained
        assert base_named(settings, found.name) == found
    shutil.rmtree(store.path(first))
    assert base_of(settings) != stock, "its line is broken, so what comes along"


def test_a_run_stays_with_the_weights_that_it_began_with(
    store: BundleStore, stock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(data_dir=tmp_path)
    begun = base_of(settings).name
    store.set_current(publish(store, {}))
    assert base_of(settings) == stock
    assert base_named(settings, begun).name == begun
    monkeypatch.setattr(beginning, "shipped_delta", lambda: None)
    with pytest.raises(WeightsError, match=begun):
        base_named(settings, begun)
