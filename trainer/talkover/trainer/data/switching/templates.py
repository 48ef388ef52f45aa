"""Templates of two languages and what becomes of them (see ``languages/en.toml``). Pure."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np

from talkover.core.errors import DataError
from talkover.trainer.data.switching.tokens import ENGLISH, PAIRS, WIDE, Token
from talkover.trainer.data.texts import Theme

Random = np.random.Generator
Marked = list[tuple[str, str]]
"""Characters with their languages."""

_FOLDER: Final = "languages"
_SPAN: Final = re.compile(r"\[([^\[\]]*)\]")
_SLOT: Final = re.compile(r"\{(\w+)(?::(\d+))?\}")
_STOPS: Final = ".।。"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Both languages of a pair, as their files have them.

    Attributes:
        pair: Its name.
        files: By language.
    """

    pair: str
    files: dict[str, dict[str, Any]]

    @property
    def languages(self) -> tuple[str, str]:
        """The other one and English."""
        other, _, english = self.pair.partition("-")
        return other, english

    def partner(self, language: str) -> str:
        """The language that is not this one."""
        other, english = self.languages
        return english if language == other else other

    def templates(self, language: str, *path: str) -> list[str]:
        """Those of a language at some place of its file.

        Raises:
            DataError: its file has none there.
        """
        found: Any = self.files[language]
        for name in path:
            found = found.get(name, {})
        if not found:
            raise DataError(f"languages/{language}.toml has no [{'.'.join(path)}]")
        templates: list[str] = found
        return templates

    def draw(self, random: Random, language: str, kind: str, theme: Theme) -> Marked:
        """A filled template of a kind and theme."""
        return self.fill(pick(self.templates(language, kind, theme), random), language, random)

    def fill(self, template: str, language: str, random: Random) -> Marked:
        """What becomes of a template: characters, each with its language.

        Raises:
            DataError: it asks for a list that there is not.
        """
        marked: Marked = []
        used: set[str] = set()
        for place, span in enumerate(_SPAN.split(template)):
            mine = self.partner(language) if place % 2 else language

            def drawn(slot: re.Match[str], mine: str = mine) -> str:
                return self._drawn(slot[1], int(slot[2] or 0), mine, used, random)

            marked += [(character, mine) for character in _SLOT.sub(drawn, span)]
        return marked

    def _drawn(self, name: str, size: int, mine: str, used: set[str], random: Random) -> str:
        entries = self._entries(name, mine)
        if size:
            return " ".join(pick(entries, random) for _ in range(size))
        fresh = [entry for entry in entries if entry not in used] or entries
        chosen = pick(fresh, random)
        used.add(chosen)
        return chosen

    def _entries(self, name: str, mine: str) -> list[str]:
        other, _ = self.languages
        # What is English in the frame of the other language has to agree with that.
        first = self.files[other].get("english", {}) if mine == ENGLISH else {}
        try:
            entries: list[str] = first.get(name) or self.files[mine]["lists"][name]
        except KeyError:
            raise DataError(f"a template of {self.pair} has {{{name}}}, and no such list") from None
        return entries


@cache
def speaker(pair: str) -> Speaker:
    """Somebody who speaks both languages of a pair.

    Raises:
        DataError: there is no such pair.
    """
    if pair not in PAIRS:
        raise DataError(f"no pair {pair!r}; there are {', '.join(PAIRS)}")
    return Speaker(pair, {language: _read(language) for language in pair.split("-")})


def pick(entries: Sequence[str], random: Random) -> str:
    """One of them."""
    return entries[int(random.integers(len(entries)))]


def tokens_of(marked: Marked) -> tuple[Token, ...]:
    """Words with their languages; the first letter is a capital.

    Raises:
        DataError: a word is of two languages.
    """
    tokens: list[Token] = []
    word: Marked = []
    for character, language in [*begun(marked), (" ", "")]:
        if not character.isspace():
            word.append((character, language))
        if word and (character.isspace() or character in WIDE):
            tokens.append(_token(word))
            word = []
    return tuple(tokens)


def unstopped(marked: Marked) -> Marked:
    """Without the full stop at its end."""
    return marked[:-1] if marked and marked[-1][0] in _STOPS else marked


def plain(text: str, language: str) -> Marked:
    """A text of one language."""
    return [(character, language) for character in text]


def _token(word: Marked) -> Token:
    languages = {language for character, language in word if character.isalnum()}
    text = "".join(character for character, _ in word)
    if len(languages) != 1:
        raise DataError(f"{text!r} is a word of {len(languages)} languages")
    return Token(text, languages.pop())


def begun(marked: Marked) -> Marked:
    """With a capital at its begin."""
    for place, (character, language) in enumerate(marked):
        if character.isalpha():
            return [*marked[:place], (character.upper(), language), *marked[place + 1 :]]
    return marked


@cache
def _read(language: str) -> dict[str, Any]:
    found = files(__package__).joinpath(_FOLDER, f"{language}.toml")
    return tomllib.loads(found.read_text("utf-8"))
