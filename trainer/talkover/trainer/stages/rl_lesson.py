"""All that the gradient of a batch takes, and which of its utterances teach anything."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from talkover.trainer.estimators.gradients import varied
from talkover.trainer.stages.feed import Fed
from talkover.trainer.stages.rl_draw import Row


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A batch, what was written for it, and what that is worth.

    Attributes:
        fed: What was heard.
        rows: What was written, those of an utterance one after another.
        rewards: Of the rows.
        weights: Of the utterances.
        said: Of the utterances, tokens of what was really said, with the end; none where that is
            too long.
        baseline: Of the utterances, the reward of the likeliest transcript; none where the
            estimator does not ask.
    """

    fed: Fed
    rows: Sequence[Row]
    rewards: Sequence[float]
    weights: Sequence[float]
    said: Sequence[Sequence[int]]
    baseline: Sequence[float] = ()

    def teaches(self, estimator: str) -> list[bool]:
        """Of each utterance, whether its rows tell anything; the others need not be scored."""
        count = len(self.fed.examples)
        groups = torch.tensor([row.item for row in self.rows], dtype=torch.long)
        rewards = torch.tensor(self.rewards, dtype=torch.float64)
        if estimator == "importance-sampled":  # its baseline is of all rows together
            moved = torch.ones_like(rewards)
        elif estimator == "self-critical":
            moved = (rewards - torch.tensor(self.baseline, dtype=torch.float64)[groups]).abs()
        else:
            teaching: list[bool] = varied(rewards, groups, count).tolist()
            return teaching
        found: list[bool] = (rewards.new_zeros(count).index_add(0, groups, moved) > 0).tolist()
        return found


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the losses of a batch are means over.

    Attributes:
        items: Utterances.
        rows: That are scored.
        tokens: Of those.
        said: Tokens of what was really said.
    """

    items: int
    rows: int
    tokens: int
    said: int

    @classmethod
    def of(cls, lesson: Lesson, teaches: Sequence[bool]) -> "Sizes":
        """Those of a batch of which some utterances are scored."""
        scored = [row for row in lesson.rows if teaches[row.item]]
        tokens = sum(len(row.tokens) for row in scored)
        return cls(len(teaches), len(scored), tokens, sum(map(len, lesson.said)))
