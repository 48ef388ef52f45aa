"""How wrong the words were that callers corrected: by locale and by the weights. Pure.

Counts alone are kept, never words. Only those who say that a turn was wrong are counted, so this is
no error rate of all turns; that it falls from bundle to bundle says that they got better.
"""

import re
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import Any, Final

from rapidfuzz.distance import Levenshtein

_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_MOST: Final = 2_000  # turns that are remembered


@dataclass(frozen=True, slots=True)
class Corrected:
    """Corrected turns of one locale on one bundle.

    Attributes:
        locale: BCP 47, as the caller named it first; empty: they named none.
        bundle: That heard them.
        turns: How many.
        words: In what callers said was right.
        errors: Words that differ, in each turn at most as many as it has.
    """

    locale: str
    bundle: str
    turns: int = 0
    words: int = 0
    errors: int = 0


class Corrections:
    """The newest corrected turns of a server; the oldest are forgotten. A turn counts once."""

    def __init__(self) -> None:
        self._turns: OrderedDict[tuple[str, int], Corrected] = OrderedDict()

    def add(
        self, session: str, turn: int, *, locale: str, bundle: str, heard: str, said: str
    ) -> None:
        """A caller says what a turn should have read; again: the last word counts.

        Args:
            session: The call.
            turn: Of the call.
            locale: As for ``Corrected``.
            bundle: That heard it.
            heard: The words as they were understood.
            said: As they should have been.
        """
        wanted = _words(said)
        if not wanted:
            return
        errors = min(Levenshtein.distance(wanted, _words(heard)), len(wanted))
        self._turns[session, turn] = Corrected(locale, bundle, 1, len(wanted), errors)
        self._turns.move_to_end((session, turn))
        if len(self._turns) > _MOST:
            self._turns.popitem(last=False)

    def table(self) -> list[Corrected]:
        """By locale, each with its bundles in the order in which they were first corrected."""
        found: dict[tuple[str, str], Corrected] = {}
        for one in self._turns.values():
            sum_ = found.get((one.locale, one.bundle), Corrected(one.locale, one.bundle))
            found[one.locale, one.bundle] = Corrected(
                one.locale,
                one.bundle,
                sum_.turns + 1,
                sum_.words + one.words,
                sum_.errors + one.errors,
            )
        return sorted(found.values(), key=lambda one: one.locale)

    def to_json(self) -> list[dict[str, Any]]:
        """The table for whoever asks over HTTP."""
        return [asdict(one) for one in self.table()]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
