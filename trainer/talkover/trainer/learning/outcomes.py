"""What a caller does next says how well they were understood. Pure.

Weak evidence (so used by "Federated self-learning with weak supervision for speech recognition",
arXiv 2306.12015, 2023): people hang up and interrupt for many reasons. So it never says what was
said, only how much to trust that it was heard right; on its own it is a reward on the reading that
was acted upon.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from talkover.core.clock import samples
from talkover.core.records import Outcome, TurnRecord
from talkover.trainer.reward.words import words_in

Distance = Callable[[str, str, str], float]
"""Phoneme error rate of a transcript against what was said, and their language: 0 is the same."""

_SOON: Final = samples(15.0)
_RIGHT_AFTER: Final = samples(1.5)
_DENIALS: Final = (
    r"no\W+(?:no\W+)?(?:what )?i (?:said|meant|asked|say|did not say|didn't say)\b",
    r"(?:that's|that is) not what i (?:said|meant|asked)\b",
    r"no\W+(?:yo )?(?:dije|he dicho|quise decir|quería decir)\b",
    r"non\W+(?:j'ai dit|je disais|je voulais dire)\b",
    r"nein\W+ich (?:sagte|habe gesagt|meinte)\b",
)
_DENIED: Final = re.compile("|".join(f"(?:{one})" for one in _DENIALS))
_APOSTROPHES: Final = str.maketrans("\N{RIGHT SINGLE QUOTATION MARK}", "'")


class Happened(StrEnum):
    """What came after a turn."""

    DENIED = "denied"
    REPEATED = "repeated"
    REPHRASED = "rephrased"
    BARGED_IN = "barged_in"
    HUNG_UP = "hung_up"
    WENT_ON = "went_on"


@dataclass(frozen=True, slots=True)
class Evidence:
    """How well a turn was understood, by what came after it.

    Attributes:
        happened: What.
        reward: Of the reading that was acted upon, -1 to 1.
        trust: In that reward, 0 to 1.
    """

    happened: Happened
    reward: float
    trust: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomePolicy:
    """What counts as what.

    Attributes:
        same: Phoneme error rate up to which two turns say the same.
        alike: Share of the words of both up to which one rephrases the other, at least.
        fewest: Words of a turn that can be rephrased.
    """

    same: float = 0.3
    alike: float = 0.5
    fewest: int = 3


_EVIDENCE: Final = {
    Happened.DENIED: Evidence(Happened.DENIED, -1.0, 0.6),
    Happened.REPEATED: Evidence(Happened.REPEATED, -0.7, 0.5),
    Happened.REPHRASED: Evidence(Happened.REPHRASED, -0.4, 0.3),
    Happened.BARGED_IN: Evidence(Happened.BARGED_IN, -0.3, 0.2),
    Happened.HUNG_UP: Evidence(Happened.HUNG_UP, -0.3, 0.1),
    Happened.WENT_ON: Evidence(Happened.WENT_ON, 0.3, 0.2),
}


def evidence_of(
    record: TurnRecord,
    later: Sequence[TurnRecord],
    distance: Distance,
    policy: OutcomePolicy = OutcomePolicy(),
) -> Evidence | None:
    """What came after a turn, the most telling first; None: nothing that says anything.

    Args:
        record: The turn, which was answered.
        later: Turns of the same call that came after it, in order.
        distance: How far texts are apart.
        policy: What counts as what.
    """
    reply = next((one for one in later if one.text.strip() and one.speaker != "other"), None)
    over = record.agent_end if record.agent_end is not None else record.caller_end
    if reply is not None and reply.caller_start - over <= _SOON and record.text.strip():
        if denies(reply.text):
            return _EVIDENCE[Happened.DENIED]
        if found := _said_again(record, reply, distance, policy):
            return _EVIDENCE[found]
    if record.agent_start is not None and record.agent_end is not None:
        early = record.agent_end - record.agent_start <= _RIGHT_AFTER
        if early and record.outcome is Outcome.INTERRUPTED:
            return _EVIDENCE[Happened.BARGED_IN]
    if record.outcome is Outcome.HUNG_UP:
        return _EVIDENCE[Happened.HUNG_UP]
    if record.outcome is Outcome.COMPLETED and reply is not None:
        return _EVIDENCE[Happened.WENT_ON]
    return None


def settled(record: TurnRecord, later: Sequence[TurnRecord], now: float, patience: float) -> bool:
    """Whether what comes after a turn is known: another has come, the call ended, or time is up.

    Args:
        record: The turn.
        later: Turns of the same call that came after it.
        now: Seconds since 1970.
        patience: Seconds that are waited for another turn.
    """
    ended = record.outcome is Outcome.HUNG_UP
    return ended or bool(later) or now - record.written_at >= patience


def denies(text: str) -> bool:
    """Whether a turn begins with "no, I said ..." or the like, in four languages."""
    return _DENIED.match(text.casefold().translate(_APOSTROPHES).strip()) is not None


def _said_again(
    record: TurnRecord, reply: TurnRecord, distance: Distance, policy: OutcomePolicy
) -> Happened | None:
    language = record.language.partition("-")[0] or "en"
    if distance(record.text, reply.text, language) <= policy.same:
        return Happened.REPEATED
    mine, theirs = set(words_in(record.text)), set(words_in(reply.text))
    long = min(len(mine), len(theirs)) >= policy.fewest
    alike = len(mine & theirs) / max(len(mine | theirs), 1)
    return Happened.REPHRASED if long and alike >= policy.alike else None
