"""How much an utterance that was misheard has to teach. Pure.

Its score is how wrong it was, against what is wrong of its accent, times how close what was written
is to what was said, times how far its label is trusted. What is far from all that could have been
said is noise, or a wrong label; what is close is a boundary that the listener has yet to learn.
"""

from collections.abc import Mapping, Sequence

from talkover.trainer.mining.listened import Listened
from talkover.trainer.mining.settings import MineSettings


def scores(
    heard: Sequence[Listened], nearest: Mapping[tuple[str, str], float], settings: MineSettings
) -> list[float]:
    """The score of each, 0 for what was understood.

    Args:
        heard: A pool.
        nearest: Of each word and language, how close the word is that it was ever taken for.
        settings: Where errors end, and how soon accents are believed.
    """
    hard = hardness(heard, settings)
    return [
        error_of(one, settings) / hard[one.accent] * closeness(one, nearest, settings) * one.trust
        if one.error > 0
        else 0.0
        for one in heard
    ]


def hardness(heard: Sequence[Listened], settings: MineSettings) -> dict[str, float]:
    """The mean error of each accent by that of all, drawn towards 1 while little of it is there."""
    mean = sum(error_of(one, settings) for one in heard) / max(len(heard), 1)
    if not mean:
        return {one.accent: 1.0 for one in heard}
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    for one in heard:
        sums[one.accent] = sums.get(one.accent, 0.0) + error_of(one, settings) / mean
        counts[one.accent] = counts.get(one.accent, 0) + 1
    prior = settings.prior
    return {code: (sums[code] + prior) / (counts[code] + prior) for code in sums}


def closeness(
    one: Listened, nearest: Mapping[tuple[str, str], float], settings: MineSettings
) -> float:
    """Of its wrong words, how close the nearest confusable is: now, or in any round before."""
    known = (
        max(wrong.closeness, nearest.get((wrong.said, wrong.language), 0.0))
        for wrong in one.mistaken
    )
    return max(settings.alien, max(known, default=0.0))


def error_of(one: Listened, settings: MineSettings) -> float:
    """Its error, as far as errors count."""
    return min(one.error, settings.most_error)
