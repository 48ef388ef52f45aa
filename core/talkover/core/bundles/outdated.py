"""Bundles that an earlier version built from the base weights."""

from pathlib import Path

from pydantic import JsonValue

from talkover.core.brain.delta import shipped_sight
from talkover.core.bundles.manifest import read_manifest
from talkover.core.ending.runtime import has_ending
from talkover.core.errors import BundleError
from talkover.core.listener import ListenerConfig, WindowRule
from talkover.core.listener.deltafile import DELTA, shipped_delta
from talkover.core.overlap.config import OverlapConfig
from talkover.core.seer.config import FEATURES, SeerConfig
from talkover.core.speaker.runtime import has_speaker
from talkover.core.voice.config import DECODER
from talkover.core.weights.catalog import Role
from talkover.core.weights.disk import sha256_of


def is_outdated(folder: Path) -> bool:
    """Whether a bundle of base weights lacks what this version would put into it.

    A listener or a brain that was built with another delta than the one that comes along is
    outdated; where none comes along, it is what somebody asked for.
    """
    try:
        OverlapConfig.load(folder / "overlap")
        listener = ListenerConfig.read(folder / "listener")
        seer = SeerConfig.load(folder / "seer")
    except BundleError:
        return True
    trained, merged = shipped_delta(), _delta_of(folder, "listener")
    if trained is not None and merged != sha256_of(trained):
        return True
    sight = shipped_sight()
    if sight is not None and _delta_of(folder, "brain") != sha256_of(sight):
        return True
    if merged is None and listener.window != WindowRule():  # a delta has a window of its own
        return True
    if seer.features != FEATURES:
        return True
    voice = (folder / "voice" / DECODER).is_file()
    return not (voice and has_speaker(folder / "speaker") and has_ending(folder / "ending"))


def _delta_of(folder: Path, role: Role) -> JsonValue:
    """The sha256 of the delta in a part of a bundle; None: it has none."""
    return read_manifest(folder).parts[role].variant.get(DELTA)
