"""Bundle number one: the base weights, each made into what the runtimes load."""

import shutil
from pathlib import Path

from pydantic import JsonValue

from talkover.core.brain.build import build_brain
from talkover.core.brain.delta import SightDelta, read_sight
from talkover.core.bundles.assemble import Progress, Step, Tell, assemble
from talkover.core.bundles.manifest import Licence
from talkover.core.bundles.store import BundleStore
from talkover.core.ending.graph import build_ending
from talkover.core.errors import WeightsError
from talkover.core.listener.build import build_listener, write_ear
from talkover.core.listener.deltafile import DELTA, Delta, read_delta
from talkover.core.onnx.linear import BLOCK, SHARING
from talkover.core.overlap.config import CONFIG, GRAPH
from talkover.core.overlap.runtime import shipped
from talkover.core.seer.build import build_seer
from talkover.core.seer.config import FEATURES
from talkover.core.speaker.graph import build_speaker
from talkover.core.speaker.spread import read_spread
from talkover.core.voice.build import build_voice
from talkover.core.weights import require
from talkover.core.weights.catalog import (
    BRAIN,
    CATALOG,
    ENDING,
    LISTENER,
    SEER,
    SPEAKER,
    VAD,
    VOICE,
    Part,
    Role,
)
from talkover.core.weights.disk import sha256_of


def build_base(
    data_dir: Path,
    *,
    delta: Path | None = None,
    sight: Path | None = None,
    progress: Progress | None = None,
) -> str:
    """Build the bundle of the base weights, which must have been pulled, and publish it.

    Args:
        data_dir: Where weights and bundles are.
        delta: What training changed in the listener, such as ``shipped_delta()``; None: nothing.
        sight: What training to see changed in the brain, such as ``shipped_sight()``; None: it is
            blind.
        progress: Told after each bit of work.

    Returns:
        The bundle's id.

    Raises:
        WeightsError: base weights are missing or damaged, or a delta is of others.
        BundleError: a part cannot be made from them.
    """
    sources = {part.role: require(data_dir, part) for part in CATALOG}
    trained = None if delta is None else read_delta(delta)
    taught = None if sight is None else _taught(sight)

    def vad(out: Path, tell: Tell) -> dict[str, JsonValue]:
        tell("copying")
        shutil.copyfile(sources["vad"] / VAD.files[0].name, out / "model.onnx")
        return {"name": VAD.title}

    def listener(out: Path, tell: Tell) -> dict[str, JsonValue]:
        build_listener(sources["listener"], out, delta=trained, progress=tell)
        return {**_named(LISTENER, delta), SHARING: BLOCK}

    def brain(out: Path, tell: Tell) -> dict[str, JsonValue]:
        build_brain(sources["brain"] / BRAIN.files[0].name, out, delta=taught, progress=tell)
        return _named(BRAIN, sight)

    def voice(out: Path, tell: Tell) -> dict[str, JsonValue]:
        graph, config = (sources["voice"] / file.name for file in VOICE.files)
        build_voice(graph, config, out, progress=tell)
        return {"name": VOICE.title}

    def speaker(out: Path, tell: Tell) -> dict[str, JsonValue]:
        tell("putting its features into the graph")
        build_speaker(sources["speaker"] / SPEAKER.files[0].name, out, read_spread())
        return {"name": SPEAKER.title}

    def ending(out: Path, tell: Tell) -> dict[str, JsonValue]:
        tell("putting its features into the graph")
        build_ending(sources["ending"] / ENDING.files[0].name, out)
        return {"name": ENDING.title}

    def seer(out: Path, tell: Tell) -> dict[str, JsonValue]:
        tower, detector, recognizer = (sources["seer"] / file.name for file in SEER.files)
        build_seer(tower, detector, recognizer, out, progress=tell)
        return {"name": SEER.title}

    def overlap(out: Path, tell: Tell) -> dict[str, JsonValue]:
        tell("taking its ear from Whisper")
        write_ear(sources["listener"], out)
        for name in (GRAPH, CONFIG):
            shutil.copyfile(shipped() / name, out / name)
        return {"name": "Talkover's overlap classifier"}

    steps: dict[Role, Step] = {
        "vad": Step(vad, 1),
        "listener": Step(listener, 60),
        "brain": Step(brain, 20),
        "voice": Step(voice, 20),
        "speaker": Step(speaker, 2),
        "ending": Step(ending, 2),
        "overlap": Step(overlap, 1),
        "seer": Step(seer, 2),
    }
    licences = _licences(trained, taught)
    return assemble(BundleStore(data_dir), steps, licences, progress=progress)


def _taught(path: Path) -> SightDelta:
    """What training to see changed.

    Raises:
        WeightsError: it is no such file, or was trained with other eyes than the bundle gets.
    """
    delta = read_sight(path)
    if delta.about.eyes != FEATURES:
        raise WeightsError(
            f"{path} was trained with the features {delta.about.eyes}, and a bundle's are "
            f"{FEATURES}; train one for these: talkover train seer"
        )
    return delta


def _licences(trained: Delta | None, taught: SightDelta | None) -> dict[Role, Licence]:
    """The terms of each part's weights, with who changed them."""
    licences: dict[Role, Licence] = {
        part.role: Licence(spdx=part.licence, origin=part.origin, note=part.note)
        for part in CATALOG
    }
    if trained is not None:
        licences["listener"] = _tuned(LISTENER, trained.about.run)
    if taught is not None:
        licences["brain"] = _tuned(BRAIN, taught.about.run)
    note = "trained by `talkover train overlap`; comes with the package"
    licences["overlap"] = Licence(spdx="Apache-2.0", origin="Talkover", note=note)
    return licences


def _named(part: Part, delta: Path | None) -> dict[str, JsonValue]:
    """What a part says of itself, with what was merged into its weights."""
    return {"name": part.title, **({} if delta is None else {DELTA: sha256_of(delta)})}


def _tuned(part: Part, run: str) -> Licence:
    """The terms of base weights, with who changed them."""
    note = f"tuned by Talkover's training, run {run}; see card.md beside it"
    return Licence(spdx=part.licence, origin=part.origin, note=note)
