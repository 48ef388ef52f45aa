"""What a code-switched sentence is: tokens that carry their language. Pure.

The five patterns are those of the literature: between sentences, tags and within a sentence are
Poplack's three (1980, "Sometimes I'll start a sentence in Spanish y termino en español"); a single
word in the frame of the other language is Myers-Scotton's insertion (1993, "Duelling Languages"),
which is what most switches in the Miami recordings (Deuchar et al. 2014) and in SEAME (Lyu et al.
2010) are; names and numbers that stay in their language are borrowed.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from talkover.trainer.data.texts import Theme

ENGLISH: Final = "en"
OTHERS: Final = ("es", "fr", "hi", "de", "zh")
PAIRS: Final = tuple(f"{other}-{ENGLISH}" for other in OTHERS)
WIDE: Final = "，。？！、"
"""Punctuation that no space follows."""


class Pattern(StrEnum):
    """Where a speaker goes over to the other language."""

    BETWEEN = "between"
    TAG = "tag"
    INSERTION = "insertion"
    ALTERNATION = "alternation"
    BORROWED = "borrowed"


@dataclass(frozen=True, slots=True)
class Token:
    """A word as it is written, with its punctuation, and its language (ISO 639-1)."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class SwitchText:
    """A sentence, or two.

    Attributes:
        tokens: In order; Chinese by the word.
        pair: One of ``PAIRS``.
        pattern: Where it switches.
        matrix: The language whose frame it is; where there is no single one, that of the start.
        theme: What it is about.
    """

    tokens: tuple[Token, ...]
    pair: str
    pattern: Pattern
    matrix: str
    theme: Theme

    @property
    def text(self) -> str:
        """As it is written; Chinese without spaces."""
        return written(self.tokens)

    @property
    def languages(self) -> tuple[str, ...]:
        """Those of its tokens, in order of appearance."""
        return tuple(dict.fromkeys(token.language for token in self.tokens))


def written(tokens: tuple[Token, ...]) -> str:
    """Tokens as one line."""
    line = ""
    for before, token in zip((None, *tokens), tokens, strict=False):
        line += ("" if before is None or _joined(before, token) else " ") + token.text
    return line


def _joined(before: Token, token: Token) -> bool:
    return before.text[-1] in WIDE or before.language == token.language == "zh"
