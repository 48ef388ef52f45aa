"""Synthesis, synchronous: what a worker thread runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import BundleError, ModelError, OutdatedError
from talkover.core.onnx.session import open_session
from talkover.core.voice.config import DECODER, GRAPH, VoiceConfig
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
LATENT: Final = 192
_FIRST_FRAMES: Final = 24
"""Of the first piece, about 0.3 s: the caller waits for it."""
_GROWTH: Final = 2
"""From a piece to the next: it is made while the one before sounds, on a busy machine, too."""
_MOST_FRAMES: Final = 96
"""Of a piece, about 1.1 s: others want the cores, too."""
_CONTEXT: Final = 12
"""Frames on either side that the decoder hears more of than it says: its convolutions reach 11 and
a half."""
_QUIET: Final = 0.01  # of the loudest sample (-40 dB): below it, a clause has not begun
_MARGIN: Final = 0.01
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
        if not (folder / DECODER).is_file():
            raise OutdatedError(f"{folder} has no {DECODER}; run: talkover models build")
        self._decoder = open_session(
            folder / DECODER, threads=threads, providers=providers, arena=False
        )
        self._latents = self._decoder.get_inputs()[0].name

    @property
    def rate(self) -> int:
        """Of the audio (Hz)."""
        return self.config.rate

    def synthesise(self, text: str, *, seed: int | None = None, pace: float = 1.0) -> SpokenClause:
        """Say a text, all of it at once; see ``pieces``.

        Returns:
            The audio and its words; both are empty-handed (no samples, words without length) if
            there is nothing that can be said.
        """
        pcm: list[NDArray[np.int16]] = [np.zeros(0, np.int16)]
        words: list[SpokenWord] = []
        offset = 0
        for piece in self.pieces(text, seed=seed, pace=pace):
            words += [SpokenWord(w.text, offset + w.start, offset + w.end) for w in piece.words]
            pcm.append(piece.pcm)
            offset += len(piece.pcm)
        return SpokenClause(np.concatenate(pcm), tuple(words))

    def pieces(
        self, text: str, *, seed: int | None = None, pace: float = 1.0, urgent: bool = True
    ) -> Iterator[SpokenClause]:
        """Say a text a piece at a time: the first is there long before the last is made.

        Args:
            text: A clause or a few sentences, at most ``MAX_CHARACTERS``.
            seed: The same seed and text give the same audio, bit for bit on the same machine.
            pace: How fast, from 0.5 to 2.
            urgent: Somebody waits for the first piece. Otherwise all are large: each is decoded
                with its surroundings, so small ones cost twice as much.

        Yields:
            Audio to be played back to back. The words of a phrase come with its first piece, and
            may lie behind that piece's end.

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
        spoken = iter(tokens)
        silent: list[SpokenWord] = []
        for breath in breaths:
            texts = [next(spoken).text for _ in breath.words]
            if all(start == end for start, end in breath.words):
                silent += [SpokenWord(text, 0, 0) for text in texts]
                continue
            size = _FIRST_FRAMES if urgent else _MOST_FRAMES
            yield from self._phrase(breath, texts, silent, noise, pace, size)
            silent, urgent = [], False
        if silent:
            yield SpokenClause(np.zeros(0, np.int16), tuple(silent))

    def pronounce(
        self, phonemes: Sequence[str], *, seed: int | None = None, pace: float = 1.0
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Say phonemes as they are given, marks and spaces among them.

        Args:
            phonemes: One each; one that the voice has no id for takes no time.
            seed: As in ``pieces``.
            pace: How fast, from 0.5 to 2.

        Returns:
            float32 [n] at the voice's rate, and int64 [phonemes + 1, 2]: the samples of the blank
            before each phoneme, and of the one behind the last.

        Raises:
            ModelError: there are too many phonemes, the pace is out of range, or the graph failed.
        """
        if not 0.5 <= pace <= 2 or len(phonemes) > MAX_PHONEMES:
            raise ModelError(f"{len(phonemes)} phonemes at a pace of {pace}; use less, 0.5 to 2")
        ids, places = self._ids(phonemes)
        latents, frames = self._plan(ids, np.random.default_rng(seed), pace)
        edges = np.concatenate([[0], np.cumsum(frames)]) * self.config.hop
        sound = self._decode(latents, 0, latents.shape[2]) * np.float32(self.config.gain)
        return sound.clip(-_CEILING, _CEILING), np.stack([edges[i - 1 : i + 1] for i in places])

    def _phrase(
        self,
        phrase: Phrase,
        texts: Sequence[str],
        silent: Sequence[SpokenWord],
        noise: np.random.Generator,
        pace: float,
        size: int,
    ) -> Iterator[SpokenClause]:
        """One breath in pieces: the silence around it cut away, its pause at the end."""
        ids, places = self._ids(phrase.phonemes)
        latents, frames = self._plan(ids, noise, pace)
        edges = np.concatenate([[0], np.cumsum(frames)]) * self.config.hop
        if edges[-1] != latents.shape[2] * self.config.hop:
            raise ModelError("the voice's durations and audio disagree; build the bundle again")
        words = self._spans(phrase, edges, places)
        margin, fade = int(_MARGIN * self.rate), int(_FADE * self.rate)
        at = 0
        while at < latents.shape[2]:
            until = at + size
            last = latents.shape[2] - until < _FIRST_FRAMES  # no crumbs
            until = latents.shape[2] if last else until
            sound = self._decode(latents, at, until)
            loud = np.flatnonzero(np.abs(sound) > np.abs(sound).max() * _QUIET)
            begin, end = 0, len(sound)
            if last and loud.size:
                end = min(end, max(int(loud[-1]) + margin, words[-1][1] - at * self.config.hop))
            if not at:
                onset = int(loud[0]) if loud.size else 0
                begin = max(0, min(onset - margin, *(s for s, e in words if e > s)))
            sound = np.clip(sound[begin:end] * np.float32(self.config.gain), -_CEILING, _CEILING)
            ramp = np.linspace(0, 1, min(fade, len(sound)), dtype=np.float32)
            if not at:
                sound[: len(ramp)] *= ramp
            if last:
                sound[len(sound) - len(ramp) :] *= ramp[::-1]
                pause = np.zeros(int(PAUSES[phrase.stop] * self.rate), np.float32)
                sound = np.concatenate([sound, pause])
            placed = [
                SpokenWord(text, max(0, start - begin), max(0, stop - begin))
                for text, (start, stop) in zip(texts, words, strict=True)
            ]
            yield SpokenClause(
                (sound * np.float32(32767)).round().astype(np.int16),
                () if at else (*silent, *placed),
            )
            at, size = until, min(round(size * _GROWTH), _MOST_FRAMES)

    @staticmethod
    def _spans(
        phrase: Phrase, edges: NDArray[np.int64], places: Sequence[int]
    ) -> list[tuple[int, int]]:
        """Where each word sounds, in samples from the phrase's first frame."""
        words: list[tuple[int, int]] = []
        end = 0
        for first, last in phrase.words:
            if first == last:
                words.append((end, end))
                continue
            start, end = int(edges[places[first]]), int(edges[places[last]])
            words.append((start, end))
        return words

    def _ids(self, phonemes: Sequence[str]) -> tuple[list[int], list[int]]:
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

    def _plan(
        self, ids: list[int], noise: np.random.Generator, pace: float
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """What is to be said, float32 [1, LATENT, frames], and the frames that each id takes."""
        config = self.config
        scales = [config.noise, config.length / pace, config.noise_width]
        feeds = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
            "noise_width": noise.standard_normal((1, 2, len(ids)), np.float32),
            "noise": noise.standard_normal((1, LATENT, _NOISE_FRAMES), np.float32),
        }
        try:
            latents, durations = self._session.run(None, feeds)
        except Exception as error:  # noqa: BLE001 - its exceptions have no common class
            raise ModelError(f"the voice failed on {len(ids)} phonemes: {error}") from None
        return np.asarray(latents), np.asarray(durations).reshape(-1).astype(np.int64)

    def _decode(self, latents: NDArray[np.float32], begin: int, end: int) -> NDArray[np.float32]:
        """The audio of some frames."""
        first, last = max(0, begin - _CONTEXT), end + _CONTEXT
        try:
            (audio,) = self._decoder.run(None, {self._latents: latents[:, :, first:last]})
        except Exception as error:  # noqa: BLE001 - its exceptions have no common class
            raise ModelError(f"the voice failed on {end - begin} frames: {error}") from None
        hop = self.config.hop
        heard = np.asarray(audio).reshape(-1)
        return heard[(begin - first) * hop : (end - first) * hop]
