import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from talkover.core.errors import TraceError
from talkover.core.records import (
    MAX_PAYLOAD,
    MAX_TEXT,
    Consent,
    Hypothesis,
    Mark,
    Outcome,
    SessionEvent,
    TurnRecord,
    Word,
    redact,
    redact_event,
)

SECRET = "my number is 5551234"


def turn(**change: object) -> TurnRecord:
    values: dict[str, object] = {
        "session": "s-1",
        "turn": 3,
        "turn_id": "s-1:3",
        "written_at": 1.7e9,
        "consent": Consent(record=True),
        "caller": "a" * 64,
        "caller_start": 16_000,
        "caller_end": 32_000,
        "decided": 36_000,
        "agent_start": 40_000,
        "agent_end": 64_000,
        "language": "en",
        "text": SECRET,
        "n_best": (Hypothesis(text=SECRET, log_probability=-1.5),),
        "words": (Word(text="number", start=17_000, end=20_000, confidence=0.9),),
        "said": SECRET + " is what you said",
        "heard": SECRET,
        "correction": SECRET,
        "bundle": "b-1",
        "temperature": 0.3,
        "marks": (Mark(at=32_000, kind="caller_ended"),),
        "latencies": {"first_audio": 0.8},
        "outcome": Outcome.INTERRUPTED,
        "blobs": {"caller": "b" * 64},
    }
    return TurnRecord.model_validate(values | change)


def test_a_turn_survives_json() -> None:
    record = turn()
    assert TurnRecord.parse(record.model_dump_json()) == record


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    st.floats(max_value=0, allow_nan=False, allow_infinity=False),
    st.sampled_from(Outcome),
)
def test_any_turn_survives_json(text: str, score: float, outcome: Outcome) -> None:
    record = turn(
        text=text, n_best=(Hypothesis(text=text, log_probability=score),), outcome=outcome
    )
    assert TurnRecord.parse(record.model_dump_json()) == record


@pytest.mark.parametrize(
    "change",
    [
        {"text": "x" * (MAX_TEXT + 1)},
        {"session": "a b"},
        {"session": ""},
        {"turn": -1},
        {"caller_end": 0},
        {"agent_end": 1},
        {"latencies": {"x": float("nan")}},
        {"latencies": {f"stage_{i}": 1.0 for i in range(40)}},
        {"marks": [{"at": 0, "kind": "x"}] * 300},
        {"blobs": {"caller": "not a hash"}},
        {"caller": "Ann Example"},
        {"unknown": 1},
        {"schema_version": 3},
    ],
)
def test_what_no_turn_can_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        turn(**change)


def test_a_newer_schema_is_refused_without_its_content() -> None:
    newer = json.loads(turn().model_dump_json()) | {"schema_version": 3}
    with pytest.raises(TraceError, match="schema_version") as caught:
        TurnRecord.parse(json.dumps(newer))
    assert SECRET not in str(caught.value)
    with pytest.raises(TraceError, match="JSON"):
        SessionEvent.parse("{")


def test_a_record_of_the_first_schema_is_read_as_it_was() -> None:
    older = json.loads(turn().model_dump_json()) | {"schema_version": 1}
    del older["revision"], older["listening_temperature"]
    record = TurnRecord.parse(json.dumps(older))
    assert (record.revision, record.listening_temperature) == (0, 0.0)
    assert record.model_copy(update={"schema_version": 2}) == turn()


def test_redacting_keeps_times_and_lengths_and_no_words() -> None:
    record = turn()
    kept = redact(record)
    dump = kept.model_dump_json()
    assert SECRET not in dump
    assert "number" not in dump
    assert "b" * 64 not in dump
    assert kept.lengths == {"text": 20, "said": 37, "heard": 20, "correction": 20}
    assert (kept.caller_start, kept.latencies, kept.n_best[0].log_probability) == (
        record.caller_start,
        record.latencies,
        -1.5,
    )
    assert redact(kept) == kept
    assert TurnRecord.parse(dump) == kept


def test_redacting_an_event_keeps_words_of_ours_only() -> None:
    event = SessionEvent(
        session="s-1",
        seq=0,
        at=5,
        type="heard",
        payload={
            "text": SECRET,
            "purpose": "partial",
            "listen": 7,
            "n_best": [{"text": SECRET, "score": -1.0}],
        },
    )
    kept = redact_event(event)
    assert kept.payload == {
        "text": {"characters": 20},
        "purpose": "partial",
        "listen": 7,
        "n_best": [{"text": {"characters": 20}, "score": -1.0}],
    }
    assert redact_event(kept) == kept
    assert SessionEvent.parse(kept.model_dump_json()) == kept


def test_a_huge_payload_is_refused() -> None:
    with pytest.raises(ValidationError, match="payload"):
        SessionEvent(session="s", seq=0, at=0, type="x", payload={"text": "x" * MAX_PAYLOAD})
