"""Supervised fine-tuning: what was said, and what the stock model hears where nobody wrote it down.

Speech without words is learnt from by self-distillation: the stock model writes what it hears on a
long window, and the policy is drawn to the distributions along that text, on its own short window
(Hinton et al. 2015, Distilling the Knowledge in a Neural Network; Kim and Rush 2016,
Sequence-Level Knowledge Distillation). Without it, what is made teaches the model to forget people.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from pydantic import JsonValue

from talkover.core.clock import FRAME, RATE
from talkover.core.errors import DataError
from talkover.core.listener import LONGEST
from talkover.trainer.estimators.batch import Batch, Scores
from talkover.trainer.estimators.guards import cross_entropy, divergence
from talkover.trainer.policy.model import Policy
from talkover.trainer.policy.sampling import sample
from talkover.trainer.policy.written import Written
from talkover.trainer.stages.example import Example
from talkover.trainer.stages.feed import Fed
from talkover.trainer.stages.step import Moment, Part
from talkover.trainer.stages.tables import SftSettings


class Supervised:
    """The supervised step.

    Args:
        policy: That learns.
        settings: What counts how much.
        teacher: The stock model; None: no source is distilled.
    """

    def __init__(
        self, policy: Policy, settings: SftSettings, teacher: Policy | None = None
    ) -> None:
        self._policy, self._settings, self._teacher = policy, settings, teacher

    def __call__(self, fed: Fed, moment: Moment) -> Iterator[Part]:
        """See ``Step``: a few examples at a time."""
        del moment  # nothing is drawn
        for part in fed.parts(self._settings.micro):
            yield self._part(part, len(part.examples) / len(fed.examples))

    def state_dict(self) -> dict[str, JsonValue]:
        """Nothing."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Nothing."""

    def _part(self, fed: Fed, share: float) -> Part:
        policy = self._policy
        said = [tokens_of(policy, example) for example in fed.examples]
        known = [place for place, tokens in enumerate(said) if tokens]
        unknown = [n for n, one in enumerate(fed.examples) if not one.words and not one.silent]
        if not known and not unknown:
            return Part(None, {"too_long": 1.0}, share)
        heard = policy.hear(policy.see(fed.sounds, fed.window), fed.languages)
        loss = heard.prompts.new_zeros((), dtype=torch.float32)
        figures = {"too_long": 1 - (len(known) + len(unknown)) / len(said)}
        if known:
            written = Written.of([said[place] for place in known], known)
            trust = torch.tensor([fed.examples[place].trust for place in known])
            found = cross_entropy(
                Batch(trusted(policy.score(heard, written, suppressed=False), trust))
            )
            loss = loss + found.loss * len(known) / len(said)
            figures |= found.told
        if unknown:
            written, theirs = self._taught(fed, unknown)
            ours = policy.score(heard, written, suppressed=False)
            # Of the student from the teacher: what the teacher finds possible is to stay so.
            found = divergence(Batch(theirs, reference=ours))
            token = found.loss * found.over / int(ours.mask.sum())
            loss = loss + self._settings.distil * token * len(unknown) / len(said)
            figures["distil"] = float(token.detach())
        return Part(loss * share, {**figures, "loss": float(loss.detach())}, share)

    @torch.no_grad()
    def _taught(self, fed: Fed, places: list[int]) -> tuple[Written, Scores]:
        """What the stock model writes of some examples, and how likely it finds it."""
        teacher = self._teacher
        if teacher is None:
            raise DataError("speech without words needs the stock model as a teacher")
        longest = max(len(fed.examples[place].pcm) for place in places)
        wanted = max(round(self._settings.teacher * RATE), longest)
        window = min(-(-wanted // FRAME) * FRAME, LONGEST)
        features = teacher.see([fed.examples[place].pcm for place in places], window)
        heard = teacher.hear(features, [fed.examples[place].language for place in places])
        drawn = sample(teacher, heard, 1, seed=0, temperature=0, limit=self._settings.limit)
        scores = teacher.score(heard, drawn.written, suppressed=False)
        items = torch.tensor(places)[drawn.written.items.cpu()]
        return Written(items, drawn.written.tokens, drawn.written.mask), scores


def tokens_of(policy: Policy, example: Example) -> list[int]:
    """A text's tokens, its end among them; none where it is unknown, or longer than can be scored.

    They may be such as are suppressed: score them so.
    """
    if example.silent:
        return [policy.tokens.end]
    if not example.words:
        return []
    text = example.text or " ".join(word for word, _ in example.words)
    tokens = [*policy.tokens.written(text), policy.tokens.end]
    return tokens if len(tokens) <= policy.longest else []


def trusted(scores: Scores, trust: torch.Tensor) -> Scores:
    """Scores whose rows count as much as their words are trusted: [rows], 0 to 1."""
    shares = trust.to(scores.log_probs.device)[:, None]
    return Scores(scores.log_probs * shares, scores.mask, scores.distribution)
