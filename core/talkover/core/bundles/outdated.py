"""Bundles that an earlier version built from the base weights."""

from pathlib import Path

from pydantic import JsonValue

from talkover.core.brain.config import SEEING
from talkover.core.brain.delta import shipped_sight
from talkover.core.bundles.manifest import read_manifest
from talkover.core.ending.runtime import has_ending
from talkover.core.errors import BundleError
from talkover.core.listener import ListenerConfig, WindowRule
from talkover.core.listener.deltafile import DELTA, shipped_delta
from talkover.core.onnx.linear import BLOCK, SHARING
from talkover.core.overlap.config import OverlapConfig
from talkover.core.seer.config import FEATURES, SeerConfig
from talkover.core.speaker.runtime import has_speaker
from talkover.core.voice.config import DECODER
from talkover.core.weights.catalog import Role
from talkover.core.weights.disk import sha256_of


def is_outdated(folder: Path) -> bool:
    """Whether a bundle of base weights lacks what this version would put into it.

    A listener or a brain that was built with another delta than the one that comes along is
    outdated; where none comes along, it is what somebody asked for. So is a listener whose int8
    is coarser or finer than this version's.
    """
    try:
        OverlapConfig.load(folder / "overlap")
        listener = ListenerConfig.read(folder / "listener")
        seer = SeerConfig.load(folder / "seer")
    except BundleError:
        return True
    if _variant_of(folder, "listener").get(SHARING) != BLOCK:
        return True
    trained, merged = shipped_delta(), _variant_of(folder, "listener").get(DELTA)
    if trained is not None and merged != sha256_of(trained):
        return True
    sight = shipped_sight()
    if sight is not None and _variant_of(folder, "brain").get(DELTA) != sha256_of(sight):
        return True
    if sight is not None and not (folder / "brain" / SEEING).is_file():
        return True
    if merged is None and listener.window != WindowRule():  # a delta has a window of its own
        return True
    if seer.features != FEATURES:
        return True
    voice = (folder / "voice" / DECODER).is_file()
    return not (voice and has_speaker(folder / "speaker") and has_ending(folder / "ending"))


def _variant_of(folder: Path, role: Role) -> dict[str, JsonValue]:
    """What a part of a bundle says of itself."""
    return read_manifest(folder).parts[role].variant
