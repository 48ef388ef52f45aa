"""What was really said in a turn, and how far that can be trusted. Pure.

The caller's own correction comes first; then a teacher whose readings agree; then, where a reading
was sampled and so has a propensity, what the caller did next as a reward on that reading.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import permutations
from math import exp
from typing import Self

from talkover.core.records import TurnRecord
from talkover.trainer.learning.filters import Refusal
from talkover.trainer.learning.outcomes import Distance, Evidence
from talkover.trainer.reward.guards import looped
from talkover.trainer.reward.words import words_in


class Source(StrEnum):
    """Who says so."""

    CORRECTION = "correction"
    TEACHER = "teacher"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the teacher made of a turn once.

    Attributes:
        text: Empty: nothing.
        mean_log_probability: A token (nats).
        nothing: Probability that nobody spoke.
    """

    text: str
    mean_log_probability: float
    nothing: float = 0.0


@dataclass(frozen=True, slots=True)
class Label:
    """What is learnt from a turn.

    Attributes:
        text: What was said; of an outcome, the reading that was acted upon.
        language: ISO 639-1.
        source: Who says so.
        trust: 0 to 1.
        reason: Why it is trusted so far.
        heard: The logged reading.
        reward: Of that reading by what came after; None: nobody knows.
        log_probability: Of that reading when it was sampled; None: it was not.
        temperature: That it was sampled with.
        bundle: That read it.
    """

    text: str
    language: str
    source: Source
    trust: float
    reason: str
    heard: str = ""
    reward: float | None = None
    log_probability: float | None = None
    temperature: float = 0.0
    bundle: str = ""

    def to_json(self) -> str:
        """In one line."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """From JSON.

        Raises:
            TypeError, ValueError, KeyError: it is none.
        """
        told = json.loads(text)
        return cls(**{**told, "source": Source(told["source"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPolicy:
    """When readings agree, and what that is worth.

    Attributes:
        agree: Phoneme error rate up to which two readings are the same.
        near: Up to which a correction can be of what was heard. Sentences of ours at random are
            0.61 apart (median), those with three of five words wrong 0.41.
        sure: Probability a token that the teacher must have, at least.
        nothing: Probability that nobody spoke, from which on the teacher's text counts for nothing.
        corrected: Trust in a correction that is near to what was heard.
        corrected_far: In one that is not: an accent that nobody understands, or no honest word.
        confirmed: In a teacher who agrees with the listener.
        alone: In a teacher who does not.
        supported: In one who does not, where the caller said it again or denied it.
        doubted: In one who agrees with the listener, where the caller said it again or denied it.
    """

    agree: float = 0.12
    near: float = 0.45
    sure: float = 0.6
    nothing: float = 0.6
    corrected: float = 1.0
    corrected_far: float = 0.6
    confirmed: float = 0.9
    alone: float = 0.6
    supported: float = 0.75
    doubted: float = 0.5


def label(
    record: TurnRecord,
    readings: Sequence[Reading],
    evidence: Evidence | None,
    distance: Distance,
    policy: LabelPolicy = LabelPolicy(),
) -> Label | Refusal:
    """Say what was said.

    Args:
        record: The turn.
        readings: The teacher's, on other windows and at other temperatures; the surest first.
        evidence: What came after.
        distance: How far texts are apart.
        policy: When they agree.
    """
    language = record.language.partition("-")[0] or "en"
    known = _Known(record, language, evidence)
    if record.correction is not None:
        heard = [record.text, *(one.text for one in readings)]
        return _corrected(known, record.correction.strip(), heard, distance, policy)
    found = _taught(known, readings, distance, policy)
    return (
        found if isinstance(found, Label) or found is Refusal.EMPTY else _by_outcome(known, found)
    )


@dataclass(frozen=True, slots=True)
class _Known:
    record: TurnRecord
    language: str
    evidence: Evidence | None

    @property
    def doubt(self) -> bool:
        """The caller showed that they were not understood."""
        return self.evidence is not None and self.evidence.reward <= -0.5  # said again, or denied

    def label(self, text: str, source: Source, trust: float, reason: str) -> Label:
        record, evidence = self.record, self.evidence
        sampled = record.listening_temperature > 0 and bool(record.n_best)
        return Label(
            text,
            self.language,
            source,
            trust,
            f"{reason}; {evidence.happened}" if evidence else reason,
            heard=record.text,
            reward=evidence.reward if evidence else None,
            log_probability=record.n_best[0].log_probability if sampled else None,
            temperature=record.listening_temperature,
            bundle=record.bundle,
        )


def _corrected(
    known: _Known, text: str, heard: Sequence[str], distance: Distance, policy: LabelPolicy
) -> Label | Refusal:
    if not words_in(text):
        return Refusal.EMPTY
    spoken = [one for one in heard if one.strip()]
    nearest = min((distance(text, one, known.language) for one in spoken), default=1.0)
    near = nearest <= policy.near
    return known.label(
        text,
        Source.CORRECTION,
        policy.corrected if near else policy.corrected_far,
        "near to what was heard" if near else "far from all that was heard",
    )


def _taught(
    known: _Known, readings: Sequence[Reading], distance: Distance, policy: LabelPolicy
) -> Label | Refusal:
    if not readings:
        return Refusal.UNSURE
    first = readings[0]
    if not words_in(first.text) or first.nothing >= policy.nothing:
        return Refusal.EMPTY
    if len(readings) < 2 or exp(first.mean_log_probability) < policy.sure:
        return Refusal.UNSURE
    if any(looped(words_in(one.text)) for one in readings):
        return Refusal.UNSURE
    apart = max(distance(a.text, b.text, known.language) for a, b in permutations(readings, 2))
    if apart > policy.agree:
        return Refusal.UNSURE
    same = distance(first.text, known.record.text, known.language) <= policy.agree
    if same:
        trust = policy.doubted if known.doubt else policy.confirmed
        reason = "as the listener heard it"
    else:
        trust = policy.supported if known.doubt else policy.alone
        reason = "other than the listener heard it"
    return known.label(first.text.strip(), Source.TEACHER, trust, reason)


def _by_outcome(known: _Known, otherwise: Refusal) -> Label | Refusal:
    """A weak reward on the reading that was acted upon, if it can be weighed."""
    if known.evidence is None or not known.record.text.strip():
        return otherwise
    if not (known.record.listening_temperature > 0 and known.record.n_best):
        return Refusal.NO_PROPENSITY
    reason = "nobody knows what was said"
    return known.label(known.record.text, Source.OUTCOME, known.evidence.trust, reason)
