"""The reward. Pure.

R = 1 - D / n - switches - loops - length, each of these times its weight. D is the distance of the
sounds of transcript and reference by articulatory features (panphon: Mortensen et al. 2016); a
sound too many or too few costs 1, as much as two that have nothing in common. n are the sounds of
the *reference*, so that an invented sound costs what a missed one does. Accents and languages as
such cost nothing.
"""

from dataclasses import dataclass
from math import expm1

from talkover.trainer.reward.policy import RewardPolicy


@dataclass(frozen=True, slots=True)
class Reward:
    """What a transcript is worth, and why.

    Attributes:
        value: At most 1, or 1 and the policy's agreement; above minus its floor.
        distance: Of the sounds, in sounds.
        sounds: Of the reference.
        switches: Beyond or short of the reference's.
        misplaced: Words in another language than the word in their place.
        looped: Words of loops, beyond those of the reference.
        runaway: See ``guards.runaway``.
        agreement: 0 to 1; see ``agreement.agreements``. Nothing where nobody asked.
    """

    value: float
    distance: float
    sounds: int
    switches: int
    misplaced: int
    looped: int
    runaway: float
    agreement: float = 0.0

    @property
    def error(self) -> float:
        """The phoneme error rate, by articulatory features; each sound counts in silence."""
        return self.distance / max(self.sounds, 1)


def reward(
    *,
    distance: float,
    sounds: int,
    switches: int,
    misplaced: int,
    looped: int,
    runaway: float,
    policy: RewardPolicy,
) -> Reward:
    """Weigh what was found; the arguments are those of ``Reward``."""
    value = (
        1.0
        - distance / (sounds or policy.silence)
        - policy.switch * (switches + misplaced)
        - policy.loop * looped
        - policy.runaway * runaway
    )
    return Reward(
        floored(value, policy.floor), distance, sounds, switches, misplaced, looped, runaway
    )


def floored(value: float, floor: float) -> float:
    """The same from 0 on; below, ever nearer to minus the floor, in the same order, without a kink.

    A transcript that never ends must not outweigh all others of its group.
    """
    return value if value >= 0 else floor * expm1(value / floor)
