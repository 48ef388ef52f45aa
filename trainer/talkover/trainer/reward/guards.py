"""What a transcript does when it is stuck: it repeats itself, or does not end. Pure."""

from collections.abc import Sequence
from typing import Final

from talkover.trainer.reward.policy import RewardPolicy

_LONGEST: Final = 8
"""Words of a phrase that comes again and again."""
_ALLOWED: Final = 2
"""Times that a phrase may be said in a row: people do that."""


def looped(words: Sequence[str]) -> int:
    """Words that repeat what was said in a row for the third time or oftener.

    Args:
        words: As ``words_in`` has them.

    Returns:
        Of the length of phrase for which they are most.
    """
    longest = min(_LONGEST, (len(words) - 1) // _ALLOWED)
    return max((_looped(words, size) for size in range(1, longest + 1)), default=0)


def _looped(words: Sequence[str], size: int) -> int:
    found = run = 0
    for word, before in zip(words[size:], words, strict=False):
        run = run + 1 if word == before else 0
        # A copy is whole when as many words as a phrase has were the same as a phrase before.
        found += run > (_ALLOWED - 1) * size
    return found


def runaway(characters: int, reference: int, policy: RewardPolicy) -> float:
    """How much longer a text is than it may be, by how long it may be.

    Args:
        characters: Of the transcript.
        reference: Of what was said.
        policy: Says how long it may be.

    Returns:
        0 up to there, 1 for twice as long.
    """
    most = policy.room * reference + policy.slack
    return max(0.0, characters - most) / max(most, 1.0)
