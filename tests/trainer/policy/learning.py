"""A short training, as a loop would do it."""

import torch

from talkover.core.clock import RATE
from talkover.trainer.estimators.batch import Batch
from talkover.trainer.estimators.gradients import leave_one_out
from talkover.trainer.policy.sampling import sample


class Run:
    """A policy that learns to write with the first half of its tokens."""

    def __init__(self, policy, sounds):
        self.policy, self._sounds = policy, sounds[:2]
        self.optimiser = torch.optim.AdamW(learnt_by(policy), lr=1e-2, betas=(0.8, 0.99))
        self.step, self.rewards = 0, []

    def train(self, steps):
        for _ in range(steps):
            features = self.policy.see(self._sounds, 2 * RATE)
            heard = self.policy.hear(features, ("en", "fr"))
            drawn = sample(self.policy, heard.detach(), 8, seed=self.step, limit=5)
            scores = self.policy.score(heard, drawn.written)
            rewards = self._rewards(drawn.written)
            batch = Batch(scores, drawn.written.items, rewards, torch.ones(2))
            self.optimiser.zero_grad()
            leave_one_out(batch).loss.backward()
            self.optimiser.step()
            self.rewards.append(float(rewards.mean()))
            self.step += 1
        return self

    @staticmethod
    def _rewards(written):
        right = (written.tokens < 128) & written.mask
        return right.sum(dim=1) / written.mask.sum(dim=1)


def learnt_by(policy):
    return [value for value in policy.parameters() if value.requires_grad]
