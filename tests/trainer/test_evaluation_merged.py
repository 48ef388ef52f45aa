import pytest

from talkover.core.bundles import PartEntry, describe
from talkover.core.errors import ConfigError
from talkover.core.listener import deltafile
from talkover.core.weights.disk import sha256_of
from talkover.trainer.evaluation.merged import merged_delta


def bundle_of(folder, **variant):
    (folder / "listener").mkdir(parents=True)
    (folder / "listener" / "listener.json").write_text("{}")
    manifest = describe(folder, {"listener": PartEntry(folder="listener", variant=variant)}, {})
    (folder / "manifest.json").write_text(manifest.to_json())
    return folder


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    path = tmp_path / "listener-delta.safetensors"
    monkeypatch.setattr(deltafile, "SHIPPED", path)
    about = deltafile.About(base="0" * 64, run="first", stage="sft", lost=0.0)
    deltafile.write_delta(path, deltafile.Delta(about, {}))
    return path


def test_published_weights_have_none(shipped, tmp_path):
    assert merged_delta(bundle_of(tmp_path / "bundle", name="Whisper")) is None


def test_it_is_the_one_that_comes_along(shipped, tmp_path):
    found = merged_delta(bundle_of(tmp_path / "bundle", delta=sha256_of(shipped)))
    assert found.about.run == "first"


def test_another_one_is_not_here(shipped, tmp_path):
    with pytest.raises(ConfigError, match="--stock"):
        merged_delta(bundle_of(tmp_path / "bundle", delta="1" * 64))
    shipped.unlink()
    with pytest.raises(ConfigError, match="does not come along"):
        merged_delta(bundle_of(tmp_path / "other", delta="1" * 64))
