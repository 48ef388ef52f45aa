"""What a transcript is worth to the policy gradient: a number, and why it is that."""

from talkover.trainer.reward.accents import AccentWeights, start
from talkover.trainer.reward.formula import Reward
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.scoring import Scorer

__all__ = ["AccentWeights", "Reference", "Reward", "RewardPolicy", "Scorer", "start"]
