"""What the words of an overlap say about it: a prior, for something wiser to weigh."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from talkover.core.words.lexicon import Act, Lexicon, lexicon
from talkover.core.words.tokens import ANNOTATIONS, tokenise

LONGEST: Final = 2000
"""Characters that are looked at; nobody says more in one overlap."""

_CONTENT: Final = Act(backchannel=0.05, floor=0.25)
"""Of a word in no list: rarely a backchannel, and each one more makes a sentence likelier."""
_DILUTED: Final = 0.4
"""What is left of a backchannel's prior for each word beside it that is in no list."""
_MANY: Final = 3
"""Different backchannels in a row that are still no sentence."""
_CHAINED: Final = 0.85
_ONLY_HESITATION: Final = Act(backchannel=0.35, floor=0.15)
_LATE: Final = 0.5
"""What a floor-taking word counts for once a sentence is under way ("I like it but …")."""
_LOOP: Final = 6
"""Repeats of a phrase that a recogniser makes up; people stop earlier."""


@dataclass(frozen=True, slots=True)
class WordEvidence:
    """Priors from the words alone, each from 0 to 1; they need not sum to 1.

    Attributes:
        count: Words; a Han character is one.
        backchannel: That the words, as a whole, say "go on".
        floor: That they take the floor.
        hesitation: Share of the words that only hesitate.
        hallucination: That nobody said them: what Whisper writes for silence, noise or music.
        correction: That they correct what was understood before.
    """

    count: int = 0
    backchannel: float = 0.0
    floor: float = 0.0
    hesitation: float = 0.0
    hallucination: float = 0.0
    correction: float = 0.0


def weigh(text: str, languages: Sequence[str]) -> WordEvidence:
    """Weigh the words of an overlap.

    Phrases are found greedily, the longest first. The backchannel prior is the mean of the
    phrases' own, cut down by every word that is no backchannel; the floor prior is the chance
    that at least one of the phrases takes the floor.

    Args:
        text: As recognised, first 2000 characters; punctuation and case do not matter.
        languages: ISO 639-1 of what may be spoken; a language without a data file, or none,
            means English and, at a discount, all others.
    """
    text = text[:LONGEST]
    words = tokenise(text)
    if not words:
        return WordEvidence(hallucination=0.95 if ANNOTATIONS.search(text) else 0.0)
    listed = lexicon(languages)
    parts = _parts(listed.spell(words), listed)
    return WordEvidence(
        count=len(words),
        backchannel=_backchannel(parts),
        floor=_floor(parts),
        hesitation=min(1.0, sum(act.hesitation * size for _, size, act in parts) / len(words)),
        hallucination=_hallucination(parts, len(words)),
        correction=_correction(parts),
    )


_Part = tuple[str, int, Act]
"""A phrase: its text, how many words it has, what it does."""


def _parts(words: list[str], listed: Lexicon) -> list[_Part]:
    parts: list[_Part] = []
    place = 0
    while place < len(words):
        size = min(listed.reach.get(words[place], 0), len(words) - place)
        act = None
        while size and (act := listed.acts.get(tuple(words[place : place + size]))) is None:
            size -= 1
        size = size or 1
        parts.append((" ".join(words[place : place + size]), size, act or _CONTENT))
        place += size
    return parts


def _strange(act: Act) -> bool:
    """Nothing is known of a phrase but, at most, that recognisers make it up."""
    return act is _CONTENT or not (act.backchannel or act.floor or act.hesitation)


def _hesitates(act: Act) -> bool:
    return act.hesitation > max(act.backchannel, act.floor)


def _backchannel(parts: list[_Part]) -> float:
    said = [(text, act) for text, _, act in parts if not _hesitates(act)]
    if not said:
        return _ONLY_HESITATION.backchannel
    prior = sum(act.backchannel for _, act in said) / len(said)
    strangers = sum(_strange(act) for _, act in said)
    others = len(said) - strangers
    prior *= _DILUTED ** (strangers if others else strangers - 1)
    prior *= _CHAINED ** max(0, len({text for text, _ in said}) - _MANY)
    for _, act in said:
        if not _strange(act):
            prior *= 1.0 - act.floor
    return prior


def _floor(parts: list[_Part]) -> float:
    quiet = 1.0
    strangers = 0
    for _, _, act in parts:
        if _hesitates(act):
            continue
        if _strange(act):
            strangers += 1
            quiet *= 1.0 - _CONTENT.floor
        else:
            quiet *= 1.0 - act.floor * (_LATE if strangers else 1.0)
    if all(_hesitates(act) for _, _, act in parts):
        return _ONLY_HESITATION.floor
    return 1.0 - quiet


def _hallucination(parts: list[_Part], count: int) -> float:
    """The mean weight of the made-up phrases, times the square of their share of the text."""
    made_up = [(size, act.hallucination) for _, size, act in parts if act.hallucination]
    size = sum(part for part, _ in made_up)
    prior = sum(part * weight for part, weight in made_up) / size if size else 0.0
    prior *= (size / count) ** 2
    if len(parts) > _LOOP and len({text for text, _, _ in parts}) * _LOOP <= len(parts):
        return max(prior, 0.9)
    return prior


def _correction(parts: list[_Part]) -> float:
    """Of the first phrase that is neither a backchannel nor a hesitation."""
    for _, _, act in parts:
        if act.correction:
            return act.correction
        if act.backchannel < 0.5 and not _hesitates(act) and act.floor < 0.5:
            return 0.0
    return 0.0
