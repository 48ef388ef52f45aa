"""What a listener made of one sound, counted. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from talkover.trainer.evaluation.accents_scoring import ENGLISH, compared
from talkover.trainer.evaluation.scoring import normalise
from talkover.trainer.evaluation.trained.counts import missed, operations
from talkover.trainer.reward.guards import looped
from talkover.trainer.stages.example import Example


class Group(StrEnum):
    """Of what kind a sound is."""

    SPOKEN = "spoken"
    SWITCHED = "switched"
    PEOPLE = "people"
    WORDLESS = "wordless"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a listener made of one sound.

    Attributes:
        name: Of the sound.
        group: Of what kind it is.
        condition: The accent, pattern or language that it stands for.
        words: Of the reference.
        errors: Substitutions, deletions and insertions; at most as many as there are words, so
            that one loop does not hide all else.
        deletions: Of those.
        switched: Words of the reference in another language than most of its words.
        switched_errors: Of those, substituted or deleted.
        repeats: The text says the same over and over, or the listener did not end it.
        written: Words that the listener wrote.
    """

    name: str
    group: Group
    condition: str
    words: int = 0
    errors: int = 0
    deletions: int = 0
    switched: int = 0
    switched_errors: int = 0
    repeats: bool = False
    written: int = 0


def outcome_of(example: Example, group: Group, text: str, *, complete: bool) -> Outcome:
    """Count what was written of an utterance.

    Args:
        example: What was said.
        group: Of what kind it is.
        text: What was written.
        complete: The listener ended the text itself.
    """
    said, written = compared(example.words, text)
    texts = [[word for word, _ in words] for words in (said, written)]
    substitutions, deletions, insertions = operations(texts[0], texts[1])
    away = [place for place, (_, language) in enumerate(said) if language != example.language]
    return Outcome(
        example.name,
        group,
        example.pattern or example.accent or example.language,
        words=len(said),
        errors=min(substitutions + deletions + insertions, len(said)),
        deletions=deletions,
        switched=len(away),
        switched_errors=missed(texts[0], texts[1], away),
        repeats=not complete or looped(texts[1]) > looped(texts[0]),
        written=len(written),
    )


def wordless_outcome(name: str, text: str, *, complete: bool) -> Outcome:
    """Count what was written where nobody said anything."""
    tokens = normalise(text, ENGLISH).split()
    written = [word for word in tokens if any(map(str.isalnum, word))]
    repeats = not complete or looped(written) > 0
    return Outcome(name, Group.WORDLESS, "", repeats=repeats, written=len(written))
