"""Rewards of many transcripts at once; what was scored before is remembered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.trainer.data.switching.tokens import Token
from talkover.trainer.reward.agreement import agreements
from talkover.trainer.reward.distance import Row, edit_distances
from talkover.trainer.reward.formula import Reward, reward
from talkover.trainer.reward.guards import looped, runaway
from talkover.trainer.reward.languages import misplaced, switches, tag
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.sounds import Sounds
from talkover.trainer.reward.words import characters_in, words_in

REMEMBERED: Final = 50_000
Pair = tuple[Reference, str]
"""What was said, and what was understood."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """A transcript with languages, and the places of its words in the reference."""

    tokens: list[Token]
    places: list[int | None]


class Scorer:
    """Scores transcripts. For one thread; each process has its own.

    Args:
        policy: What counts how much.
        remembered: Rewards; those that were asked for longest ago are forgotten first.
    """

    def __init__(self, policy: RewardPolicy, remembered: int = REMEMBERED) -> None:
        self._policy = policy
        self._remembered = remembered
        self._rewards: dict[Pair, Reward] = {}
        self._sounds = Sounds(policy.far)

    def score(self, reference: Reference, transcripts: Sequence[str]) -> list[Reward]:
        """Rewards of the samples of one utterance; see ``score_all``."""
        return self.score_all([(reference, transcript) for transcript in transcripts])

    def score_all(self, pairs: Sequence[Pair]) -> list[Reward]:
        """Rewards of transcripts of many utterances, faster than one by one.

        Raises:
            ConfigError: eSpeak NG is not installed.
        """
        different = dict.fromkeys(pairs)
        found = {pair: self._rewards.pop(pair) for pair in different if pair in self._rewards}
        unknown = [pair for pair in different if pair not in found]
        found.update(zip(unknown, self._judged(unknown), strict=True))
        self._rewards.update(found)
        for _ in range(len(self._rewards) - self._remembered):
            del self._rewards[next(iter(self._rewards))]
        return [found[pair] for pair in pairs]

    def score_accents(
        self, reference: Reference, transcripts: Sequence[tuple[str, str]]
    ) -> list[Reward]:
        """Rewards of one text that was spoken in several accents, agreement among them included.

        Args:
            reference: The text.
            transcripts: Each with the accent in which it was spoken before it.

        Raises:
            ConfigError: eSpeak NG is not installed.
        """
        if not transcripts:
            return []
        alone = self.score(reference, [text for _, text in transcripts])
        similar = self._similar(reference, [text for _, text in transcripts])
        agreed = agreements(
            similar, [accent for accent, _ in transcripts], [one.value for one in alone]
        )
        return [
            replace(one, value=one.value + self._policy.agreement * more, agreement=more)
            for one, more in zip(alone, agreed.tolist(), strict=True)
        ]

    def _judged(self, pairs: Sequence[Pair]) -> list[Reward]:
        said = dict.fromkeys(reference for reference, _ in pairs)
        heard = [_hear(reference, text) for reference, text in pairs]
        rows = self._rows([*(one.tokens for one in heard), *(one.tokens for one in said)])
        spoken = dict(zip(said, rows[len(pairs) :], strict=True))
        distances = edit_distances(
            [spoken[reference] for reference, _ in pairs], rows[: len(pairs)], self._sounds.table
        )
        return [
            _reward(pair, one, distance, len(spoken[pair[0]]), self._policy)
            for pair, one, distance in zip(pairs, heard, distances.tolist(), strict=True)
        ]

    def _similar(self, reference: Reference, transcripts: Sequence[str]) -> NDArray[np.float64]:
        """How alike transcripts sound, 0 to 1: [transcripts, transcripts]."""
        places = {text: place for place, text in enumerate(dict.fromkeys(transcripts))}
        rows = self._rows([_hear(reference, text).tokens for text in places])
        similar = np.eye(len(rows))
        pairs = list(combinations(range(len(rows)), 2))
        first, second = ([rows[pair[side]] for pair in pairs] for side in (0, 1))
        longest = np.array([max(len(a), len(b), 1) for a, b in zip(first, second, strict=True)])
        apart = edit_distances(first, second, self._sounds.table) / longest
        for (one, other), distance in zip(pairs, apart.tolist(), strict=True):
            similar[one, other] = similar[other, one] = 1.0 - distance
        mine = [places[text] for text in transcripts]
        return similar[np.ix_(mine, mine)]

    def _rows(self, texts: Sequence[Sequence[Token]]) -> list[Row]:
        self._sounds.learn(chain.from_iterable(texts))
        return [self._sounds.row(tokens) for tokens in texts]


def _hear(reference: Reference, text: str) -> _Heard:
    return _Heard(*tag(words_in(text), reference.tokens))


def _reward(
    pair: Pair, heard: _Heard, distance: float, sounds: int, policy: RewardPolicy
) -> Reward:
    reference, text = pair
    return reward(
        distance=distance,
        sounds=sounds,
        switches=abs(switches(heard.tokens) - switches(reference.tokens)),
        misplaced=misplaced(heard.tokens, heard.places, reference.tokens),
        looped=max(0, _looped(heard.tokens) - _looped(reference.tokens)),
        runaway=runaway(characters_in(text), reference.characters, policy),
        policy=policy,
    )


def _looped(tokens: Sequence[Token]) -> int:
    return looped([token.text for token in tokens])
