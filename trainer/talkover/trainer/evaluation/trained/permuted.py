"""cpWER: what several people said against what was written on several lanes. Pure.

Concatenated minimum-permutation word errors (Watanabe et al. 2020, CHiME-6): each lane's text goes
with one person's words, so that all errors together are fewest; whoever has no lane is missed, and
a lane without a person is too much. No words may go from one pair to another.
"""

from collections.abc import Sequence
from itertools import permutations

from rapidfuzz.distance import Levenshtein

from talkover.core.errors import DataError

_MOST: int = 7
"""People or lanes; all ways to pair them are tried."""


def permuted_errors(said: Sequence[Sequence[str]], written: Sequence[Sequence[str]]) -> int:
    """The fewest words that are wrong, of all ways to pair people and lanes.

    Args:
        said: Words of each person.
        written: Words on each lane.

    Raises:
        DataError: there are too many of them.
    """
    size = max(len(said), len(written))
    if size > _MOST:
        raise DataError(f"{size} people or lanes at once; at most {_MOST}")
    people = [*said, *[()] * (size - len(said))]
    lanes = [*written, *[()] * (size - len(written))]
    costs = [[Levenshtein.distance(list(one), list(lane)) for lane in lanes] for one in people]
    return min(
        sum(costs[person][lane] for person, lane in enumerate(order))
        for order in permutations(range(size))
    )
