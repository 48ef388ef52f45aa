"""The default bundle's voice, loaded once."""

from pathlib import Path

import pytest

from talkover.core.voice import VoiceRuntime
from talkover.core.voice.config import GRAPH


@pytest.fixture(scope="session")
def voice_folder(bundle: Path) -> Path:
    return next(bundle.rglob(GRAPH)).parent


@pytest.fixture(scope="session")
def voice(voice_folder: Path) -> VoiceRuntime:
    return VoiceRuntime(voice_folder)
