"""Fit what the speaker model needs beside its network, and judge it on other voices.

Writes ``core/talkover/core/speaker/data/spread.npz`` and prints the weights of
``talkover.core.speaker.likelihood`` and a table. It wants the test recordings, eSpeak NG, the
base weights and a bundle (for its voice and its voice activity); it takes five minutes.

Development voices: both people of the recordings (one of them in two languages), as they are and
re-pitched by resampling, and every other eSpeak voice. Judged on: the bundle's own voice, as it is
and re-pitched; the people re-pitched by other amounts; the other eSpeak voices.
"""

import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from talkover.core.audio.files import read_wav
from talkover.core.audio.prompts import find_prompts
from talkover.core.bundles import BundleStore
from talkover.core.clock import HOP, RATE
from talkover.core.errors import ConfigError
from talkover.core.settings import load_settings
from talkover.core.speaker.graph import build_speaker
from talkover.core.speaker.likelihood import Weights, fit_likelihood
from talkover.core.speaker.runtime import SpeakerRuntime
from talkover.core.speaker.spread import fit_spread
from talkover.core.vad import VoiceModel, speech_probabilities
from talkover.core.voice import VoiceRuntime
from talkover.core.weights import require
from talkover.core.weights.catalog import SPEAKER

DATA: Final = Path(__file__).resolve().parent.parent / "core/talkover/core/speaker/data/spread.npz"
LENGTHS: Final = (0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)  # s
ENROLLED: Final = (1.0, 1.5, 2.0)  # s, together an enrolment
EACH: Final = 14  # segments of a length and a voice
NOISE: Final = (40.0, 20.0, 12.0)  # dB of speech over white noise
PEOPLE: Final = {"en": "allison", "es": "allison", "fr": "june"}
DEVELOPMENT: Final = (1.0, 0.82, 1.24)  # factors of pitch
HELD_OUT: Final = (0.9, 1.12)
ESPEAK: Final = (
    *("en-us+m1", "en-gb+f2", "en-us+klatt2", "en-us+f4", "en-gb-scotland+m3", "en-us+steph"),
    *("en-us+iven", "en-us+belinda", "en-us+m7", "en-gb+linda", "en-us+adam", "en-us+grandma"),
    *("en-us+ed", "en-us+anika", "en-us+michael", "en-gb+f5"),
)

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a voice: whose, of which kind and recording, how wide a band, where."""

    who: str
    kind: str
    source: str
    held_out: bool
    wide: bool
    seconds: float
    start: int


class Voices:
    """Speech without its silences, voice by voice."""

    def __init__(self, bundle: Path) -> None:
        self._vad = VoiceModel(bundle / "vad/model.onnx")
        self._voice = VoiceRuntime(bundle / "voice")
        texts = [p.text for p in find_prompts("en") if 40 < len(p.text) < 140]
        np.random.default_rng(1).shuffle(texts)
        self._texts = texts[:30]

    def all(self) -> Iterator[tuple[Segment, Sound]]:
        """Each voice with a segment that says whose it is."""
        for pitch in (*DEVELOPMENT, *HELD_OUT):
            for language, name in PEOPLE.items():
                about = Segment(
                    f"{name}@{pitch}", "person", language, pitch in HELD_OUT, False, 0, 0
                )
                yield about, self._speech([self._prompt(p, pitch) for p in self._chosen(language)])
        for pitch in (1.0, 0.85, 1.18):
            about = Segment(f"joe@{pitch}", "joe", "joe", True, True, 0, 0)
            yield (
                about,
                self._speech([self._spoken(t, n, pitch) for n, t in enumerate(self._texts)]),
            )
        for number, name in enumerate(ESPEAK):
            about = Segment(name, "espeak", name, number % 2 == 1, True, 0, 0)
            yield about, self._speech([espeak(name, t, number) for t in self._texts[:20]])

    def _speech(self, pieces: list[NDArray[np.int16]]) -> Sound:
        kept = []
        for piece in pieces:
            pcm = np.pad(piece, (0, -len(piece) % HOP))
            voiced = np.repeat(speech_probabilities(self._vad, pcm) >= 0.5, HOP)
            kept.append(pcm[voiced].astype(np.float32) / 32768)
        return np.concatenate(kept)

    def _chosen(self, language: str) -> list[Path]:
        found = [p.path for p in find_prompts(language) if p.seconds > 1.2]
        if not found:
            raise ConfigError(f"no recordings in {language}; run: sh scripts/test_setup.sh")
        order = np.random.default_rng(5).permutation(len(found))
        return [found[index] for index in order[:45]]

    def _prompt(self, path: Path, pitch: float) -> NDArray[np.int16]:
        return at_rate(read_wav(path).astype(np.float32), RATE * pitch)

    def _spoken(self, text: str, seed: int, pitch: float) -> NDArray[np.int16]:
        pcm = self._voice.synthesise(text, seed=seed).pcm.astype(np.float32)
        return at_rate(pcm, self._voice.rate * pitch)


def espeak(voice: str, text: str, number: int) -> NDArray[np.int16]:
    """A text by eSpeak, each voice with a pitch and a pace of its own."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise ConfigError("espeak-ng is missing; install it")
    knobs = ["-p", str(35 + number * 7 % 35), "-s", str(150 + number * 11 % 40)]
    command = [program, "-v", voice, *knobs, "--stdout", text]
    wav = subprocess.run(command, capture_output=True, check=True).stdout
    pcm, rate = soundfile.read(io.BytesIO(wav), dtype="float32")
    return at_rate(pcm * np.float32(16384), rate)


def at_rate(pcm: Sound, rate: float) -> NDArray[np.int16]:
    """To 16 kHz, as if ``pcm`` were at ``rate``: another than its own shifts pitch and formants."""
    converted: Sound = soxr.resample(pcm, rate, RATE)
    return np.clip(converted, -32767, 32767).astype(np.int16)


def embed_all(voices: Voices, source: Path) -> tuple[list[Segment], Sound]:
    """Segments of every length, with noise, through the network alone: [n, 256]."""
    segments, embeddings = [], []
    with tempfile.TemporaryDirectory() as folder:
        build_speaker(source, Path(folder), None)
        runtime = SpeakerRuntime(Path(folder))
    for about, speech in voices.all():
        for wide in (False, True) if about.wide else (False,):
            halved = soxr.resample(speech, RATE, RATE // 2)
            sound = speech if wide else soxr.resample(halved, RATE // 2, RATE)
            random = np.random.default_rng(7)
            for seconds in np.repeat(LENGTHS, EACH):
                size = int(seconds * RATE)
                start = int(random.integers(0, len(sound) - size))
                clean = sound[start : start + size]
                level = np.sqrt(np.mean(clean**2)) * 10 ** (-random.choice(NOISE) / 20)
                noisy = clean + level * random.normal(size=size)
                embeddings.append(runtime.embed(noisy.astype(np.float32)))
                who = (about.who, about.kind, about.source, about.held_out)
                segments.append(Segment(*who, wide, float(seconds), start))
    return segments, np.array(embeddings)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Enrolments against segments: cosine, length, one person or not, and kinds of both."""

    cosine: NDArray[np.float64]
    seconds: NDArray[np.float64]
    same: NDArray[np.bool_]
    kinds: NDArray[np.str_]


def pair_up(segments: list[Segment], embeddings: Sound, *, held_out: bool) -> Pairs:
    """Every enrolment of one side of the split against every segment of it on the same band."""
    chosen = [n for n, s in enumerate(segments) if s.held_out == held_out]
    found: list[tuple[float, float, bool, str]] = []
    for source, wide in sorted(
        {(segments[n].source + segments[n].who, segments[n].wide) for n in chosen}
    ):
        own = [n for n in chosen if segments[n].source + segments[n].who == source]
        own = [n for n in own if segments[n].wide == wide]
        by_length = [[n for n in own if segments[n].seconds == s] for s in ENROLLED]
        for trio in zip(*by_length, strict=True):
            centre = (embeddings[list(trio)] * np.array(ENROLLED)[:, None]).sum(axis=0)
            centre /= np.linalg.norm(centre)
            for n in chosen:
                if segments[n].wide != wide or (n in own and _near(segments, n, trio)):
                    continue
                kinds = "/".join(sorted({segments[n].kind, segments[trio[0]].kind}))
                same = segments[n].who == segments[trio[0]].who
                found.append((float(centre @ embeddings[n]), segments[n].seconds, same, kinds))
    columns = [np.array(column) for column in zip(*found, strict=True)]
    return Pairs(*columns)


def _near(segments: list[Segment], one: int, others: tuple[int, ...]) -> bool:
    """Whether a segment shares sound, or nearly, with others of its recording."""
    return any(abs(segments[one].start - segments[n].start) < 5 * RATE for n in others)


def fit(pairs: Pairs) -> Weights:
    """Pairs of one person and of two count the same, and so do lengths and kinds of voice."""
    importance = np.zeros(len(pairs.same))
    for kind in np.unique(pairs.kinds):
        for seconds in LENGTHS:
            for same in (True, False):
                cell = (pairs.kinds == kind) & (pairs.seconds == seconds) & (pairs.same == same)
                importance[cell] = 1000.0 / max(1, int(cell.sum()))
    return fit_likelihood(pairs.cosine, pairs.seconds, pairs.same, importance)


def chances(pairs: Pairs, w: Weights) -> NDArray[np.float64]:
    """The fitted logistic, as ``same_speaker`` computes it."""
    length = np.log(pairs.seconds)
    logit = w[0] + w[1] * pairs.cosine + w[2] * length + w[3] * pairs.cosine * length
    return np.asarray(1 / (1 + np.exp(-logit)))


def measures(score: NDArray[np.float64], same: NDArray[np.bool_]) -> tuple[float, float]:
    """Area under the curve, and the rate at which both errors are equal."""
    yes, no = np.sort(score[same]), np.sort(score[~same])
    below = np.searchsorted(no, yes)
    rejected = np.arange(len(yes)) / len(yes)
    accepted = 1 - below / len(no)
    middle = int(np.argmin(np.abs(rejected - accepted)))
    return float(below.mean() / len(no)), float(rejected[middle] + accepted[middle]) / 2


def report(name: str, raw: Pairs, pairs: Pairs, weights: Weights) -> Table:
    """A row a length and kind."""
    columns = ("kinds", "s", "pairs", "raw AUC", "AUC", "EER", "log loss", "bits lost of 1")
    table = Table(*columns, title=name)
    chance = chances(pairs, weights)
    for kinds in ("all", *sorted(set(pairs.kinds.tolist()))):
        for seconds in LENGTHS:
            cell = (pairs.seconds == seconds) & ((pairs.kinds == kinds) | (kinds == "all"))
            same = pairs.same[cell]
            if same.all() or not same.any():
                continue
            (before, _), (area, equal) = (measures(p.cosine[cell], same) for p in (raw, pairs))
            right = np.where(same, chance[cell], 1 - chance[cell])
            loss = float(-np.log(right)[same].mean() - np.log(right)[~same].mean()) / 2
            figures = (f"{before:.3f}", f"{area:.3f}", f"{equal:.3f}", f"{loss:.3f}")
            table.add_row(kinds, f"{seconds}", f"{len(same)}", *figures, f"{loss / np.log(2):.2f}")
    return table


def main() -> None:
    """Fit on one side of the split, judge on both."""
    data_dir = load_settings().data_dir
    store = BundleStore(data_dir)
    current = store.current()
    if current is None:
        raise ConfigError("no bundle; run: talkover models build")
    source = require(data_dir, SPEAKER) / SPEAKER.files[0].name
    segments, raw = embed_all(Voices(store.path(current)), source)
    known = [n for n, segment in enumerate(segments) if not segment.held_out]
    spread = fit_spread(raw[known], [segments[n].who for n in known])
    DATA.parent.mkdir(exist_ok=True)
    np.savez(DATA, mean=spread.mean, directions=spread.directions, loss=spread.loss)
    cleaned = spread.apply(raw)
    weights = fit(pair_up(segments, cleaned, held_out=False))
    console = Console(highlight=False)
    console.print("WEIGHTS =", tuple(round(weight, 3) for weight in weights))
    for name, held_out in (("development", False), ("held out", True)):
        before, after = (pair_up(segments, e, held_out=held_out) for e in (raw, cleaned))
        console.print(report(name, before, after, weights))


if __name__ == "__main__":
    main()
