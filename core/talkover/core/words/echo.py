"""Whether recognised words are the agent's own, come back from the loudspeaker."""

from collections.abc import Sequence
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from talkover.core.words.tokens import tokenise

_TEXT_WORDS: Final = 64
_AGENT_WORDS: Final = 256
"""Words that are looked at: the first of the text, the last of the agent's."""
_ALIKE: Final = 0.7
"""Share of letters that a misheard word keeps."""
_FUZZY: Final = 4
"""Letters from which a word may be misheard; shorter ones resemble too many."""
_STEPS: Final = ((1, 1), (2, 2), (1, 2), (2, 1))
"""From one echoed word to the next, in the text and in the agent's words: side by side, or with
one word between that was misheard, missed or made up."""


def echoes(text: str, agent_words: str | Sequence[str]) -> float:
    """The share of the text's words that are one run of what the agent has just said.

    A run goes on over a word that was misheard beyond recognition, missed or made up.

    Args:
        text: As recognised.
        agent_words: What the agent said before and during it, in order: as a text, or words.

    Returns:
        0 to 1; 0 for no words.
    """
    heard = tokenise(text)[:_TEXT_WORDS]
    said = tokenise(agent_words if isinstance(agent_words, str) else " ".join(agent_words))
    said = said[-_AGENT_WORDS:]
    if not heard or not said:
        return 0.0
    places: dict[str, list[int]] = {}
    for place, word in enumerate(said):
        places.setdefault(word, []).append(place)
    return _longest_run(heard, places) / len(heard)


def _longest_run(heard: list[str], places: dict[str, list[int]]) -> int:
    """Most words of one run, by dynamic programming over pairs of equal words."""
    best = 0
    vocabulary = list(places)
    runs: list[dict[int, int]] = []
    for word in heard:
        ends: dict[int, int] = {}
        for place in places.get(word) or places.get(_resembling(word, vocabulary), []):
            before = (
                runs[-back].get(place - ahead, 0) for back, ahead in _STEPS if back <= len(runs)
            )
            ends[place] = max(before, default=0) + 1
        runs.append(ends)
        best = max(best, max(ends.values(), default=0))
    return best


def _resembling(word: str, vocabulary: list[str]) -> str:
    if len(word) < _FUZZY:
        return ""
    found = process.extractOne(
        word, vocabulary, scorer=Levenshtein.normalized_similarity, score_cutoff=_ALIKE
    )
    return found[0] if found else ""
