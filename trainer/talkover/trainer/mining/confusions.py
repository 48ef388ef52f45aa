"""What the listener wrote for what: a table of pairs that sound alike, and were taken for another.

It goes on from round to round, so that a word that is left out today is known by what was written
for it before. Pure.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Self

from talkover.core.errors import DataError


@dataclass(frozen=True, slots=True)
class Mistaken:
    """A word that was understood as another.

    Attributes:
        said: The word; empty: nobody said one.
        heard: What was written for it; empty: nothing.
        language: Of the one that was said, else of the other (ISO 639-1).
        closeness: Of their sounds: 1 for the same, 0 for those that have nothing in common.
    """

    said: str
    heard: str
    language: str
    closeness: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """Two words, the one taken for the other.

    Attributes:
        said: The word.
        heard: What was written for it.
        language: Of the word (ISO 639-1).
        closeness: Of their sounds, 0 to 1.
        count: How often.
        last: The round in which it came up last.
    """

    said: str
    heard: str
    language: str
    closeness: float
    count: int = 1
    last: int = 0


@dataclass(frozen=True, slots=True)
class Confusions:
    """All that came up.

    Attributes:
        pairs: Each once, in the order of their words.
    """

    pairs: tuple[Confusion, ...] = ()

    def updated(self, found: Iterable[Mistaken], *, last: int, most: int) -> Self:
        """With what a round found.

        Args:
            found: Only words that were taken for words count.
            last: The round.
            most: Pairs that are kept; those that came up longest ago go, of these the rarest.
        """
        known = {_key(pair): pair for pair in self.pairs}
        for one in found:
            if not one.said or not one.heard:
                continue
            fresh = Confusion(one.said, one.heard, one.language, one.closeness, 0)
            before = known.get(_key(fresh), fresh)
            known[_key(fresh)] = replace(before, count=before.count + 1, last=last)
        kept = sorted(known.values(), key=lambda pair: (-pair.last, -pair.count, _key(pair)))[:most]
        return type(self)(tuple(sorted(kept, key=_key)))

    def nearest(self) -> dict[tuple[str, str], float]:
        """By word and language, how close the word is that it was taken for, at the closest."""
        found: dict[tuple[str, str], float] = {}
        for pair in self.pairs:
            key = pair.said, pair.language
            found[key] = max(found.get(key, 0.0), pair.closeness)
        return found

    def often(self, count: int) -> list[Confusion]:
        """The pairs that came up most, the closer first of those that did as often."""
        order = sorted(self.pairs, key=lambda pair: (-pair.count, -pair.closeness, _key(pair)))
        return order[:count]

    def lines(self) -> Iterator[str]:
        """As JSON, a line each."""
        for pair in self.pairs:
            yield json.dumps(asdict(pair), ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, content: str) -> Self:
        """From ``lines``.

        Raises:
            DataError: they are damaged.
        """
        try:
            pairs = [Confusion(**json.loads(line)) for line in content.splitlines()]
        except (TypeError, ValueError) as error:
            raise DataError(
                f"the table of confusions is damaged ({error}); remove it, and mine again"
            ) from None
        return cls(tuple(sorted(pairs, key=_key)))


def _key(pair: Confusion) -> tuple[str, str, str]:
    return pair.said, pair.language, pair.heard
