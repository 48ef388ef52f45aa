import pytest

from talkover.core.brain import delta as sights
from talkover.core.bundles import outdated
from talkover.core.bundles.outdated import is_outdated
from talkover.core.listener import deltafile


@pytest.mark.bundle
def test_the_current_bundle_is_what_this_version_would_build(bundle):
    assert not is_outdated(bundle)


@pytest.mark.bundle
@pytest.mark.parametrize("module", [deltafile, sights])
def test_a_bundle_without_the_delta_that_comes_along_is_outdated(
    bundle, tmp_path, monkeypatch, module
):
    shipped = tmp_path / "delta.safetensors"
    monkeypatch.setattr(module, "SHIPPED", shipped)
    assert not is_outdated(bundle)
    shipped.write_bytes(b"any")
    assert is_outdated(bundle)


@pytest.mark.bundle
def test_a_bundle_with_a_coarser_int8_is_outdated(bundle, monkeypatch):
    monkeypatch.setattr(outdated, "BLOCK", 128)
    assert is_outdated(bundle)


def test_a_folder_without_parts_is_outdated(tmp_path):
    assert is_outdated(tmp_path)
