"""The end-of-turn decision: how long a silence means that the caller is done. Pure."""

from typing import Final

from talkover.server.turns.messages import Words
from talkover.server.turns.policy import TurnPolicy

_SOUND: Final = 0.1
"""The most that the sound moves the chance, from surely not to surely over."""


def chance(words: Words, sound: float | None) -> float:
    """The chance that a turn is over, from its words and from how it sounds.

    Args:
        words: Of the whole turn.
        sound: Chance from the sound alone; None: nobody listened for that.
    """
    if words.dictating or words.hesitating:
        return 0.0
    if sound is None:
        return words.completeness
    # The network was made for people; of synthetic voices it knows little, so it only tips scales.
    return min(1.0, max(0.0, words.completeness + _SOUND * (sound - 0.5)))


def wait(words: Words, sound: float | None, policy: TurnPolicy) -> int:
    """Ticks of silence that end the turn."""
    if words.dictating or words.hesitating:
        return policy.end_hold
    doubt = (policy.end_sure - chance(words, sound)) / (policy.end_sure - policy.end_unsure)
    return policy.end_min + round((policy.end_max - policy.end_min) * min(1.0, max(0.0, doubt)))


def trailing(words: Words, policy: TurnPolicy) -> bool:
    """Whether they stop on a "but" or a "so", and are no command."""
    return words.completeness < policy.words_trailing and words.floor < policy.words_command


def broken_off(words: Words, sure: float, policy: TurnPolicy) -> bool:
    """Whether the few words that cut the agent off are only the beginning of something.

    Args:
        words: Of the turn.
        sure: The chance that it is over, see ``chance``.
        policy: The thresholds.
    """
    few = words.count <= policy.broken_words and sure < policy.broken_below
    begun = words.floor < policy.words_plain or trailing(words, policy)
    return (few or words.count <= policy.broken_surely) and begun
