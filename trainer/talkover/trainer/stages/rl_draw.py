"""What a policy writes for a batch: draws, or the best of a search, and what it finds likeliest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from talkover.trainer.policy.model import Heard, Policy
from talkover.trainer.policy.sampling import Drawn, n_best, sample
from talkover.trainer.policy.tuning import folded
from talkover.trainer.stages.feed import Fed
from talkover.trainer.stages.rl_settings import RlSettings


@dataclass(frozen=True, slots=True)
class Row:
    """A transcript.

    Attributes:
        item: Of which utterance of the batch.
        tokens: With the end of the text, if it has one.
        text: The same as people read it.
        log_prob: With which it was drawn (nats).
        complete: Whether the policy ended it by itself.
    """

    item: int
    tokens: tuple[int, ...]
    text: str
    log_prob: float
    complete: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """What was written for a batch.

    Attributes:
        rows: Those of an utterance one after another.
        likeliest: Of each utterance, the transcript that the policy finds likeliest; none where
            nobody asked.
    """

    rows: tuple[Row, ...]
    likeliest: tuple[str, ...] = ()


@torch.no_grad()
def draw(policy: Policy, fed: Fed, settings: RlSettings, seeds: Sequence[int]) -> Tried:
    """Have the policy write, some utterances at a time.

    Args:
        policy: Writes.
        fed: A batch.
        settings: How many, and how.
        seeds: Of all draws: the same ones draw the same.
    """
    with folded(policy):
        return _drawn_by_parts(policy, fed, settings, seeds)


def _drawn_by_parts(policy: Policy, fed: Fed, settings: RlSettings, seeds: Sequence[int]) -> Tried:
    rows: list[Row] = []
    likeliest: list[str] = []
    for part, some in enumerate(fed.parts(settings.micro)):
        heard = policy.hear(policy.see(some.sounds, some.window), some.languages)
        seed = int(np.random.SeedSequence([*seeds, part]).generate_state(1)[0])
        drawn = _drawn(policy, heard, settings, seed)
        rows += rows_of(policy, drawn, first=part * settings.micro)
        if settings.estimator == "self-critical":
            greedy = sample(policy, heard, 1, seed=seed, temperature=0, limit=settings.limit)
            likeliest += (row.text for row in rows_of(policy, greedy))
    return Tried(tuple(rows), tuple(likeliest))


def rows_of(policy: Policy, drawn: Drawn, *, first: int = 0) -> list[Row]:
    """Transcripts one by one.

    Args:
        policy: That wrote them.
        drawn: For some utterances.
        first: Which of a batch the first of them is.
    """
    written = drawn.written
    log_probs = drawn.log_probs.sum(dim=1).tolist()
    items, complete = written.items.tolist(), drawn.complete.tolist()
    return [
        Row(first + item, tuple(tokens), policy.tokens.text(tokens), log_prob, ended)
        for item, tokens, log_prob, ended in zip(
            items, written.rows(), log_probs, complete, strict=True
        )
    ]


def _drawn(policy: Policy, heard: Heard, settings: RlSettings, seed: int) -> Drawn:
    if settings.estimator == "minimum-risk":
        return n_best(policy, heard, settings.samples, limit=settings.limit)
    return sample(
        policy,
        heard,
        settings.samples,
        seed=seed,
        temperature=settings.temperature,
        limit=settings.limit,
    )
