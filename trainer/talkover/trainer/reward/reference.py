"""What was really said: words with their languages. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from talkover.core.errors import DataError
from talkover.trainer.data.switching.tokens import Token
from talkover.trainer.reward.lexicon import LANGUAGES
from talkover.trainer.reward.words import MOST, characters_in, words_in


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference transcript.

    Attributes:
        tokens: Its words, as transcripts are compared with them; none for silence.
        characters: Of the text, without spaces.
    """

    tokens: tuple[Token, ...]
    characters: int

    @classmethod
    def of(cls, words: Iterable[tuple[str, str]]) -> Self:
        """From words as they are written, each with its language (ISO 639-1).

        A word may as well be a whole text of one language.

        Raises:
            DataError: a language is none of ours, or there are too many words.
        """
        tokens: list[Token] = []
        characters = 0
        for text, language in words:
            if language not in LANGUAGES:
                raise DataError(f"no reward for {language!r}; there are {', '.join(LANGUAGES)}")
            tokens += (Token(word, language) for word in words_in(text))
            characters += characters_in(text)
        if len(tokens) >= MOST:
            raise DataError(f"a reference of {len(tokens)} words; split it ({MOST - 1} at most)")
        return cls(tuple(tokens), characters)
