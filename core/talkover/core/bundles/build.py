"""Bundle number one: the base weights, each made into what the runtimes load."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from talkover.core.brain.build import build_brain
from talkover.core.bundles.manifest import Licence, PartEntry, describe
from talkover.core.bundles.store import BundleStore
from talkover.core.listener.build import build_listener
from talkover.core.voice.build import build_voice
from talkover.core.weights import require
from talkover.core.weights.catalog import BRAIN, CATALOG, LISTENER, VAD, VOICE, Role

Tell = Callable[..., None]
"""Called with a phrase and, by builders that know it, how far they are (0 to 1)."""
Progress = Callable[[str, float], None]
"""Told what is going on and how far the whole build is (0 to 1)."""


_MADE: Final = 0.95
"""How far the build is when every part is made and only hashing and syncing are left."""


@dataclass(frozen=True, slots=True)
class Step:
    """How one part is made.

    Attributes:
        make: Fills the folder it is given, and returns the part's ``variant``.
        share: Of the whole build's time, for progress; any unit.
    """

    make: Callable[[Path, Tell], dict[str, JsonValue]]
    share: float


def assemble(
    store: BundleStore,
    steps: Mapping[Role, Step],
    licences: Mapping[Role, Licence],
    *,
    progress: Progress | None = None,
) -> str:
    """Make every part in a staging folder and publish the bundle; the same input, the same id.

    Args:
        store: Where it goes.
        steps: By role.
        licences: By role.
        progress: Told after each bit of work.

    Returns:
        The bundle's id.

    Raises:
        BundleError: a part cannot be made, or the result breaks a rule.
    """
    report = progress or (lambda _phrase, _fraction: None)
    total = sum(step.share for step in steps.values())
    done = 0.0
    parts: dict[Role, PartEntry] = {}
    with store.staging() as folder:
        for role, step in steps.items():
            tell = _teller(report, role, done / total * _MADE, step.share / total * _MADE)
            tell("begins")
            (folder / role).mkdir()
            parts[role] = PartEntry(folder=role, variant=step.make(folder / role, tell))
            done += step.share
        report("hashing", _MADE)
        manifest = describe(folder, parts, dict(licences))
        report("publishing", (1 + _MADE) / 2)
        published = store.publish(folder, manifest)
    report("done", 1.0)
    return published


def _teller(report: Progress, role: str, begin: float, width: float) -> Tell:
    """What one part's builder is given, so that its 0 to 1 becomes the whole's."""

    def tell(phrase: str, fraction: float = 0.0) -> None:
        report(f"{role}: {phrase}", begin + min(1.0, max(0.0, fraction)) * width)

    return tell


def build_base(data_dir: Path, *, progress: Progress | None = None) -> str:
    """Build the bundle of the base weights, which must have been pulled, and publish it.

    Returns:
        The bundle's id.

    Raises:
        WeightsError: base weights are missing or damaged.
        BundleError: a part cannot be made from them.
    """
    sources = {part.role: require(data_dir, part) for part in CATALOG}

    def vad(out: Path, tell: Tell) -> dict[str, JsonValue]:
        tell("copying")
        shutil.copyfile(sources["vad"] / VAD.files[0].name, out / "model.onnx")
        return {"name": VAD.title}

    def listener(out: Path, tell: Tell) -> dict[str, JsonValue]:
        build_listener(sources["listener"], out, progress=tell)
        return {"name": LISTENER.title}

    def brain(out: Path, tell: Tell) -> dict[str, JsonValue]:
        build_brain(sources["brain"] / BRAIN.files[0].name, out, progress=tell)
        return {"name": BRAIN.title}

    def voice(out: Path, tell: Tell) -> dict[str, JsonValue]:
        graph, config = (sources["voice"] / file.name for file in VOICE.files)
        build_voice(graph, config, out, progress=tell)
        return {"name": VOICE.title}

    steps: dict[Role, Step] = {
        "vad": Step(vad, 1),
        "listener": Step(listener, 60),
        "brain": Step(brain, 20),
        "voice": Step(voice, 20),
    }
    licences = {
        part.role: Licence(spdx=part.licence, origin=part.origin, note=part.note)
        for part in CATALOG
    }
    return assemble(BundleStore(data_dir), steps, licences, progress=progress)
