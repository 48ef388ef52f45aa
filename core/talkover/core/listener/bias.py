"""Words in view, in place of others that are spelt much like them: pure.

Who shows something asks about it, so what is written there is likelier than the model knows. To
favour such words on the way (Zhao et al. 2019, Shallow-Fusion End-to-End Contextual Biasing) spoils
what stands around them, since a search cannot return to where a word began. So texts are written as
ever. Then words of them about which the model was in doubt are exchanged, one stretch at a time,
for those in view that are spelt alike; the model says how likely the whole text is with each
exchange, and the likeliest is taken if it is no less likely than the weight allows. The less likely
texts of a beam are exchanged in, too: what stands around a misheard word is often right in one.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import Levenshtein

from talkover.core.listener.search import Candidate
from talkover.core.listener.tokens import Piece

MOST_WORDS: Final = 64
"""Words in view that are looked at; of more, the first."""
MOST_EXCHANGES: Final = 32
"""That are tried; of more, those that are spelt most alike."""

_SHORTEST: Final = 4  # letters: shorter words are heard right without help, and are everywhere
_LONGEST: Final = 40
_ACRONYM: Final = 5
_LONGEST_TEXT: Final = 64  # tokens: a question; a story is not read again two dozen times
_STRETCH: Final = 3  # words that one in view may be misheard as
_LEAST_ALIKE: Final = 0.25
# Chosen on 800 questions of the validation split: see trainer/EXPERIMENTS.md.
_LEAST_DOUBT: Final = 0.2
_ANYHOW: Final = 0.375
_OF_DOUBT: Final = 0.5
_OF_OTHERS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Spelt:
    """A word in view.

    Attributes:
        letters: Of it, small.
        tokens: Of it, as the model writes it in a text.
    """

    letters: str
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A text with a word in view in place of others.

    Attributes:
        tokens: Of the text.
        alike: 0 to 1: how much the word in view is spelt like what it takes the place of.
        doubt: At least 0: how unlikely the model found the unlikeliest token of that (natural
            logarithm).
        likeliest: It is the likeliest text with another word, not a less likely one.
    """

    tokens: tuple[int, ...]
    alike: float
    doubt: float
    likeliest: bool = True

    def room(self, weight: float) -> float:
        """By how much less likely the text may be (natural logarithm)."""
        room = weight * (_ANYHOW + (1 - _ANYHOW) * self.alike) + _OF_DOUBT * self.doubt
        return room if self.likeliest else room - _OF_OTHERS


def exchanges(
    written: Sequence[Candidate], words: Sequence[Sequence[Piece]], view: Sequence[Spelt]
) -> list[Exchange]:
    """What may have been said instead, the most alike first.

    Args:
        written: What the model wrote, to its end, the likeliest first.
        words: Of each, without the punctuation around them.
        view: Words in view.
    """
    found: dict[tuple[int, ...], Exchange] = {}
    for place, (text, some) in enumerate(zip(written, words, strict=True)):
        for one in _exchanges(text, some, view, likeliest=place == 0):
            found.setdefault(one.tokens, one)
    return sorted(found.values(), key=lambda one: one.alike, reverse=True)[:MOST_EXCHANGES]


def _exchanges(
    written: Candidate, words: Sequence[Piece], view: Sequence[Spelt], *, likeliest: bool
) -> Iterator[Exchange]:
    if len(written.tokens) > _LONGEST_TEXT:
        return
    for old, first, last in _stretches(words, {one.letters for one in view}):
        doubt = -min(written.log_probs[first:last], default=0.0)
        if doubt < _LEAST_DOUBT:
            continue
        for one in view:
            alike = Levenshtein.normalized_similarity(old, one.letters)
            if alike >= _LEAST_ALIKE and not _inflected(old, one.letters):
                tokens = (*written.tokens[:first], *one.tokens, *written.tokens[last:])
                yield Exchange(tokens, alike, doubt, likeliest)


def _stretches(words: Sequence[Piece], known: Collection[str]) -> Iterator[tuple[str, int, int]]:
    """A few words in a row, none of them known: their letters, first token, one past the last."""
    letters = [_letters(word.text) for word in words]
    for begin in range(len(words)):
        for end in range(begin + 1, min(begin + _STRETCH, len(words)) + 1):
            some = letters[begin:end]
            if any(some) and not any(one in known for one in some):
                yield "".join(some), words[begin].first, words[end - 1].last


def preferred(
    written: Candidate, tried: Sequence[Exchange], read: Sequence[Candidate], weight: float
) -> Candidate:
    """The likeliest text, what is in view considered.

    Args:
        written: The likeliest text.
        tried: Exchanges.
        read: The same, as the model finds them.
        weight: By how much less likely an exchange for a word spelt the same may make a text
            (natural logarithm).
    """
    best, most = written, 0.0
    for one, text in zip(tried, read, strict=True):
        if (gain := one.room(weight) - (written.total - text.total)) > most:
            best, most = text, gain
    return best


class View:
    """Spells words in view; the same ones not twice in a row.

    Args:
        written: The tokens of a word, as the model writes it in a text.
    """

    def __init__(self, written: Callable[[str], Sequence[int]]) -> None:
        self._written = written
        self._asked: tuple[str, ...] = ()
        self._spelt: tuple[Spelt, ...] = ()

    def spelt(self, words: tuple[str, ...]) -> tuple[Spelt, ...]:
        """Those of them that may be misheard."""
        if words != self._asked:
            self._asked = words
            self._spelt = tuple(
                Spelt(_letters(word), tuple(self._written(word))) for word in spellings(words)
            )
        return self._spelt


def spellings(words: Iterable[str]) -> list[str]:
    """How words in view may stand in a text: as they are, in small letters, or with a capital.

    Those that are short, or hold no letter, are left out: they are heard right without help.
    """
    found: dict[str, None] = {}
    for word in list(dict.fromkeys(map(_bare, words)))[:MOST_WORDS]:
        if sum(map(str.isalpha, word)) < _SHORTEST or len(word) > _LONGEST:
            continue
        shouted = word.isupper() and len(word) > _ACRONYM
        forms = (word.lower(), word.capitalize()) if shouted else (word, word.lower())
        found.update(dict.fromkeys(forms))
    return list(found)


def _inflected(one: str, other: str) -> bool:
    """They differ by an s at the end: which of them it is, is better heard than read."""
    return one + "s" == other or other + "s" == one


def _letters(word: str) -> str:
    return "".join(filter(str.isalpha, word)).lower()


def _bare(word: str) -> str:
    """Without the punctuation around it."""
    inside = [index for index, one in enumerate(word) if one.isalnum()]
    return word[inside[0] : inside[-1] + 1] if inside else ""
