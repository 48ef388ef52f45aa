"""Word and phoneme errors of utterances in which the language may change. Needs eSpeak NG.

Words are compared as Whisper's own normaliser writes English, other languages without case and
punctuation; numbers by the digit, since nobody can tell from "427195" how it was said; Chinese by
the character, so that of mixed sentences it is the mixed error rate that is reported for SEAME (Lyu
et al. 2010). Phonemes are those that eSpeak gives for both texts in the plainest accent of each
language: what was understood is compared, not how it was spelt.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Final

from rapidfuzz.distance import Levenshtein

from talkover.trainer.data.aligning.features import edit_distance
from talkover.trainer.data.aligning.phonemes import read_all, words_of
from talkover.trainer.evaluation.accents import Heard
from talkover.trainer.evaluation.scoring import normalise

ENGLISH: Final = "en"
Words = Sequence[tuple[str, str]]
"""Each with its language."""

_BARE: Final = ("es", "fr")
"""Recorded prompts are written without accents in the one and with them in the other: texts of one
of these alone are compared without."""
_SCRIPTS: Final = (("\u4e00", "\u9fff", "zh"), ("\u0900", "\u097f", "hi"))
_DIGIT: Final = re.compile(r"\d")
_ONE: Final = re.compile(r"\bone\b")


@dataclass(frozen=True, slots=True)
class AccentScore:
    """How well an utterance was heard.

    Attributes:
        heard: What was written down of it.
        word_errors: Substitutions, deletions and insertions.
        words: Of the reference.
        phone_errors: The same of phonemes.
        apart: The same, a wrong phoneme costing what its articulation is wrong by.
        phones: Of the reference.
    """

    heard: Heard
    word_errors: int
    words: int
    phone_errors: float
    apart: float
    phones: int


def score_all(found: Sequence[Heard]) -> list[AccentScore]:
    """Score utterances.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """
    pairs = [compared(heard.words, heard.written) for heard in found]
    read_at_once([words for pair in pairs for words in pair])
    return [_score(heard, *pair) for heard, pair in zip(found, pairs, strict=True)]


def languages_of_written(written: Sequence[str], said: Words) -> list[str]:
    """Whose words a reader wrote, as far as can be told.

    A script of one language decides; else it is the language of the word that was said there.

    Args:
        written: Words without case and punctuation.
        said: What was said, the same way.
    """
    found = [language for _, language in said[:1]] * len(written)
    for edit in Levenshtein.opcodes([word for word, _ in said], written):
        for step, place in enumerate(range(edit.dest_start, edit.dest_end)):
            at = max(0, min(edit.src_start + step, max(edit.src_end, edit.src_start + 1) - 1))
            found[place] = said[min(at, len(said) - 1)][1]
    return [_by_script(word) or guess for word, guess in zip(written, found, strict=True)]


def normalised(words: Words, *, bare: bool = False) -> list[tuple[str, str]]:
    """Words as they are compared; each stretch of a language for itself.

    Args:
        words: Each with its language.
        bare: Without accents, in languages other than English.
    """
    found: list[tuple[str, str]] = []
    for language, run in groupby(words, key=lambda word: word[1]):
        text = " ".join(word for word, _ in run)
        plain = normalise(text, language) if bare else _plain(text)
        same = _english(text) if language == ENGLISH else plain
        found += [(word, language) for word in words_of(_DIGIT.sub(r" \g<0> ", same))]
    return found


def compared(words: Words, written: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What was said and what was written, as they are compared.

    Args:
        words: That were said, at least one.
        written: By a reader.
    """
    tongues = {language for _, language in words}
    if len(tongues) == 1 and tongues <= {ENGLISH, *_BARE}:
        (alone,) = tongues
        bare = alone in _BARE
        return normalised(words, bare=bare), normalised([(written, alone)], bare=bare)
    said = [(word, language) for text, language in words for word in words_of(_plain(text))]
    plain = words_of(_plain(written))
    tongue = languages_of_written(plain, said)
    return normalised(words), normalised(list(zip(plain, tongue, strict=True)))


def _score(heard: Heard, said: Words, written: Words) -> AccentScore:
    wrong = Levenshtein.distance([word for word, _ in said], [word for word, _ in written])
    reference, other = phones_of(said), phones_of(written)
    return AccentScore(
        heard,
        wrong,
        len(said),
        edit_distance(reference, other, weighted=False),
        edit_distance(reference, other),
        len(reference),
    )


def phones_of(words: Words) -> list[str]:
    """Sounds of words as they are compared, in IPA.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """
    return [
        phone
        for language, text in _texts(words)
        for word in read_all([text], language)[0]
        for phone in word
    ]


def read_at_once(all_words: Sequence[Words]) -> None:
    """Ask eSpeak about all words with few questions; it is remembered.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """
    texts = sorted(set(chain.from_iterable(map(_texts, all_words))))
    for language, run in groupby(texts, key=lambda one: one[0]):
        read_all([text for _, text in run], language)


def _texts(words: Words) -> list[tuple[str, str]]:
    """Each stretch of a language as a text, with its language before it."""
    return [
        (language, " ".join(word for word, _ in run))
        for language, run in groupby(words, key=lambda word: word[1])
    ]


def _english(text: str) -> str:
    """As Whisper's normaliser has it, but that it leaves a single "one" as a word."""
    return _ONE.sub("1", normalise(text, ENGLISH))


def _plain(text: str) -> str:
    """Without case and punctuation; marks of vowels stay, as Hindi is nothing without them."""
    kept = (
        char if unicodedata.category(char)[0] not in "PS" or char == "'" else " "
        for char in unicodedata.normalize("NFC", text.casefold())
    )
    return " ".join("".join(kept).split())


def _by_script(word: str) -> str:
    return next((code for low, high, code in _SCRIPTS if any(low <= c <= high for c in word)), "")
