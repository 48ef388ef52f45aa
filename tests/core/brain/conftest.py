"""A tiny random brain, and the real one."""

from pathlib import Path

import pytest
from tiny_brain import write_gguf

from talkover.core.brain import BrainRuntime
from talkover.core.brain.build import build_brain


@pytest.fixture(scope="session")
def make_gguf():
    return write_gguf


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="session")
def tiny_folder(tiny_gguf, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("brain") / "tiny"
    build_brain(tiny_gguf, folder, precision="fp32")
    return folder


@pytest.fixture
def tiny(tiny_folder) -> BrainRuntime:
    return BrainRuntime(tiny_folder, threads=1)


@pytest.fixture(scope="session")
def brain(bundle: Path) -> BrainRuntime:
    """The default bundle's brain, loaded once."""
    return BrainRuntime(bundle / "brain")
