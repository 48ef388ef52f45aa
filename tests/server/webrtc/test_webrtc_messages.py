import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.errors import ProtocolError
from talkover.server.transports.webrtc.messages import (
    MAX_MESSAGE,
    opening,
    read_message,
    write_message,
)
from talkover.v1 import agent_pb2, media_pb2


def test_the_start_gets_its_audio_format():
    request = opening('{"start": {"languages": ["en"], "consentToRecord": true}}')
    assert request.start.audio.rate == 24_000
    assert request.start.audio.encoding == media_pb2.AUDIO_ENCODING_PCM16
    assert request.start.consent_to_record


def test_what_a_page_says_is_read():
    assert read_message('{"text": {"text": "Hi"}}').text.text == "Hi"
    assert read_message('{"playout": {"played": "9007199254740993"}}').playout.played == 2**53 + 1
    assert read_message('{"interrupt": {}}').HasField("interrupt")
    assert read_message("{}").WhichOneof("message") is None  # the gate refuses it


@pytest.mark.parametrize(
    "message",
    [
        b"{}",
        "",
        "hello",
        "null",
        '{"nothing": 1}',
        '{"text": {"text": 5}}',
        '{"playout": {"played": "many"}}',
        '{"start": {"languages": "en"}}',
        '{"text": {"text": "a"}, "interrupt": {}}',
        '{"audio": {"data": "AAAA"}}',
        '{"video": {"data": "AAAA"}}',
        "[" * 5_000,
        '{"start":' * 5_000,
        '{"text": {"text": "' + "a" * MAX_MESSAGE + '"}}',
    ],
)
def test_what_is_no_request_is_refused(message):
    with pytest.raises(ProtocolError):
        read_message(message)


@given(st.text(max_size=200))
def test_random_text_is_refused_or_read(text):
    try:
        request = read_message(text)
    except ProtocolError:
        return
    assert isinstance(request, agent_pb2.ConverseRequest)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=8), st.lists))
def test_random_json_is_refused_or_read(value):
    try:
        request = read_message(json.dumps({"text": value}))
    except ProtocolError:
        return
    assert request.text.text == ""  # null, or a message without fields


def test_events_hold_what_a_page_needs_even_when_it_is_zero():
    event = agent_pb2.ConverseResponse(turn=agent_pb2.TurnEvent(turn=0))
    assert json.loads(write_message(event)) == {
        "at": "0",
        "turn": {"kind": "TURN_EVENT_KIND_UNSPECIFIED", "turn": 0},
    }
