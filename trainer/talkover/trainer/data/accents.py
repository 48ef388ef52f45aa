"""Accents as data: a readable file each, and what it makes of a word.

Adding an accent is adding a file to ``accents/``: what its vowels are, by lexical set, which
consonants change where (see ``rules``), and how it moves along. The sources are named in the files;
they describe speakers with a broad accent, and no file claims that all its people speak so.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, get_args

from talkover.core.errors import DataError
from talkover.trainer.data.keys import (
    BASES,
    LEXICAL_SETS,
    WITH_R,
    Base,
    Key,
    KeyWord,
    read_words,
)
from talkover.trainer.data.rules import Phone, Rule

Rhythm = Literal["stress", "syllable"]

_FOLDER: Final = "accents"
_R: Final = "ɹ"


@dataclass(frozen=True, slots=True)
class Prosody:
    """How an accent moves along, against General American.

    Attributes:
        pace: Words in the same time.
        pitch_range: Of the melody.
        rhythm: Whether stresses or syllables come at even times.
    """

    pace: float
    pitch_range: float
    rhythm: Rhythm


@dataclass(frozen=True, slots=True)
class Accent:
    """A way to speak English.

    Attributes:
        code: The name of its file.
        name: For people.
        locale: Where it is at home (BCP 47).
        source: Where its sounds are described.
        note: What it is known by.
        base: Whose dictionary it reads by.
        vowels: IPA by lexical set; several sounds for a vowel and an r.
        rules: Sound changes, in order.
        prosody: How it moves along.
    """

    code: str
    name: str
    locale: str
    source: str
    note: str
    base: Base
    vowels: dict[str, tuple[str, ...]]
    rules: tuple[Rule, ...]
    prosody: Prosody

    @property
    def rhotic(self) -> bool:
        """With r where it is written, after vowels too."""
        return len(self.vowels["NORTH"]) > 1 and self.vowels["NORTH"][-1] == _R

    def say(self, text: str) -> list["SaidWord"]:
        """What a text sounds like.

        Raises:
            ConfigError: eSpeak NG is not installed.
            DataError: the text cannot be read.
        """
        words = read_words(text, self.base)
        return [
            SaidWord(word.text, tuple(self.realise(word, following)))
            for word, following in zip(words, [*words[1:], None], strict=True)
        ]

    def realise(self, word: KeyWord, following: KeyWord | None = None) -> Sequence[Phone]:
        """What a word sounds like, before another.

        Args:
            word: As keys.
            following: The next one, before whose vowel an r may be heard.
        """
        phones: list[Phone] = []
        for key in word.keys:
            if key.symbol == _R and phones and phones[-1].symbol == _R:
                continue  # the vowel before has brought its own
            phones += self._sounds(key)
        if not self.rhotic and word.keys[-1].symbol in WITH_R and _begins_with_vowel(following):
            phones.append(Phone(_R, key=_R))
        for rule in self.rules:
            phones = rule.apply(phones)
        return phones

    def _sounds(self, key: Key) -> list[Phone]:
        if not key.vowel:
            return [Phone(key.symbol, key=key.symbol)]
        first, *rest = self.vowels[key.symbol]
        return [
            Phone(first, key.stress, key.symbol),
            *(Phone(symbol, key=key.symbol) for symbol in rest),
        ]


@dataclass(frozen=True, slots=True)
class SaidWord:
    """A word and its sounds."""

    text: str
    phones: tuple[Phone, ...]

    @property
    def ipa(self) -> str:
        """With a stress mark before each stressed vowel."""
        marks = {0: "", 1: "ˈ", 2: "ˌ"}
        return "".join(marks[phone.stress] + phone.symbol for phone in self.phones)


@cache
def accents() -> dict[str, Accent]:
    """All that there are, by code.

    Raises:
        DataError: a file is damaged; the message names it.
    """
    found = sorted(files(__package__).joinpath(_FOLDER).iterdir(), key=lambda path: path.name)
    read = [
        read_accent(p.name[:-5], p.read_text("utf-8")) for p in found if p.name.endswith(".toml")
    ]
    return {accent.code: accent for accent in read}


def accent(code: str) -> Accent:
    """One of them.

    Raises:
        DataError: there is none of this name.
    """
    try:
        return accents()[code]
    except KeyError:
        raise DataError(f"no accent {code!r}; there are {', '.join(accents())}") from None


def read_accent(code: str, content: str) -> Accent:
    """One from its file.

    Raises:
        DataError: it is damaged; the message names it.
    """
    try:
        data = tomllib.loads(content)
        return Accent(
            code,
            str(data["name"]),
            str(data["locale"]),
            str(data["source"]),
            str(data.get("note", "")),
            _one_of(BASES, data["base"]),
            _vowels(data["vowels"]),
            tuple(Rule.read(line) for line in data["consonants"]["rules"]),
            _prosody(data["prosody"]),
        )
    except (KeyError, TypeError, ValueError, DataError) as error:
        raise DataError(f"accents/{code}.toml cannot be used: {error}") from None


def _vowels(data: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    found = {name: tuple(str(said).split()) for name, said in data.items()}
    if set(found) != set(LEXICAL_SETS) or not all(found.values()):
        raise DataError(f"its vowels must be {', '.join(LEXICAL_SETS)}")
    return found


def _prosody(data: dict[str, Any]) -> Prosody:
    rhythm: Rhythm = _one_of(get_args(Rhythm), data["rhythm"])
    return Prosody(float(data["pace"]), float(data["pitch_range"]), rhythm)


def _one_of(known: Sequence[Any], value: object) -> Any:
    if value not in known:
        raise DataError(f"{value!r} is none of {', '.join(known)}")
    return value


def _begins_with_vowel(word: KeyWord | None) -> bool:
    return word is not None and word.keys[0].vowel
