"""Bundles that an earlier version built from the base weights."""

from pathlib import Path

from talkover.core.ending.runtime import has_ending
from talkover.core.errors import BundleError
from talkover.core.listener import ListenerConfig, WindowRule
from talkover.core.overlap.config import OverlapConfig
from talkover.core.speaker.runtime import has_speaker
from talkover.core.voice.config import DECODER


def is_outdated(folder: Path) -> bool:
    """Whether a bundle of base weights lacks what this version would put into it."""
    try:
        OverlapConfig.load(folder / "overlap")
        listener = ListenerConfig.read(folder / "listener")
    except BundleError:
        return True
    if listener.window != WindowRule():
        return True
    voice = (folder / "voice" / DECODER).is_file()
    return not (voice and has_speaker(folder / "speaker") and has_ending(folder / "ending"))
