"""A code-switched sentence in one mouth: same voice, same pitch, same pace, exact times.

eSpeak NG can change its language between two words of a clause, as it does for the English words
that its own dictionaries know. So a sentence is one breath with one melody, that of its matrix
language, and nothing has to be joined. Two things need a breath of their own: a whole sentence,
which has the melody of its language, and Chinese, whose tones only its own voice has. Those are
levelled and joined in the silence between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from talkover.core.audio import to_float
from talkover.core.errors import ConfigError
from talkover.trainer.data.accents import Accent
from talkover.trainer.data.mouths import Utterance, fitted
from talkover.trainer.data.native import Manner
from talkover.trainer.data.switching.joining import joined
from talkover.trainer.data.switching.reading import SWITCH, Read, read, switch_to
from talkover.trainer.data.switching.tokens import ENGLISH, SwitchText, Token
from talkover.trainer.data.throat import Throat
from talkover.trainer.data.timing import TimedWord

_WORDS_A_MINUTE: Final = 165
_RANGE: Final = 50
_STOPS: Final = {".": ".", "?": "?", "!": "!", "।": ".", "。": ".", "？": "?", "！": "!"}
_MARKS: Final = {**_STOPS, ",": ",", "，": ",", ";": ",", ":": ","}
_TONAL: Final = "zh"
_GAP: Final = 0.25  # seconds between two sentences
_CLOSURE: Final = 0.03  # seconds between two words


@dataclass(frozen=True, slots=True)
class Breath:
    """What is said at once.

    Attributes:
        tokens: In order.
        matrix: The language of its melody.
        gap: Seconds of silence after it.
    """

    tokens: tuple[Token, ...]
    matrix: str
    gap: float


def say(
    text: SwitchText,
    throat: Throat,
    *,
    accent: Accent,
    variant: str = "",
    pitch: int = 50,
    pace: float = 1.0,
) -> Utterance:
    """Say a code-switched sentence; the same sentence in the same voice always sounds the same.

    Args:
        text: What is said.
        throat: That speaks.
        accent: Of the English words: one of ours, or ``foreign`` of the other language.
        variant: Of eSpeak's voice: ``f3``, ``m1``.
        pitch: 0 to 99.
        pace: Of the speaker, against others.

    Returns:
        Words with their languages and sounds.

    Raises:
        ConfigError: eSpeak NG is not installed, failed, or has no such variant.
        DataError: it cannot read a word.
    """
    parts: list[tuple[Utterance, float]] = []
    for breath in breaths(text):
        runs = [
            read(list(run), accent)
            for _, run in groupby(breath.tokens, key=lambda token: token.language)
        ]
        base = _voice(breath, runs)
        manner = Manner(
            f"{base}+{variant}" if variant else base,
            round(_WORDS_A_MINUTE * accent.prosody.pace * pace),
            pitch,
            round(_RANGE * accent.prosody.pitch_range),
        )
        parts.append((_uttered(breath.tokens, runs, base, manner, throat), breath.gap / pace))
    return joined(parts)


def breaths(text: SwitchText) -> list[Breath]:
    """What is said at once: a sentence, or a part of it that is all tonal, or not at all."""
    found: list[Breath] = []
    for sentence in _sentences(text.tokens):
        parts = [
            tuple(part) for _, part in groupby(sentence, key=lambda token: token.language == _TONAL)
        ]
        for place, part in enumerate(parts):
            languages = [token.language for token in part]
            matrix = text.matrix if text.matrix in languages else languages[0]
            found.append(Breath(part, matrix, _GAP if place == len(parts) - 1 else _CLOSURE))
    return found


def _sentences(tokens: Sequence[Token]) -> list[list[Token]]:
    found: list[list[Token]] = [[]]
    for token in tokens:
        found[-1].append(token)
        if token.text[-1] in _STOPS:
            found.append([])
    return [sentence for sentence in found if sentence]


def _voice(breath: Breath, runs: Sequence[Read]) -> str:
    languages = [language for language, _ in groupby(token.language for token in breath.tokens)]
    return runs[languages.index(breath.matrix)].voice


def _uttered(
    tokens: Sequence[Token], runs: Sequence[Read], base: str, manner: Manner, throat: Throat
) -> Utterance:
    words = [word for run in runs for word in run.words]
    written = _written(runs, base)
    uttered = throat.utter(written, manner)
    switched = [name for _, name in uttered.phones if name.startswith("(")]
    if len(switched) != written.count(SWITCH):
        raise ConfigError(f"espeak-ng's {base} does not change its language; install 1.51 or later")
    heard = [(begin, "" if name.startswith("(") else name) for begin, name in uttered.phones]
    said = fitted(to_float(uttered.pcm), uttered.rate, heard, words)
    timed = [_of(word, token.language) for word, token in zip(said.words, tokens, strict=True)]
    return _trimmed(replace(said, words=tuple(timed)))


def _written(runs: Sequence[Read], base: str) -> str:
    """What eSpeak is given.

    It begins each clause with the phonemes that the one before has ended with, whatever is written
    there; so each ends with those of the voice.
    """
    line = ""
    speaking = base
    for run in runs:
        for word, mnemonics in zip(run.words, run.mnemonics, strict=True):
            if run.voice != speaking:
                line += switch_to(run.voice)
            line += f" {mnemonics} "
            mark = _MARKS.get(word.text[-1], "")
            if mark and run.voice != base:
                line += switch_to(base)
            line += mark
            speaking = base if mark else run.voice
    return line if speaking == base else line + switch_to(base)


def _of(word: TimedWord, language: str) -> TimedWord:
    """With its language, and without liaisons that were not made."""
    if language == ENGLISH:
        return word  # its sounds are the accent's, as everywhere
    heard = tuple(phone for phone in word.phones if phone.end > phone.start)
    return replace(word, language=language, phones=heard)


def _trimmed(said: Utterance) -> Utterance:
    """From its first sound to its last."""
    begin, end = said.words[0].start, said.words[-1].end
    return Utterance(said.pcm[begin:end], tuple(word.later(-begin) for word in said.words))
