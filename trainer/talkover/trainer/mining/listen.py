"""A listener hears a pool, and what it makes of it is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from talkover.core.listener import WindowRule
from talkover.trainer.data.streaming.order import Place
from talkover.trainer.data.streaming.sources import Source
from talkover.trainer.mining.hearing import Ear
from talkover.trainer.mining.listened import Listened
from talkover.trainer.mining.notes import Notes
from talkover.trainer.mining.withheld import sound_of
from talkover.trainer.policy.model import Policy
from talkover.trainer.policy.sampling import sample
from talkover.trainer.policy.tuning import folded
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.scoring import Scorer
from talkover.trainer.stages.example import Example
from talkover.trainer.stages.rl_reward import condition


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """What is listened to.

    Attributes:
        source: Where it is from.
        places: In it.
        trust: In its words, 0 to 1.
        longest: Seconds; what is longer is left out.
    """

    source: Source
    places: Sequence[Place]
    trust: float
    longest: float


class Listener:
    """Hears as it would in a call: greedily, on its own windows.

    Args:
        policy: That hears.
        rule: Its windows.
        reward: How errors are counted.
        limit: Tokens of a text at most.
    """

    def __init__(
        self, policy: Policy, rule: WindowRule, reward: RewardPolicy, *, limit: int
    ) -> None:
        self._policy, self._rule, self._limit = policy, rule, limit
        self._scorer, self._ear = Scorer(reward), Ear(reward.far)

    def listen(
        self, pool: Pool, notes: Notes, size: int, tick: Callable[[int], None] = lambda _count: None
    ) -> list[Listened]:
        """Hear a pool, or what is left of it.

        Args:
            pool: What is heard.
            notes: Where it is kept; what is there is not heard again.
            size: Of a batch.
            tick: Told how many more were heard.

        Raises:
            ConfigError: eSpeak NG is not installed.
            DataError: an utterance cannot be made, or is of a language that no reward is for.
        """
        with folded(self._policy):
            for at in range(0, len(pool.places), size):
                some = pool.places[at : at + size]
                if at // size >= len(notes.batches):
                    notes.add(self._heard(pool, some))
                tick(len(some))
        return [one for batch in notes.batches for one in batch]

    @torch.no_grad()
    def _heard(self, pool: Pool, places: Sequence[Place]) -> list[Listened]:
        made = [
            (place, Example.of(pool.source.make(place.number, place.epoch), trust=pool.trust))
            for place in places
        ]
        fit = [one for one in made if one[1].words and 0 < one[1].seconds <= pool.longest]
        if not fit:
            return []
        examples = [example for _, example in fit]
        texts = self._texts(examples)
        references = [Reference.of(example.words) for example in examples]
        pairs = list(zip(references, texts, strict=True))
        rewards, mistaken = self._scorer.score_all(pairs), self._ear.mistaken(pairs)
        prints = self._ear.prints(references)
        return [
            Listened(
                place.number,
                place.epoch,
                example.name,
                example.text,
                example.speaker,
                condition(example),
                example.trust,
                rewards[n].error,
                tuple(mistaken[n]),
                prints[n],
                sound_of(example.pcm),
            )
            for n, (place, example) in enumerate(fit)
        ]

    def _texts(self, examples: Sequence[Example]) -> list[str]:
        window = self._rule.window(max(len(example.pcm) for example in examples))
        features = self._policy.see([example.pcm for example in examples], window)
        heard = self._policy.hear(features, [example.language for example in examples])
        drawn = sample(self._policy, heard, 1, seed=0, temperature=0, limit=self._limit)
        return [self._policy.tokens.text(row) for row in drawn.written.rows()]
