"""The loss of the policy gradient, some utterances at a time.

It is that of the estimator, plus ``kl`` times the divergence from what the stage began with, plus
``anchor`` times the cross-entropy of what was really said, less ``entropy`` times the entropy.
Parts add up to the loss of the whole batch: how many utterances fit into memory changes nothing.
"""

from collections.abc import Iterator, Sequence

import torch

from talkover.trainer.estimators.batch import Batch, Estimate, Scores
from talkover.trainer.estimators.gradients import ESTIMATORS
from talkover.trainer.estimators.guards import cross_entropy, divergence, entropy
from talkover.trainer.policy.model import Heard, Policy
from talkover.trainer.policy.written import Written
from talkover.trainer.stages.rl_lesson import Lesson, Sizes
from talkover.trainer.stages.rl_reference import Reference
from talkover.trainer.stages.rl_settings import RlSettings
from talkover.trainer.stages.sft import trusted
from talkover.trainer.stages.step import Part


def parts(
    policy: Policy, reference: Reference, lesson: Lesson, settings: RlSettings
) -> Iterator[Part]:
    """The loss of a batch, and figures.

    Args:
        policy: Learns.
        reference: To keep near to.
        lesson: The batch.
        settings: What counts how much.
    """
    teaches = lesson.teaches(settings.estimator)
    whole = Sizes.of(lesson, teaches)
    yield Part(None, {"equal_groups": 1 - sum(teaches) / len(teaches)})
    for first in range(0, len(teaches), settings.micro):
        items = range(first, min(first + settings.micro, len(teaches)))
        rows = [n for n, row in enumerate(lesson.rows) if row.item in items and teaches[row.item]]
        if rows or settings.anchor:
            yield from _Some(policy, reference, lesson, settings, items, rows).parts(whole)


class _Some:
    """Some utterances of a batch, and those of their rows that are scored."""

    def __init__(
        self,
        policy: Policy,
        reference: Reference,
        lesson: Lesson,
        settings: RlSettings,
        items: range,
        rows: Sequence[int],
    ) -> None:
        self._policy, self._reference, self._settings = policy, reference, settings
        self._lesson, self._items, self._rows = lesson, items, rows
        fed = lesson.fed.part(items.start, items.stop)
        self._languages = fed.languages
        self._features = policy.see(fed.sounds, fed.window)

    def parts(self, whole: Sizes) -> Iterator[Part]:
        """Their share of the whole batch's loss, and figures, each over what it is a mean of."""
        settings, loss = self._settings, self._features.new_zeros(())
        told: list[Part] = []
        heard = self._policy.hear(self._features, self._languages)
        if self._rows:
            batch = self._batch(heard)
            estimate = ESTIMATORS[settings.estimator](batch)
            loss = loss + estimate.loss * (len(self._items) / whole.items)
            with torch.set_grad_enabled(settings.entropy > 0):  # else its graph goes over all for 0
                unsure = entropy(batch)
            loss = loss + settings.entropy * _share(unsure, whole.tokens)
            told.append(_told(unsure, "entropy"))
            if settings.kl:
                apart = divergence(batch)
                loss = loss + settings.kl * _share(apart, whole.rows)
                told += [_told(apart, "kl"), _told(apart, "kl_token", unsure.over)]
        if settings.anchor and any(self._lesson.said[item] for item in self._items):
            anchor = cross_entropy(Batch(self._known(heard)))
            loss = loss + settings.anchor * _share(anchor, whole.said)
            told.append(_told(anchor, "cross_entropy"))
        yield from told
        if told:
            share = len(self._items) / whole.items  # so that the figures' mean is the sum
            yield Part(loss, {"loss": float(loss.detach()) / share}, share)

    def _known(self, heard: Heard) -> Scores:
        """Of what was really said, as far as that is trusted."""
        lesson, first = self._lesson, self._items.start
        items = [item for item in self._items if lesson.said[item]]
        written = Written.of([lesson.said[item] for item in items], [n - first for n in items])
        trust = torch.tensor([lesson.fed.examples[item].trust for item in items])
        return trusted(self._policy.score(heard, written, suppressed=False), trust)

    def _batch(self, heard: Heard) -> Batch:
        settings, lesson, first = self._settings, self._lesson, self._items.start
        rows = [lesson.rows[n] for n in self._rows]
        written = Written.of([row.tokens for row in rows], [row.item - first for row in rows])
        warm = settings.temperature
        reference = None
        if settings.kl:  # before the policy's own scores, whose graph takes memory
            reference = self._reference.score(
                self._features, self._languages, written, temperature=warm
            )
        scores = self._policy.score(heard, written, temperature=warm)
        some, device = slice(first, self._items.stop), scores.log_probs.device
        return Batch(
            scores,
            written.items.to(device),
            torch.tensor([lesson.rewards[n] for n in self._rows], device=device),
            torch.tensor(lesson.weights[some], device=device),
            torch.tensor(lesson.baseline[some], device=device) if lesson.baseline else None,
            torch.tensor([row.log_prob for row in rows], device=device),
            reference,
        )


def _share(estimate: Estimate, whole: int) -> torch.Tensor:
    """What a mean over a part counts in that over the whole."""
    return estimate.loss * (estimate.over / whole)


def _told(estimate: Estimate, name: str, over: int = 0) -> Part:
    return Part(None, {name: estimate.told[name]}, over or estimate.over)
