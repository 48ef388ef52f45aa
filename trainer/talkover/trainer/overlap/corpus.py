"""A seeded stream of overlaps, and what a classifier is shown of them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from talkover.core.clock import RATE
from talkover.core.overlap.ear import Ear, Heard
from talkover.core.speaker import SpeakerRuntime, has_speaker
from talkover.core.vad import VoiceModel
from talkover.core.voice import VoiceRuntime
from talkover.trainer.overlap.listen import Transcripts
from talkover.trainer.overlap.moments import Moments, moments
from talkover.trainer.overlap.scenes import Speak, scene
from talkover.trainer.overlap.texts import Split
from talkover.trainer.overlap.voices import Sound, trim

_VAD: Final = "vad/model.onnx"
_OVERLAP: Final = "overlap"
_THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """How many overlaps of a split, and of how many of them, the first ones, the words."""

    overlaps: int
    listened: int


WHOLE: Final = {
    Split.TRAIN: Plan(3600, 480),
    Split.VALIDATION: Plan(320, 120),
    Split.HELD_OUT: Plan(320, 150),
}
QUICK: Final = {
    Split.TRAIN: Plan(250, 0),
    Split.VALIDATION: Plan(80, 0),
    Split.HELD_OUT: Plan(80, 0),
}
"""Without any words: no listener is asked."""


class Studio:
    """The models of a bundle that overlaps are made with.

    Args:
        bundle: Its folder; ``vad``, ``voice``, the ear in ``overlap`` and, if it is there,
            ``speaker`` are used, and ``listener`` if it is asked.
        cache_folder: Where transcripts are kept.
    """

    def __init__(self, bundle: Path, cache_folder: Path) -> None:
        self.vad = VoiceModel(bundle / _VAD)
        self.ear = Ear(bundle / _OVERLAP)
        self.speak = agent_voice(bundle / "voice")
        who = bundle / "speaker"
        self.speaker = SpeakerRuntime(who) if has_speaker(who) else None
        self.transcripts = Transcripts(bundle / "listener", cache_folder)


def agent_voice(folder: Path) -> Speak:
    """The agent's own voice: the bundle's, each text said once."""
    voice = VoiceRuntime(folder)

    said: dict[str, Sound] = {}
    lock = Lock()  # what turns text into phonemes serves one at a time

    def speak(text: str) -> Sound:
        with lock:
            if text not in said:
                said[text] = synthesise(text)
            return said[text]

    def synthesise(text: str) -> Sound:
        pcm = voice.synthesise(text, seed=0).pcm.astype(np.float32) / np.float32(32_768)
        return trim(soxr.resample(pcm, voice.rate, RATE))

    return speak


def overlap(studio: Studio, split: Split, number: int, *, seed: int, listened: bool) -> Moments:
    """One overlap of a split; it depends on its number and the seed alone.

    Args:
        studio: Makes it.
        split: Of its voices and texts.
        number: Which.
        seed: Of the draw.
        listened: The listener is asked for its words.
    """
    source = np.random.SeedSequence([seed, list(Split).index(split), number])
    random = np.random.default_rng(source)
    made = scene(split, random, studio.speak)
    listening = studio.transcripts if listened else None
    return moments(made, studio.vad, studio.ear, studio.speaker, listening, random)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Decision points of many overlaps.

    Attributes:
        vectors: float32 [n, N_FEATURES].
        heard: float16 [n, HEARD_FRAMES, HEARD_WIDTH].
        labels: Index in ``LABELS``, int64 [n].
        weights: float32 [n]; each overlap weighs 1 in all.
        overlap: Which overlap each belongs to, int64 [n].
    """

    vectors: NDArray[np.float32]
    heard: Heard
    labels: NDArray[np.int64]
    weights: NDArray[np.float32]
    overlap: NDArray[np.int64]


def tabulate(found: list[Moments]) -> Table:
    """All decision points, one below the other."""
    sizes = [len(one.times) for one in found]
    return Table(
        np.concatenate([one.vectors for one in found]),
        np.concatenate([one.heard for one in found]),
        np.repeat([one.label for one in found], sizes),
        np.concatenate([np.full(size, 1 / size, np.float32) for size in sizes]),
        np.repeat(np.arange(len(found)), sizes),
    )


def gather(
    studio: Studio,
    plans: dict[Split, Plan],
    *,
    seed: int,
    tick: Callable[[], None] = lambda: None,
) -> dict[Split, list[Moments]]:
    """The overlaps of every split in ``plans``, made on a few threads; Ctrl-C stops them.

    A longer plan begins like a shorter one, whatever the threads do.

    Args:
        studio: Makes them.
        plans: How many.
        seed: Of the draw.
        tick: Called after each.
    """
    found: dict[Split, list[Moments]] = {}
    with ThreadPoolExecutor(_THREADS, "overlaps") as pool:
        for split, plan in plans.items():
            jobs = [
                pool.submit(overlap, studio, split, n, seed=seed, listened=n < plan.listened)
                for n in range(plan.overlaps)
            ]
            found[split] = []
            try:
                for job in jobs:
                    found[split].append(job.result())
                    tick()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return found
