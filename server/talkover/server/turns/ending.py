"""The end-of-turn decision: how long a silence means that the caller is done. Pure."""

from talkover.server.turns.messages import Words
from talkover.server.turns.policy import TurnPolicy


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
    return (words.completeness + sound) / 2


def wait(words: Words, sound: float | None, policy: TurnPolicy) -> int:
    """Ticks of silence that end the turn."""
    if words.dictating or words.hesitating:
        return policy.end_hold
    span = policy.end_max - policy.end_min
    return policy.end_min + round(span * (1.0 - chance(words, sound)))
