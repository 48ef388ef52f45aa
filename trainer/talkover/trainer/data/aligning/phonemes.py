"""Sounds of a text in any language that eSpeak NG reads, or in an accent of English.

Each word is read by itself, so that words and sounds stay together; all words that were not asked
about before are asked about at once.
"""

import re
from collections.abc import Sequence
from itertools import chain, groupby, pairwise
from typing import Final
from unicodedata import category, normalize

from talkover.core.errors import DataError
from talkover.trainer.data.accents import Accent, SaidWord, accent
from talkover.trainer.data.aligning.features import features_of
from talkover.trainer.data.espeak import run_espeak
from talkover.trainer.data.keys import LONGEST
from talkover.trainer.data.rules import Phone
from talkover.trainer.data.switching.foreign import foreign
from talkover.trainer.data.switching.tokens import ENGLISH

NEUTRAL: Final = "general_american"
"""The accent whose sounds stand for English when nobody says which it is."""

_VOICES: Final = {ENGLISH: "en-us", "es": "es-419", "zh": "cmn-latn-pinyin"}
"""eSpeak's names, where they are not the language's."""
_FOREIGN: Final = "foreign-"
_AT_ONCE: Final = 500  # words
_MOST: Final = 200_000  # words that are remembered
_SWITCH: Final = re.compile(r"\([a-z-]+\)")
_UNHEARD: Final = re.compile(r"[ˈˌ.|0-9\s-]")
_MANDARIN: Final = (
    *(("ɜ", ""), (r"s\.", "ʂ"), (r"i[.\u032a]", "ɨ"), ("nɡ", "ŋ"), ("ər", "ɚ")),
    (r"(?<=[ptkɕsʂ])h", "ʰ"),
)
"""What eSpeak's IPA for Mandarin means: its third tone comes out as a vowel."""
_HAN: Final = re.compile(r"([\u4e00-\u9fff])")

_known: dict[tuple[str, str], tuple[str, ...]] = {}


def phonemes_of(text: str, language: str) -> list[tuple[str, ...]]:
    """Sounds of each word of a text, in IPA without stress and tones.

    Args:
        text: Words between spaces; a Chinese character is a word.
        language: ISO 639-1, or what eSpeak calls a voice.

    Returns:
        As many as ``words_of`` finds; a word may have no sound.

    Raises:
        ConfigError: eSpeak NG is not installed, or does not know the language.
        DataError: the text is too long.
    """
    return read_all([text], language)[0]


def read_all(texts: Sequence[str], language: str) -> list[list[tuple[str, ...]]]:
    """``phonemes_of`` for each of several texts, with as few questions to eSpeak as can be."""
    if any(len(text) > LONGEST for text in texts):
        raise DataError(f"a text of more than {LONGEST} characters; split it")
    words = [[_bare(word) for word in words_of(text)] for text in texts]
    wanted = dict.fromkeys(word for some in words for word in some)
    if len(_known) + len(wanted) > _MOST:
        _known.clear()
    unknown = [word for word in wanted if (language, word) not in _known]
    for begin in range(0, len(unknown), _AT_ONCE):
        some = unknown[begin : begin + _AT_ONCE]
        for word, sounds in zip(some, _ask(some, _VOICES.get(language, language)), strict=True):
            _known[language, word] = sounds
    return [[_known[language, word] for word in some] for some in words]


def words_of(text: str) -> list[str]:
    """What is between spaces and has a letter or digit; a Chinese character stands alone."""
    apart = _HAN.sub(r" \1 ", text).split()
    return [word for word in apart if any(character.isalnum() for character in word)]


def said_words(words: Sequence[tuple[str, str]], code: str = "") -> list[SaidWord]:
    """What words should sound like.

    Args:
        words: Each with its language (ISO 639-1), as ``words_of`` has them or whole Chinese words.
        code: The accent of the English ones, ``foreign-es`` and the like among them; empty for
            the neutral one.

    Raises:
        ConfigError: eSpeak NG is not installed, or does not know the language.
        DataError: there is no such accent, or a word cannot be read.
    """
    found: list[SaidWord] = []
    for language, run in groupby(words, key=lambda word: word[1]):
        written = [word for word, _ in run]
        if language == ENGLISH:
            found += _english(written, code)
            continue
        for word, sounds in zip(written, read_all(written, language), strict=True):
            found.append(SaidWord(word, tuple(map(Phone, chain.from_iterable(sounds)))))
    return found


def accent_of(code: str) -> Accent:
    """An accent of ours, or of somebody whose first language is another: ``foreign-es``.

    Raises:
        DataError: there is none of this name.
    """
    if code.startswith(_FOREIGN):
        return foreign(code.removeprefix(_FOREIGN))
    return accent(code or NEUTRAL)


def _english(words: Sequence[str], code: str) -> list[SaidWord]:
    said = accent_of(code).say(" ".join(words))
    if len(said) != len(words):
        raise DataError(f"{len(words)} English words are read as {len(said)}; write them apart")
    return said


def _bare(word: str) -> str:
    return word.strip('.,;:!?"()¿¡«»„“”…。，？！').lower()


def _ask(words: Sequence[str], voice: str) -> list[tuple[str, ...]]:
    said = run_espeak("-v", voice, "-q", "--ipa", "--sep=_", "--", "\n\n".join(words))
    lines = [line for line in said.decode("utf-8").splitlines() if line.strip()]
    if voice == _VOICES["zh"]:
        for written, meant in _MANDARIN:
            lines = [re.sub(written, meant, line) for line in lines]
    if len(lines) == len(words):
        return [_sounds(line) for line in lines]
    if len(words) > 1:  # one of them makes more lines than one, or none
        return [sounds for word in words for sounds in _ask([word], voice)]
    return [_sounds("_".join(lines))]


def _sounds(line: str) -> tuple[str, ...]:
    found: list[str] = []
    for token in re.split(r"[_\s]+", _SWITCH.sub("_", line)):
        found += _apart(normalize("NFD", _UNHEARD.sub("", token)))
    return tuple(symbol for symbol in found if features_of(symbol))


def _apart(token: str) -> list[str]:
    """Vowels and consonants of what eSpeak makes one sound of, such as "ɑːɹ"."""
    letters = [place for place, char in enumerate(token) if category(char) in ("Ll", "Lo")]
    begins = [
        place
        for number, place in enumerate(letters)
        if not number or Phone(token[place]).vowel != Phone(token[letters[number - 1]]).vowel
    ]
    return [normalize("NFC", token[begin:end]) for begin, end in pairwise([*begins, len(token)])]
