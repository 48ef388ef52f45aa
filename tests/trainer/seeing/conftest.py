"""A tiny random brain to be taught."""

from pathlib import Path

import pytest
from tiny_brain import write_gguf

from talkover.core.brain.build import build_brain


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="session")
def tiny_folder(tiny_gguf, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("brain") / "tiny"
    build_brain(tiny_gguf, folder, precision="fp32")
    return folder
