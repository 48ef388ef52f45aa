"""What a call leaves behind: a record of every turn, and the events between them.

The server writes these and the trainer reads them. Times are positions on the media clock unless
they are called seconds. A reader refuses a record of a newer schema instead of guessing.
"""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from talkover.core.errors import TraceError

SCHEMA: Final = 2
"""Of turn records. Since 2: ``revision`` and ``listening_temperature``; what was written before has
their defaults."""
EVENT_SCHEMA: Final = 1
MAX_TEXT: Final = 8_000
MAX_PAYLOAD: Final = 16_384
"""Of an event, in characters of JSON."""

_PLAIN_KEYS: Final = frozenset(
    {"bundle", "change", "code", "kind", "language", "outcome", "purpose", "reason", "turn_id"}
)
"""Of an event's payload: their strings are words of ours, never a caller's."""

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.]{0,63}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{0,35}$")]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Position = Annotated[int, Field(ge=0, lt=2**53)]


_M = TypeVar("_M", bound=BaseModel)


class Outcome(StrEnum):
    """How a turn ended."""

    COMPLETED = "completed"
    INTERRUPTED = "interrupted"
    FALSE_START = "false_start"
    HUNG_UP = "hung_up"
    ERROR = "error"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Consent(_Record):
    """What the caller agreed to.

    Attributes:
        record: Words and audio may be kept.
        learn: They may be learned from.
    """

    record: bool = False
    learn: bool = False


class Word(_Record):
    """A word of the caller's and where it lies."""

    text: Annotated[str, StringConstraints(max_length=1_000)]
    start: Position
    end: Position
    confidence: Annotated[float, Field(ge=0, le=1)] = 1.0


class Hypothesis(_Record):
    """One reading of what the caller said.

    Attributes:
        text: The words.
        log_probability: Natural logarithm, of the whole token sequence.
    """

    text: Text
    log_probability: FiniteFloat


class Mark(_Record):
    """Something that happened in a turn."""

    at: Position
    kind: Name


class TurnRecord(_Record):
    """One turn: what the caller said and what came of it.

    Attributes:
        schema_version: Of this class.
        session: The call.
        turn: Counted from 0 in each session; with ``session`` it names the record.
        revision: Counted from 0. A record is written again when the caller corrects a turn that
            is over; the highest counts.
        turn_id: A name of its own, for other stores to refer to.
        written_at: Seconds since 1970 when the turn was over.
        caller: A hash that names the caller across calls, if they gave a name.
        consent: What the caller agreed to.
        caller_start: Where the caller began to speak.
        caller_end: Where they stopped.
        decided: Where the turn was taken for ended; None if it never was.
        agent_start: Where the reply's first audio left, if any did.
        agent_end: Where the reply ended or was cut.
        speaker: Who was heard: "caller", "other", "agent" (its own echo) or "unspecified".
        language: BCP 47 tag of what was heard; empty if unknown.
        text: What the listener made of it, or what the caller typed (then without ``words``).
        n_best: Its readings, likeliest first.
        listening_temperature: That the listener sampled its readings with; 0: it took the
            likeliest, and nobody can say how likely it was to.
        words: Of ``text``, with times.
        said: What the agent set out to say.
        heard: What of it the caller heard.
        correction: What the caller says they really said.
        bundle: The weights that the turn ran on.
        temperature: That the brain sampled with.
        marks: What happened, in order.
        latencies: Seconds by stage.
        outcome: How it ended.
        blobs: sha256 of the FLAC of each lane that was kept.
        redacted: Texts were taken out, for want of consent.
        lengths: Characters of each text that was taken out.
    """

    schema_version: Literal[1, 2] = SCHEMA
    session: Id
    turn: Annotated[int, Field(ge=0, lt=2**31)]
    revision: Annotated[int, Field(ge=0, lt=2**31)] = 0
    turn_id: Id
    written_at: Annotated[float, Field(ge=0, lt=1e11)]
    caller: Sha256 | None = None
    consent: Consent = Consent()
    caller_start: Position
    caller_end: Position
    decided: Position | None = None
    agent_start: Position | None = None
    agent_end: Position | None = None
    speaker: Literal["unspecified", "caller", "other", "agent"] = "unspecified"
    language: Language = ""
    text: Text = ""
    n_best: Annotated[tuple[Hypothesis, ...], Field(max_length=16)] = ()
    listening_temperature: Annotated[float, Field(ge=0, le=10)] = 0.0
    words: Annotated[tuple[Word, ...], Field(max_length=1_000)] = ()
    said: Text = ""
    heard: Text = ""
    correction: Text | None = None
    bundle: Id
    temperature: Annotated[float, Field(ge=0, le=10)] = 0.0
    marks: Annotated[tuple[Mark, ...], Field(max_length=256)] = ()
    latencies: Annotated[dict[Name, FiniteFloat], Field(max_length=32)] = {}
    outcome: Outcome
    blobs: Annotated[dict[Name, Sha256], Field(max_length=4)] = {}
    redacted: bool = False
    lengths: Annotated[dict[Name, Annotated[int, Field(ge=0)]], Field(max_length=8)] = {}

    @model_validator(mode="after")
    def _times_run_forward(self) -> Self:
        if self.caller_end < self.caller_start:
            raise ValueError("a turn cannot end before it begins")
        if self.agent_end is not None and self.agent_end < (self.agent_start or 0):
            raise ValueError("a reply cannot end before it begins")
        return self

    @classmethod
    def parse(cls, data: str | bytes) -> "TurnRecord":
        """Read a record from JSON.

        Raises:
            TraceError: it is damaged, or of a schema that this version does not know.
        """
        return _parse(cls, data)


class SessionEvent(_Record):
    """One thing that happened in a call; all of them in order replay it.

    Attributes:
        schema_version: Of this class.
        session: The call.
        seq: Counted from 0 in each session.
        at: When.
        type: What, in words of ours.
        payload: The rest, as JSON.
        redacted: Texts were taken out, for want of consent.
    """

    schema_version: Literal[1] = EVENT_SCHEMA
    session: Id
    seq: Annotated[int, Field(ge=0, lt=2**53)]
    at: Position
    type: Name
    payload: Mapping[str, JsonValue] = {}
    redacted: bool = False

    @field_validator("payload")
    @classmethod
    def _bounded(cls, payload: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        if len(json.dumps(payload, ensure_ascii=False)) > MAX_PAYLOAD:
            raise ValueError(f"an event's payload is at most {MAX_PAYLOAD} characters of JSON")
        return payload

    @classmethod
    def parse(cls, data: str | bytes) -> "SessionEvent":
        """Read an event from JSON.

        Raises:
            TraceError: it is damaged, or of a schema that this version does not know.
        """
        return _parse(cls, data)


def _parse(model: type[_M], data: str | bytes) -> _M:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        where = ", ".join(
            sorted({str(e["loc"][0]) if e["loc"] else "JSON" for e in error.errors()})
        )
        raise TraceError(
            f"not a {model.__name__} that this version can read ({where}); update Talkover, "
            "or skip the entry"
        ) from None


def caller_hash(caller: str) -> str:
    """What stands for a caller in records, given the name that they call by."""
    return hashlib.sha256(caller.encode()).hexdigest()


def redact(record: TurnRecord) -> TurnRecord:
    """A turn as it may be kept without consent: times, counts, scores and hashes of no content.

    Texts become empty and their lengths are kept. No hash of a text is: short ones can be guessed.
    Names of audio blobs go, too. Redacting twice is redacting once.
    """
    if record.redacted:
        return record
    texts = {"text": record.text, "said": record.said, "heard": record.heard}
    if record.correction is not None:
        texts["correction"] = record.correction
    return record.model_copy(
        update={
            "text": "",
            "said": "",
            "heard": "",
            "correction": None,
            "n_best": tuple(one.model_copy(update={"text": ""}) for one in record.n_best),
            "words": tuple(word.model_copy(update={"text": ""}) for word in record.words),
            "blobs": {},
            "redacted": True,
            "lengths": {name: len(text) for name, text in texts.items()},
        }
    )


def redact_event(event: SessionEvent) -> SessionEvent:
    """An event as it may be kept without consent: every string that could be content is a length.

    Strings under keys that only hold words of ours ("reason", "code" and the like) stay, and so do
    numbers. Redacting twice is redacting once.
    """
    if event.redacted:
        return event
    payload = {key: _without_text(value, key) for key, value in event.payload.items()}
    return event.model_copy(update={"payload": payload, "redacted": True})


def _without_text(value: JsonValue, key: str) -> JsonValue:
    if isinstance(value, str):
        return value if key in _PLAIN_KEYS else {"characters": len(value)}
    if isinstance(value, list):
        return [_without_text(item, key) for item in value]
    if isinstance(value, dict):
        return {name: _without_text(item, name) for name, item in value.items()}
    return value
