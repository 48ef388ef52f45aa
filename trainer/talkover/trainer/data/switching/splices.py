"""Code-switched sentences of real voices: recorded telephone prompts, one after another.

The English and the Spanish prompts are of one woman, so those switches stay within one voice; the
French ones are of another, and say so. Each recording is one timed word, with all of its text: it
begins and ends 30 ms from its first and last sound; when the words inside it do is not known.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np

from talkover.core.audio import read_wav, to_float
from talkover.core.audio.prompts import Prompt, find_prompts
from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.mouths import Sound, Utterance
from talkover.trainer.data.switching.joining import joined
from talkover.trainer.data.switching.templates import Random, pick, speaker
from talkover.trainer.data.switching.tokens import Pattern, SwitchText, Token
from talkover.trainer.data.texts import Split, Theme, split_of
from talkover.trainer.data.timing import TimedWord

RECORDED: Final = ("es-en", "fr-en")
"""Pairs."""
_TRIES: Final = 2_000
_SILENT: Final = 0.02  # of a recording's loudest 10 ms, which are from a studio
_STEP: Final = RATE // 100
_MARGIN: Final = 3  # steps
_PAUSE: Final = 0.3  # seconds after a sentence
_BREAK: Final = 0.12  # after a comma
_JOINT: Final = 0.04  # within a phrase
_ENDS: Final = ".?!"


@dataclass(frozen=True, slots=True)
class Piece:
    """A recording in a sentence, and its words as they are written there."""

    prompt: Prompt
    text: str


@dataclass(frozen=True, slots=True)
class Spliced:
    """A switch that can be heard.

    Attributes:
        text: What is said.
        pieces: By which recordings, in order.
        speakers: Whose they are, each once.
    """

    text: SwitchText
    pieces: tuple[Piece, ...]
    speakers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Voice:
    """The recordings of a language by their use."""

    name: str
    by_use: dict[str, tuple[Piece, ...]]


def draw_spliced(
    pair: str, pattern: Pattern, split: Split, random: Random, *, matrix: str = ""
) -> Spliced:
    """A code-switched sentence of a split that recordings say.

    Args:
        pair: One of ``RECORDED``.
        pattern: Where it switches.
        split: Whose sentences; a recording of a whole sentence is of one split alone.
        random: Of all that is drawn.
        matrix: The language of its frame; drawn by default.

    Raises:
        DataError: there are no recordings of the pair, or too few.
    """
    if pair not in RECORDED:
        raise DataError(f"nobody has recorded {pair!r}; there are {', '.join(RECORDED)}")
    both = speaker(pair)
    for _ in range(_TRIES):
        frame = matrix or pick(both.languages, random)
        pieces = _pieces(pattern, frame, both.partner(frame), split, random)
        text = SwitchText(_tokens(pieces), pair, pattern, frame, Theme.CALL_CENTRE)
        if split_of(text.text) is split:
            names = dict.fromkeys(_voice(piece.prompt.language).name for piece in pieces)
            return Spliced(text, tuple(pieces), tuple(names))
    raise DataError(f"{_TRIES} splices of {pair} {pattern} and none for {split}")


def splice(spliced: Spliced) -> Utterance:
    """Its recordings without the silence around them, as loud as one another.

    Raises:
        AudioError: a recording cannot be read.
    """
    parts = []
    for piece in spliced.pieces:
        pcm = voiced(to_float(read_wav(piece.prompt.path)))
        word = TimedWord(piece.text, 0, len(pcm), (), piece.prompt.language)
        parts.append((Utterance(pcm, (word,)), _gap(piece.text)))
    return joined(parts)


def voiced(sound: Sound) -> Sound:
    """A studio recording from its first sound to its last, float32 [n] at 16 kHz."""
    steps = sound[: len(sound) // _STEP * _STEP].reshape(-1, _STEP)
    if not len(steps):
        return sound
    level = np.sqrt((steps**2).mean(axis=1))
    loud = np.flatnonzero(level > level.max() * _SILENT)
    if not len(loud):
        return sound
    begin = max(0, int(loud[0]) - _MARGIN)
    return sound[begin * _STEP : (int(loud[-1]) + 1 + _MARGIN) * _STEP]


def _pieces(pattern: Pattern, frame: str, other: str, split: Split, random: Random) -> list[Piece]:
    mine, theirs = _voice(frame), _voice(other)
    match pattern:
        case Pattern.BETWEEN:
            sentences = [_sentence(language, split, random) for language in (frame, other)]
            return [_ended(_begun(sentence)) for sentence in sentences]
        case Pattern.TAG:
            sentence = _sentence(frame, split, random)
            if random.random() < 0.5:
                first = _begun(_one(theirs, "first", random))
                return [Piece(first.prompt, f"{first.text},"), _ended(sentence)]
            last = _one(theirs, "last", random)
            return [Piece(sentence.prompt, f"{_begun(sentence).text},"), _ended(last)]
        case Pattern.INSERTION:
            phrase = [_one(mine, "having", random), _one(mine, "numbers", random)]
            own = {piece.text for piece in mine.by_use["nouns"]}
            foreign = [piece for piece in theirs.by_use["nouns"] if piece.text not in own]
            return _phrase([*phrase, foreign[int(random.integers(len(foreign)))]])
        case Pattern.ALTERNATION:
            digits = _several(mine, "digits", int(random.integers(1, 4)), random)
            predicate = _one(theirs, "predicates", random)
            return _phrase([_one(mine, "subjects", random), *digits, predicate])
        case Pattern.BORROWED:
            use = pick(("digits", "letters"), random)
            borrowed = _several(theirs, use, int(random.integers(2, 6)), random)
            return _phrase([_one(mine, "carriers", random), *borrowed])


def _one(voice: _Voice, use: str, random: Random) -> Piece:
    return voice.by_use[use][int(random.integers(len(voice.by_use[use])))]


def _several(voice: _Voice, use: str, count: int, random: Random) -> list[Piece]:
    return [_one(voice, use, random) for _ in range(count)]


def _sentence(language: str, split: Split, random: Random) -> Piece:
    mine = _sentences(language, split)
    return mine[int(random.integers(len(mine)))]


@cache
def _sentences(language: str, split: Split) -> tuple[Piece, ...]:
    recorded = _voice(language).by_use["sentences"]
    mine = tuple(piece for piece in recorded if split_of(piece.text) is split)
    if not mine:
        raise DataError(f"no recorded sentence of {language} is for {split}")
    return mine


def _phrase(pieces: Sequence[Piece]) -> list[Piece]:
    return [_begun(pieces[0]), *pieces[1:-1], _ended(pieces[-1])]


def _begun(piece: Piece) -> Piece:
    at = next(place for place, character in enumerate(piece.text) if character.isalpha())
    return Piece(piece.prompt, piece.text[:at] + piece.text[at].upper() + piece.text[at + 1 :])


def _ended(piece: Piece) -> Piece:
    return piece if piece.text[-1] in _ENDS else Piece(piece.prompt, f"{piece.text}.")


def _gap(text: str) -> float:
    return _PAUSE if text[-1] in _ENDS else _BREAK if text[-1] == "," else _JOINT


def _tokens(pieces: Sequence[Piece]) -> tuple[Token, ...]:
    return tuple(
        Token(word, piece.prompt.language) for piece in pieces for word in piece.text.split()
    )


@cache
def _voice(language: str) -> _Voice:
    data = _read()[language]
    found = {prompt.name: prompt for prompt in find_prompts(language)}
    by_use: dict[str, tuple[Piece, ...]] = {}
    for use, names in data.items():
        if isinstance(names, list):
            missing = [name for name in names if name not in found]
            if missing:
                raise DataError(
                    f"no recording {missing[0]!r} in {language}; run: sh scripts/test_setup.sh"
                )
            by_use[use] = tuple(_piece(found[name], data["written"]) for name in names)
    return _Voice(str(data["speaker"]), by_use)


def _piece(prompt: Prompt, written: dict[str, str]) -> Piece:
    """With the text as it is in the midst of a sentence."""
    text = written.get(prompt.name) or prompt.text.strip().rstrip(".!… ")
    if len(text) == 1:
        return Piece(prompt, text.upper())
    own = text.startswith(("I ", "I'"))
    return Piece(prompt, text if own else text[:1].lower() + text[1:])


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("recordings.toml").read_text("utf-8"))
