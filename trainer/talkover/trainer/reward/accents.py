"""Which accents need it most: weights from what is misheard of each. Pure.

An accent weighs as much as its phoneme error is above the others', smoothed towards theirs while
little of it was heard, within limits, and 1 in the mean over all accents.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from talkover.trainer.reward.policy import RewardPolicy

_HALVINGS: Final = 100


@dataclass(frozen=True, slots=True)
class Tally:
    """What was heard of an accent; what is long ago counts less.

    Attributes:
        accent: Its code.
        errors: Sum of phoneme error rates.
        utterances: Behind it.
    """

    accent: str
    errors: float = 0.0
    utterances: float = 0.0


@dataclass(frozen=True, slots=True)
class AccentWeights:
    """What is known so far; ``updated`` gives what is known afterwards.

    Attributes:
        tallies: One for each accent, in the order of their codes.
    """

    tallies: tuple[Tally, ...]

    def updated(self, heard: Sequence[tuple[str, float]], policy: RewardPolicy) -> "AccentWeights":
        """With some more utterances.

        Args:
            heard: Accents, with the phoneme error rate of one of its utterances each; above 1
                counts as 1, so that a single runaway does not make an accent hard.
            policy: How fast the past is forgotten.
        """
        kept = 0.5 ** (len(heard) / policy.half_life)
        sums = {one.accent: [one.errors * kept, one.utterances * kept] for one in self.tallies}
        for accent, error in heard:
            mine = sums.setdefault(accent, [0.0, 0.0])
            mine[0] += min(max(error, 0.0), 1.0)
            mine[1] += 1.0
        return AccentWeights(tuple(Tally(code, *sums[code]) for code in sorted(sums)))

    def errors(self, policy: RewardPolicy) -> dict[str, float]:
        """The smoothed phoneme error rate of each accent."""
        utterances = sum(one.utterances for one in self.tallies)
        mean = sum(one.errors for one in self.tallies) / utterances if utterances else 0.0
        return {
            one.accent: (one.errors + policy.prior * mean) / (one.utterances + policy.prior)
            for one in self.tallies
        }

    def weights(self, policy: RewardPolicy) -> dict[str, float]:
        """By accent; 1 in the mean, and 1 each while nothing tells them apart."""
        return _scaled(self.errors(policy), policy.lightest, policy.heaviest)


def start(accents: Iterable[str] = ()) -> AccentWeights:
    """Nothing was heard yet. Accents that come up later are taken in then."""
    return AccentWeights(tuple(Tally(code) for code in sorted(set(accents))))


def _scaled(errors: Mapping[str, float], low: float, high: float) -> dict[str, float]:
    """In proportion, within limits, 1 in the mean: the scale is found by halving."""
    largest = max(errors.values(), default=0.0)
    if not largest:
        return dict.fromkeys(errors, 1.0)
    shares = {accent: error / largest for accent, error in errors.items()}

    def scaled(scale: float) -> dict[str, float]:
        return {a: min(max(share * scale, low), high) for a, share in shares.items()}

    below, above = 0.0, high / min(shares.values())  # there all are at the upper limit
    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        if sum(scaled(middle).values()) < len(shares):
            below = middle
        else:
            above = middle
    return scaled(above)
