"""What words of each language sound like, as eSpeak NG reads them.

A run of words is read as a whole, so that French liaisons and weak words are as they should be,
and each word keeps its own sounds. English is read by an accent of ours. Chinese is read from its
pinyin: eSpeak's reader of characters takes their pinyin for English words here (1.51).
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from pypinyin import Style, lazy_pinyin

from talkover.core.errors import DataError
from talkover.trainer.data.accents import Accent, SaidWord
from talkover.trainer.data.espeak import run_espeak
from talkover.trainer.data.mouths import mouth_of
from talkover.trainer.data.rules import Phone
from talkover.trainer.data.switching.tokens import ENGLISH, Token

SWITCH: Final = "_^_"
"""eSpeak's mnemonic; a name of phonemes follows."""
_EDGES: Final = re.compile(r"^[^\w]+|[^\w\u0900-\u0963]+$")  # Hindi vowel signs are no \w
_BETWEEN: Final = "/"
_STRESS: Final = {"ˈ": 1, "ˌ": 2}
_TONES: Final = re.compile(r"[0-9ɜ]+$")
_FORMS: Final = 4_096


@dataclass(frozen=True, slots=True)
class Read:
    """A run of words of one language.

    Attributes:
        voice: eSpeak's, whose own language it is.
        words: With their sounds.
        mnemonics: What eSpeak is given for each.
    """

    voice: str
    words: tuple[SaidWord, ...]
    mnemonics: tuple[str, ...]


def switch_to(voice: str) -> str:
    """What makes eSpeak go on with the phonemes of another voice."""
    return f"[[{SWITCH}{_names()['phonemes'].get(voice, voice)}]]"


def read(tokens: Sequence[Token], accent: Accent) -> Read:
    """Words of one language as sounds.

    Args:
        tokens: All of one language.
        accent: Of their English.

    Raises:
        ConfigError: eSpeak NG is not installed.
        DataError: eSpeak takes one for a word of yet another language, or cannot read it.
    """
    language = tokens[0].language
    bare = [_EDGES.sub("", token.text) for token in tokens]
    if language == ENGLISH:
        mouth = mouth_of(accent)
        said = accent.say(" ".join(bare))
        found = [(word.phones, mouth.mnemonics([word])) for word in said]
        voice = mouth.table
    else:
        voice = _names()["voices"][language]
        forms = _forms(voice, tuple(map(_spelt, bare) if language == "zh" else bare))
        found = [(_phones(ipa, language), f"[[{'|'.join(sounds)}]]") for sounds, ipa in forms]
    if len(found) != len(tokens) or not all(phones for phones, _ in found):
        raise DataError(f"eSpeak's {voice} reads {' '.join(bare)!r} as other words")
    words = [SaidWord(token.text, phones) for token, (phones, _) in zip(tokens, found, strict=True)]
    return Read(voice, tuple(words), tuple(mnemonics for _, mnemonics in found))


def _spelt(word: str) -> str:
    """A Chinese word in pinyin with tones."""
    style = Style.TONE3
    return "".join(lazy_pinyin(word, style, neutral_tone_with_five=True, tone_sandhi=True))


@lru_cache(maxsize=_FORMS)
def _forms(voice: str, words: tuple[str, ...]) -> tuple[tuple[list[str], list[str]], ...]:
    """Mnemonics and IPA of each word; by itself where eSpeak joins some into one."""
    whole = " ".join(words)
    mnemonics, ipa = (_asked(voice, whole, how) for how in ("-x", "--ipa"))
    if not len(mnemonics) == len(ipa) == len(words):
        alone = [[_asked(voice, word, how) for word in words] for how in ("-x", "--ipa")]
        mnemonics, ipa = ([_BETWEEN.join(word) for word in said] for said in alone)
    return tuple(
        (sounds.split(_BETWEEN), symbols.split(_BETWEEN))
        for sounds, symbols in zip(mnemonics, ipa, strict=True)
    )


def _asked(voice: str, text: str, how: str) -> list[str]:
    """Its words, their sounds kept apart."""
    said = run_espeak("-v", voice, "-q", how, f"--sep={_BETWEEN}", "--", text).decode("utf-8")
    if "(" in said:
        raise DataError(f"eSpeak's {voice} takes a word of {text!r} for another language's")
    return said.split()


def _phones(ipa: Sequence[str], language: str) -> tuple[Phone, ...]:
    """Without tones and silences."""
    found = []
    for symbol in ipa:
        stress = next((_STRESS[mark] for mark in symbol if mark in _STRESS), 0)
        plain = symbol.strip("ˈˌ")
        if language == "zh":
            plain = _TONES.sub("", plain)
        plain = _names()["ipa"].get(plain, plain)
        if plain.strip("-"):
            found.append(Phone(plain.strip("-"), stress))
    return tuple(found)


@cache
def _names() -> dict[str, dict[str, str]]:
    return tomllib.loads(files(__package__).joinpath("voices.toml").read_text("utf-8"))
