"""Exact tests for small numbers: how likely is it that chance alone did this?"""

import math
from collections.abc import Sequence


def fisher(bad: int, n: int, bad_before: int, n_before: int) -> float:
    """The chance of at least ``bad`` of ``n``, if they are as good as the others (Fisher, 1922).

    Args:
        bad: Of the new, how many went wrong.
        n: Of the new, all.
        bad_before: Of the old, how many went wrong.
        n_before: Of the old, all.

    Returns:
        The one-sided p-value, 0 to 1: the tail of the hypergeometric distribution.
    """
    total, wrong = n + n_before, bad + bad_before
    ways = math.comb(total, n)
    most = min(n, wrong)
    tail = sum(math.comb(wrong, k) * math.comb(total - wrong, n - k) for k in range(bad, most + 1))
    return min(1.0, tail / ways)


def sign_test(worse: int, better: int) -> float:
    """The chance of at least ``worse`` of the pairs that differ (McNemar, 1947; exact).

    Args:
        worse: Pairs in which only the new one went wrong.
        better: Pairs in which only the old one did.

    Returns:
        The one-sided p-value, 0 to 1.
    """
    n = worse + better
    tail = sum(math.comb(n, k) for k in range(worse, n + 1))
    return min(1.0, tail / int(2**n))


def later(new: Sequence[float], old: Sequence[float], slack: float) -> float:
    """The chance that ``new``, less ``slack``, lies so far above ``old`` (Mann and Whitney, 1947).

    With the normal approximation, ties and continuity corrected for.

    Args:
        new: Seconds.
        old: Seconds.
        slack: Seconds that are no matter.

    Returns:
        The one-sided p-value, 0 to 1; 1 where either has fewer than 8 values, for which the
        approximation is no good.
    """
    n, m = len(new), len(old)
    if min(n, m) < _LEAST:
        return 1.0
    values = sorted([(value - slack, True) for value in new] + [(value, False) for value in old])
    rank_sum = ties = 0.0
    at = 0
    while at < len(values):
        end = at
        while end < len(values) and values[end][0] == values[at][0]:
            end += 1
        among = sum(mine for _, mine in values[at:end])
        rank_sum += among * (at + 1 + end) / 2
        ties += (end - at) ** 3 - (end - at)
        at = end
    total = n + m
    above = rank_sum - n * (n + 1) / 2 - n * m / 2
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0
    return 0.5 * math.erfc((above - 0.5) / math.sqrt(2 * variance))


_LEAST = 8
