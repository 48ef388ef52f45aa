"""How much a sentence is mixed, and whether it is mixed as it claims. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from talkover.trainer.data.switching.tokens import Pattern, SwitchText, Token

_TAG: Final = 6  # words at most
_STOPS: Final = ".?!।。？！"
_COMMAS: Final = ",，"


@dataclass(frozen=True, slots=True)
class Mixing:
    """Measures of a sentence.

    Attributes:
        embedded: Share of words that are not of the matrix language.
        switches: Places where the language changes.
        cmi: Code-mixing index of Das and Gambäck (2014), 0 to 100: the share of words that are not
            of the most frequent language.
        runs: Languages with the number of words, in order.
    """

    embedded: float
    switches: int
    cmi: float
    runs: tuple[tuple[str, int], ...]


def mixing(tokens: Sequence[Token], matrix: str) -> Mixing:
    """Measure some tokens."""
    languages = [token.language for token in tokens]
    runs = tuple((language, len(list(run))) for language, run in groupby(languages))
    count = max(len(languages), 1)
    most = max(Counter(languages).values(), default=count)
    return Mixing(
        sum(language != matrix for language in languages) / count,
        max(len(runs) - 1, 0),
        100.0 * (1.0 - most / count),
        runs,
    )


def fault_of(text: SwitchText) -> str:
    """Why a sentence is not of its pattern; empty when it is."""
    mixed = mixing(text.tokens, text.matrix)
    embedded = [size for language, size in mixed.runs if language != text.matrix]
    if not embedded or len(embedded) == len(mixed.runs):
        return "it is of one language"
    match text.pattern:
        case Pattern.BETWEEN:
            return _one_switch(text, mixed, _STOPS)
        case Pattern.TAG:
            edge = mixed.runs[0] if mixed.runs[0][0] != text.matrix else mixed.runs[-1]
            long = f"its tag has {edge[1]} words" if edge[1] > _TAG else ""
            return long or _one_switch(text, mixed, _COMMAS)
        case Pattern.INSERTION:
            return "" if embedded == [1] else f"it inserts {embedded} words"
        case Pattern.ALTERNATION:
            short = min(size for _, size in mixed.runs)
            return "it alternates by single words" if short < 2 else _one_switch(text, mixed, "")
        case Pattern.BORROWED:
            return "" if len(embedded) <= 2 else f"it borrows {len(embedded)} times"


def _one_switch(text: SwitchText, mixed: Mixing, marks: str) -> str:
    """It goes over once, behind one of some marks (or wherever it is, without any)."""
    if mixed.switches != 1:
        return f"it switches {mixed.switches} times"
    last = text.tokens[mixed.runs[0][1] - 1].text[-1]
    return f"it switches behind {last!r}" if marks and last not in marks else ""
