"""How far two texts sound apart, as outcomes and labels ask for it."""

from talkover.core.errors import DataError
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.scoring import Scorer


class Nearness:
    """A phoneme error rate by articulatory features; see ``reward``. For one thread.

    Args:
        policy: From where on two sounds have nothing in common.
    """

    def __init__(self, policy: RewardPolicy | None = None) -> None:
        self._scorer = Scorer(policy or RewardPolicy())

    def __call__(self, said: str, heard: str, language: str) -> float:
        """How far ``heard`` is from ``said``, in its sounds; 1 where nobody can tell.

        Raises:
            ConfigError: eSpeak NG is not installed.
        """
        try:
            reference = Reference.of([(said, language)])
        except DataError:  # a text without end, or a language without sounds
            return 1.0
        return self._scorer.score(reference, [heard])[0].error
