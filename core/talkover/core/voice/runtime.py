"""Synthesis, synchronous: what a worker thread runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import BundleError, ModelError
from talkover.core.onnx.session import open_session
from talkover.core.voice.config import GRAPH, VoiceConfig
from talkover.core.voice.phonemes import Phrase, phrases
from talkover.core.voice.text import tokenise

MAX_CHARACTERS: Final = 1000
"""Of one clause; a longer text is to be split, or the caller waits for all of it."""

MAX_PHONEMES: Final = 2400
"""Of one clause: three minutes of speech. A thousand digits would make eight."""

PAUSES: Final = {".": 0.30, "?": 0.30, "!": 0.30, ";": 0.20, ":": 0.20, ",": 0.14, "": 0.03}
"""Silence after a clause, by the punctuation that ends it (seconds)."""

_PAD, _BEGIN, _END = "_", "^", "$"
_NOISE_FRAMES: Final = 512  # about six seconds; longer phrases hear the same noise again
_LATENT: Final = 192
_QUIET: Final = 0.01  # of the loudest sample (-40 dB): below it, a clause has not begun
_MARGIN: Final = 0.02
_FADE: Final = 0.005
_CEILING: Final = 0.95


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word of the text and where it sounds, in samples of the clause's audio.

    ``start == end`` for a word without a sound, such as a dash.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SpokenClause:
    """Speech.

    Attributes:
        pcm: int16, mono, at the voice's rate. It ends with the pause that its punctuation asks
            for, so clauses can be played back to back.
        words: One for each of ``text.split()``, in order, not overlapping, inside ``pcm``.
    """

    pcm: NDArray[np.int16]
    words: tuple[SpokenWord, ...]


class VoiceRuntime:
    """A voice folder, loaded.

    Calls from several threads are safe. Without a seed every call sounds a little different, as
    people do.

    Args:
        folder: What ``build_voice`` wrote.
        threads: For ONNX Runtime, within one call.
        providers: Of ONNX Runtime, best first.

    Raises:
        BundleError: the folder holds no voice that can be loaded.
        ConfigError: it would run without a provider that was asked for.
    """

    def __init__(
        self,
        folder: Path,
        *,
        threads: int = 2,
        providers: Sequence[str] = ("CPUExecutionProvider",),
    ) -> None:
        self.config = VoiceConfig.load(folder)
        # Every clause has another length: an arena would keep the worst of each, at no gain.
        self._session = open_session(
            folder / GRAPH, threads=threads, providers=providers, arena=False
        )
        names = {given.name for given in self._session.get_inputs()}
        if names != {"input", "input_lengths", "scales", "noise", "noise_width"}:
            raise BundleError(f"{folder / GRAPH} is not a voice of ours; build the bundle again")

    @property
    def rate(self) -> int:
        """Of the audio (Hz)."""
        return self.config.rate

    def synthesise(self, text: str, *, seed: int | None = None, pace: float = 1.0) -> SpokenClause:
        """Say a text.

        Args:
            text: A clause or a few sentences, at most ``MAX_CHARACTERS``.
            seed: The same seed and text give the same audio, bit for bit on the same machine.
            pace: How fast, from 0.5 to 2.

        Returns:
            The audio and its words; both are empty-handed (no samples, words without length) if
            there is nothing that can be said.

        Raises:
            ModelError: the text is too long (or long to say), the pace is out of range, or the
                graph failed.
        """
        if len(text) > MAX_CHARACTERS:
            raise ModelError(f"the voice takes {MAX_CHARACTERS} characters at once; split the text")
        if not 0.5 <= pace <= 2:
            raise ModelError(f"a pace of {pace} is not speech; use 0.5 to 2")
        tokens = tokenise(text, english=self.config.language.startswith("en"))
        noise = np.random.default_rng(seed)
        breaths = list(phrases(tokens, self.config.language))
        if sum(len(breath.phonemes) for breath in breaths) > MAX_PHONEMES:
            raise ModelError(f"the text is over {MAX_PHONEMES} phonemes when spoken; split it")
        pieces: list[NDArray[np.float32]] = []
        spans: list[tuple[int, int]] = []
        offset = 0
        for breath in breaths:
            piece, words = self._phrase(breath, noise, pace)
            pieces.append(piece)
            spans += [(offset + start, offset + end) for start, end in words]
            offset += len(piece)
        audio = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
        return SpokenClause(
            (audio * np.float32(32767)).round().astype(np.int16),
            tuple(
                SpokenWord(token.text, start, end)
                for token, (start, end) in zip(tokens, spans, strict=True)
            ),
        )

    def _phrase(
        self, phrase: Phrase, noise: np.random.Generator, pace: float
    ) -> tuple[NDArray[np.float32], list[tuple[int, int]]]:
        """Audio of one breath and its words' spans in samples."""
        if all(start == end for start, end in phrase.words):
            return np.zeros(0, np.float32), [(0, 0)] * len(phrase.words)
        ids, places = self._ids(phrase.phonemes)
        audio, frames = self._run(ids, noise, pace)
        edges = np.concatenate([[0], np.cumsum(frames)]) * self.config.hop
        if edges[-1] != len(audio):
            raise ModelError("the voice's durations and audio disagree; build the bundle again")
        words: list[tuple[int, int]] = []
        end = 0
        for first, last in phrase.words:
            if first == last:
                words.append((end, end))
                continue
            start, end = int(edges[places[first]]), int(edges[places[last]])
            words.append((start, end))
        return self._trim(audio, words, phrase.stop)

    def _ids(self, phonemes: str) -> tuple[list[int], list[int]]:
        """Ids for the graph, and for each phoneme (and the end) the index of its first id."""
        known = self.config.phoneme_ids
        ids = [*known[_BEGIN], *known[_PAD]]
        places: list[int] = []
        for phoneme in phonemes:
            places.append(len(ids))
            if phoneme in known:  # a mark from another language has no sound here
                ids += [*known[phoneme], *known[_PAD]]
        places.append(len(ids))
        return [*ids, *known[_END]], places

    def _run(
        self, ids: list[int], noise: np.random.Generator, pace: float
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Float audio and the frames that each id takes."""
        config = self.config
        scales = [config.noise, config.length / pace, config.noise_width]
        feeds = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
            "noise_width": noise.standard_normal((1, 2, len(ids)), np.float32),
            "noise": noise.standard_normal((1, _LATENT, _NOISE_FRAMES), np.float32),
        }
        try:
            audio, durations = self._session.run(None, feeds)
        except Exception as error:  # noqa: BLE001 - its exceptions have no common class
            raise ModelError(f"the voice failed on {len(ids)} phonemes: {error}") from None
        return np.asarray(audio).reshape(-1), np.asarray(durations).reshape(-1).astype(np.int64)

    def _trim(
        self, audio: NDArray[np.float32], words: list[tuple[int, int]], stop: str
    ) -> tuple[NDArray[np.float32], list[tuple[int, int]]]:
        """Cut the silence around a phrase, end it with its pause, bring it to level."""
        margin, fade = int(_MARGIN * self.rate), int(_FADE * self.rate)
        loud = np.flatnonzero(np.abs(audio) > np.abs(audio).max() * _QUIET)
        onset, offset = (int(loud[0]), int(loud[-1])) if loud.size else (0, len(audio))
        begin = max(0, min(onset - margin, *(start for start, last in words if last > start)))
        end = min(len(audio), max(offset + margin, words[-1][1]))
        sound = audio[begin:end] * np.float32(self.config.gain)
        sound *= np.float32(min(1.0, _CEILING / max(float(np.abs(sound).max()), 1e-6)))
        ramp = np.linspace(0, 1, min(fade, len(sound)), dtype=np.float32)
        sound[: len(ramp)] *= ramp
        sound[len(sound) - len(ramp) :] *= ramp[::-1]
        pause = np.zeros(int(PAUSES[stop] * self.rate), np.float32)
        moved = [(max(0, start - begin), max(0, last - begin)) for start, last in words]
        return np.concatenate([sound, pause]), moved
