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
from talkover.trainer.reward.words import characters_in, readings, words_in

REMEMBERED: Final = 50_000
Pair = tuple[Reference, str]
"""What was said, and what was understood."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """A reading of a transcript.

    Attributes:
        pair: Where it is from.
        tokens: Its words with their languages.
        places: Of each in the reference.
    """

    pair: Pair
    tokens: list[Token]
    places: list[int | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """The best reading of a transcript, as sounds, and its reward."""

    row: Row
    reward: Reward


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
        found.update({pair: one.reward for pair, one in self._judged(unknown).items()})
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
        judged = self._judged([(reference, text) for _, text in transcripts])
        mine = [judged[reference, text] for _, text in transcripts]
        rewards = [one.reward for one in mine]
        agreed = agreements(
            self._similar([one.row for one in mine]),
            [accent for accent, _ in transcripts],
            [one.value for one in rewards],
        )
        return [
            replace(one, value=one.value + self._policy.agreement * more, agreement=more)
            for one, more in zip(rewards, agreed.tolist(), strict=True)
        ]

    def _judged(self, pairs: Sequence[Pair]) -> dict[Pair, _Judged]:
        said = dict.fromkeys(reference for reference, _ in pairs)
        heard = [one for pair in dict.fromkeys(pairs) for one in _hear(pair)]
        texts = [*(one.tokens for one in heard), *(one.tokens for one in said)]
        self._sounds.learn(chain.from_iterable(texts))
        rows = [self._sounds.row(tokens) for tokens in texts]
        spoken = dict(zip(said, rows[len(heard) :], strict=True))
        against = [spoken[one.pair[0]] for one in heard]
        distances = edit_distances(against, rows[: len(heard)], self._sounds.table)
        found: dict[Pair, _Judged] = {}
        for one, row, other, distance in zip(
            heard, rows, against, distances.tolist(), strict=False
        ):
            judged = _Judged(row, _reward(one, distance, len(other), self._policy))
            best = found.setdefault(one.pair, judged)
            if judged.reward.value > best.reward.value:
                found[one.pair] = judged
        return found

    def _similar(self, rows: Sequence[Row]) -> NDArray[np.float64]:
        """How alike transcripts sound, 0 to 1: [transcripts, transcripts]."""
        different = {row.tobytes(): row for row in rows}
        places = {key: place for place, key in enumerate(different)}
        pairs = list(combinations(different.values(), 2))
        first, second = ([pair[side] for pair in pairs] for side in (0, 1))
        longest = np.array([max(len(a), len(b)) for a, b in pairs], np.float64)
        similar = np.eye(len(different))
        upper = np.triu_indices(len(different), 1)
        similar[upper] = 1.0 - edit_distances(first, second, self._sounds.table) / longest
        similar = np.maximum(similar, similar.T)
        mine = [places[row.tobytes()] for row in rows]
        return similar[np.ix_(mine, mine)]


def _hear(pair: Pair) -> list[_Heard]:
    reference, text = pair
    return [_Heard(pair, *tag(words, reference.tokens)) for words in readings(words_in(text))]


def _reward(heard: _Heard, distance: float, sounds: int, policy: RewardPolicy) -> Reward:
    reference, text = heard.pair
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
