"""Which turns may be learnt from. Pure: each that may not has a reason, and is counted by it."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from talkover.core.learning.items import EXPIRED
from talkover.core.records import Outcome, TurnRecord
from talkover.trainer.mining.withheld import Withheld
from talkover.trainer.reward.lexicon import LANGUAGES

_PRIVATE: Final = re.compile(r"\d(?:[\s.-]?\d){5,}|[\w.+-]+@[\w-]+\.\w")
"""Six digits on end, as of a card, an account or a telephone, or an address."""
_DAY: Final = 86_400.0


class Refusal(StrEnum):
    """Why a turn is not learnt from."""

    NO_CONSENT = "no_consent"
    EXPIRED = EXPIRED
    NOT_A_TURN = "not_a_turn"
    NOT_THE_CALLER = "not_the_caller"
    NO_AUDIO = "no_audio"
    DAMAGED = "damaged"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    SILENT = "silent"
    LANGUAGE = "language"
    EVALUATION_TEXT = "evaluation_text"
    EVALUATION_SPEAKER = "evaluation_speaker"
    EVALUATION_SOUND = "evaluation_sound"
    PRIVATE = "private"
    EMPTY = "empty"
    PACE = "pace"
    """Nobody says that in this time."""
    UNSURE = "unsure"
    """The teacher's readings differ."""
    NO_PROPENSITY = "no_propensity"
    """All that is known is what the caller did next, and how likely the reading was, is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is accepted.

    Attributes:
        retention: Days after which a turn is forgotten.
        shortest: Seconds of audio.
        longest: Seconds of audio: a window of 30 s, with the silence that Whisper needs after it.
        quiet: Root mean square of the samples, of full scale.
        fastest: Letters a second.
    """

    retention: float = 30.0
    shortest: float = 0.3
    longest: float = 24.0
    quiet: float = 1e-3
    fastest: float = 25.0


def of_record(record: TurnRecord, limits: Limits, withheld: Withheld, now: float) -> Refusal | None:
    """Judge a record before anybody looks for its audio.

    Args:
        record: As the server wrote it.
        limits: What is accepted.
        withheld: What models are judged on; its speakers are callers' hashes here.
        now: Seconds since 1970.
    """
    if record.redacted or not (record.consent.record and record.consent.learn):
        return Refusal.NO_CONSENT
    if now - record.written_at > limits.retention * _DAY:
        return Refusal.EXPIRED
    if record.outcome is Outcome.FALSE_START or record.decided is None:
        return Refusal.NOT_A_TURN
    if record.speaker not in ("caller", "unspecified"):
        return Refusal.NOT_THE_CALLER
    if "caller" not in record.blobs:
        return Refusal.NO_AUDIO
    if record.language and record.language.partition("-")[0] not in LANGUAGES:
        return Refusal.LANGUAGE
    if record.caller is not None and record.caller in withheld.speakers:
        return Refusal.EVALUATION_SPEAKER
    said = record.text if record.correction is None else record.correction
    return of_text(said, withheld) if said.strip() else None


def of_sound(
    seconds: float, level: float, sound: str, limits: Limits, withheld: Withheld
) -> Refusal | None:
    """Judge a recording.

    Args:
        seconds: How long it is.
        level: Root mean square of its samples, of full scale.
        sound: ``sound_of`` it.
        limits: What is accepted.
        withheld: What models are judged on.
    """
    if sound in withheld.sounds:
        return Refusal.EVALUATION_SOUND
    if seconds < limits.shortest:
        return Refusal.TOO_SHORT
    if seconds > limits.longest:
        return Refusal.TOO_LONG
    return Refusal.SILENT if level < limits.quiet else None


def of_text(text: str, withheld: Withheld) -> Refusal | None:
    """Judge a text, as it was heard or as it was really said.

    Args:
        text: It; not empty.
        withheld: What models are judged on.
    """
    if withheld.why(text, "", ""):
        return Refusal.EVALUATION_TEXT
    return Refusal.PRIVATE if _PRIVATE.search(text) else None


def of_label(text: str, seconds: float, limits: Limits, withheld: Withheld) -> Refusal | None:
    """Judge what is taken for what was really said; arguments as above."""
    letters = sum(character.isalnum() for character in text)
    if not letters:
        return Refusal.EMPTY
    if letters > limits.fastest * seconds:
        return Refusal.PACE
    return of_text(text, withheld)
