"""How the policy gradient goes: the ``[rl]`` table of a training recipe."""

from dataclasses import dataclass
from functools import partial

from talkover.trainer.estimators.gradients import ESTIMATORS
from talkover.trainer.recipes import check


@dataclass(frozen=True, slots=True, kw_only=True)
class RlSettings:
    """What a step draws, what it weighs, and when it is stopped.

    Attributes:
        steps: Of the stage.
        rate: Learning rate of AdamW.
        warmup: Steps over which it rises.
        lowest: Share of it that is left at the end; it falls as a cosine. What is judged at a high
            rate is judged in the middle of a leap.
        clip: Norm that a gradient has at most.
        utterances: In a step.
        samples: Transcripts of each that are drawn, or found.
        micro: Utterances whose gradient is taken at once: what bounds the memory.
        estimator: One of ``ESTIMATORS``. ``minimum-risk`` takes the best of a beam search instead
            of draws, ``self-critical`` the likeliest transcript as the baseline.
        temperature: Of draws.
        limit: Tokens of a transcript at most.
        kl: Weight of the divergence from the model that the stage began with (nats a text).
        anchor: Weight of the cross-entropy of what was really said (nats a token).
        entropy: Weight of a bonus for not being sure (nats a token).
        together: Accents in which one text is said where agreement is rewarded.
        together_every: Each so many-th step is of such texts; 0: none is.
        deletions: Share of the words left out, above which the policy has learnt to be silent.
        repetitions: Share of transcripts that go round in loops or do not end, at most.
        kl_token: Divergence from the reference at most (nats a token).
        least_entropy: Of the tokens drawn (nats): below it, draws tell nothing any more.
        equal: Share of groups whose rewards are all the same, at most.
        window: Steps over which these five are averaged.
        restores: Times that the last good checkpoint is gone back to; then the stage stops.
        softer: By which the rate is multiplied each time.

    Raises:
        ConfigError: one is out of its range; the message names it.
    """

    steps: int = 300
    rate: float = 5e-5
    warmup: int = 10
    lowest: float = 1.0
    clip: float = 1.0
    utterances: int = 8
    samples: int = 4
    micro: int = 2
    estimator: str = "leave-one-out"
    temperature: float = 1.0
    limit: int = 96
    kl: float = 0.05
    anchor: float = 0.3
    entropy: float = 0.0
    together: int = 4
    together_every: int = 4
    deletions: float = 0.3
    repetitions: float = 0.15
    kl_token: float = 0.5
    least_entropy: float = 0.01
    equal: float = 0.95
    window: int = 20
    restores: int = 3
    softer: float = 0.5

    def __post_init__(self) -> None:
        must = partial(check, "rl", self)
        for name in ("steps", "utterances", "samples", "micro", "limit", "window"):
            must(name, getattr(self, name) >= 1, "1 or more")
        for name in ("warmup", "kl", "anchor", "entropy", "together_every", "least_entropy"):
            must(name, getattr(self, name) >= 0, "0 or more")
        for name in ("rate", "clip", "temperature", "kl_token"):
            must(name, getattr(self, name) > 0, "more than 0")
        for name in ("deletions", "repetitions", "equal", "lowest"):
            must(name, 0 <= getattr(self, name) <= 1, "0 to 1")
        must("together", self.together >= 2, "2 or more")
        must("restores", self.restores >= 0, "0 or more")
        must("softer", 0 < self.softer < 1, "more than 0, below 1")
        must("estimator", self.estimator in ESTIMATORS, f"one of {', '.join(ESTIMATORS)}")
        alone = self.samples == 1 and self.estimator != "self-critical"
        must("samples", not alone, f"2 or more for {self.estimator}")
