"""A step of the policy gradient: draw, judge, and learn from what differs."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from talkover.trainer.policy.model import Policy
from talkover.trainer.reward.accents import AccentWeights, Tally, start
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.scoring import Scorer
from talkover.trainer.stages.feed import Fed
from talkover.trainer.stages.rl_draw import draw
from talkover.trainer.stages.rl_lesson import Lesson
from talkover.trainer.stages.rl_loss import parts
from talkover.trainer.stages.rl_reference import Reference
from talkover.trainer.stages.rl_reward import heard_errors, judge, weights_of
from talkover.trainer.stages.rl_settings import RlSettings
from talkover.trainer.stages.sft import tokens_of
from talkover.trainer.stages.step import Moment, Part


class RlStep:
    """Learns from rewards; knows which accents are hard.

    Args:
        policy: Learns.
        settings: The ``[rl]`` table.
        reward: What counts how much in a reward.
        reference: What it is kept near to; None: what it is now.
    """

    def __init__(
        self,
        policy: Policy,
        settings: RlSettings,
        reward: RewardPolicy,
        reference: Reference | None = None,
    ) -> None:
        self.accents: AccentWeights = start()
        self._policy, self._settings, self._reward = policy, settings, reward
        self._reference = reference or Reference(policy)
        self._scorer = Scorer(reward)

    def __call__(self, fed: Fed, moment: Moment) -> Iterator[Part]:
        """The parts of a step's loss; see ``Step``.

        Raises:
            ConfigError: eSpeak NG is not installed.
            DataError: the words of an utterance are of a language that no reward is for.
        """
        begun = time.perf_counter()
        tried = draw(self._policy, fed, self._settings, [moment.seed])
        judged = judge(self._scorer, fed.examples, tried)
        lesson = Lesson(
            fed,
            tried.rows,
            judged.values,
            weights_of(fed.examples, self.accents, self._reward),
            [tokens_of(self._policy, one) for one in fed.examples],
            judged.baseline,
        )
        heard = heard_errors(fed.examples, tried.rows, judged)
        self.accents = self.accents.updated(heard, self._reward)
        yield Part(None, {**judged.figures(), **self._hardest()})
        yield from parts(self._policy, self._reference, lesson, self._settings)
        tokens = sum(len(row.tokens) for row in tried.rows)
        yield Part(None, {"tokens_per_second": tokens / (time.perf_counter() - begun)})

    def state_dict(self) -> dict[str, JsonValue]:
        """What is known of the accents."""
        tallies = self.accents.tallies
        return {"accents": [[one.accent, one.errors, one.utterances] for one in tallies]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Know it again."""
        self.accents = AccentWeights(tuple(Tally(*one) for one in state["accents"]))

    def _hardest(self) -> dict[str, float]:
        """Phoneme error of the worst condition, and how far the best is from it."""
        errors = self.accents.errors(self._reward).values()
        worst = max(errors, default=0.0)
        return {"worst_accent": worst, "spread": worst - min(errors, default=0.0)}
