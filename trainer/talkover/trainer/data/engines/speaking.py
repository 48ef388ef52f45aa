"""One way to speak, whichever engine a voice belongs to."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

import numpy as np
import soxr

from talkover.core.clock import RATE
from talkover.trainer.data.accents import Accent, SaidWord
from talkover.trainer.data.engines import flite
from talkover.trainer.data.engines.names import sentences
from talkover.trainer.data.engines.sounds import inventory
from talkover.trainer.data.engines.voices import VoiceInfo
from talkover.trainer.data.mouths import Sound, Utterance
from talkover.trainer.data.mouths import speak as speak_espeak
from talkover.trainer.data.native import Uttered
from talkover.trainer.data.throat import Throat
from talkover.trainer.data.timing import TimedWord, time_words

_MIDDLE: Final = 50
_SPAN: Final = 100  # of pitch, to an octave
_MARGIN: Final = round(0.05 * RATE)
_PAUSE: Final = round(0.25 * RATE)  # from a sentence to the next, with their margins a little more


class Engines:
    """All engines; each is started when somebody speaks with it, and ends with this.

    What is said depends on nothing that was said before. Calls from several threads take turns
    at each engine.
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self._throat: Throat | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """They say no more."""
        self._open.close()

    def speak(
        self,
        voice: VoiceInfo,
        accent: Accent,
        words: Sequence[SaidWord],
        *,
        pace: float = 1.0,
        pitch: int = _MIDDLE,
    ) -> Utterance:
        """Say words; the same words in the same voice always sound the same.

        The sounds of the answer are those that are heard: what a voice has not is said, and
        labelled, as what it has instead (eSpeak's are labelled as the accent has them).

        Args:
            voice: Whose.
            accent: Whose sounds they are.
            words: What it makes of a text.
            pace: Of the speaker, against others of the accent.
            pitch: 0 to 99, half an octave down to half an octave up.

        Raises:
            ConfigError: the engine is not installed, or failed.
            DataError: the accent has a sound that the engine has nothing for.
        """
        if voice.engine == "espeak":
            variant = voice.own
            return speak_espeak(
                accent, words, self._espeak(), variant=variant, pitch=pitch, pace=pace
            )
        own = inventory("american")
        parts: list[Sound] = []
        timed: list[TimedWord] = []
        for sentence in sentences(own.say(words)):
            uttered = flite.utter(
                sentence,
                voice,
                own,
                stretch=voice.stretch / (accent.prosody.pace * pace),
                pitch=2 ** ((pitch - _MIDDLE) / _SPAN),
                melody=accent.prosody.pitch_range,
            )
            if parts:
                parts.append(np.zeros(_PAUSE, np.float32))
            said = _tight(_fitted(uttered, sentence))
            timed += _later(said.words, sum(map(len, parts)))
            parts.append(said.pcm)
        return Utterance(np.concatenate(parts or [np.zeros(0, np.float32)]), tuple(timed))

    def _espeak(self) -> Throat:
        if self._throat is None:
            self._throat = self._open.enter_context(Throat())
        return self._throat


def _fitted(uttered: Uttered, words: Sequence[SaidWord]) -> Utterance:
    """At our rate, with the words that it has."""
    pcm = uttered.pcm.astype(np.float32) / np.float32(32_768)
    sound = np.asarray(soxr.resample(pcm, uttered.rate, RATE), np.float32)
    heard = [(round(begin * RATE / uttered.rate), name) for begin, name in uttered.phones]
    return Utterance(sound, tuple(time_words(words, heard, len(sound))))


def _tight(said: Utterance) -> Utterance:
    """Without the silence around it."""
    if not said.words:
        return said
    begin = max(0, said.words[0].start - _MARGIN)
    end = min(len(said.pcm), said.words[-1].end + _MARGIN)
    return Utterance(said.pcm[begin:end], _later(said.words, -begin))


def _later(words: Sequence[TimedWord], by: int) -> tuple[TimedWord, ...]:
    return tuple(
        replace(
            word,
            start=word.start + by,
            end=word.end + by,
            phones=tuple(replace(p, start=p.start + by, end=p.end + by) for p in word.phones),
        )
        for word in words
    )
