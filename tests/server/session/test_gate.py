"""The protocol, judged message by message."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.audio import AudioFormat, Encoding
from talkover.core.errors import AudioError, ProtocolError, TalkoverError
from talkover.server.session.gate import MAX_FRAME_BYTES, MAX_TEXT, Gate, check_chunk
from talkover.v1 import agent_pb2, media_pb2

Request = agent_pb2.ConverseRequest


def start(encoding=media_pb2.AUDIO_ENCODING_PCM16, rate=16_000, **more):
    audio = media_pb2.AudioFormat(encoding=encoding, rate=rate)
    return Request(start=agent_pb2.SessionStart(audio=audio, **more))


def audio(data):
    return Request(audio=media_pb2.AudioChunk(data=data))


def opened(**more):
    gate = Gate()
    gate.admit(start(**more))
    return gate


def test_the_start_becomes_an_opening():
    gate = opened(languages=["en-GB", "ES"], consent_to_record=True, caller_id="7")
    assert (gate.opening.languages, gate.opening.locale) == (("en", "es"), "en-GB")
    assert gate.opening.consent
    assert gate.opening.audio == AudioFormat(Encoding.PCM16, 16_000)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (Request(), ProtocolError),
        (audio(b"\0\0"), ProtocolError),
        (Request(hang_up=agent_pb2.HangUp()), ProtocolError),
        (start(encoding=media_pb2.AUDIO_ENCODING_UNSPECIFIED), AudioError),
        (start(encoding=77), AudioError),
        (start(rate=0), AudioError),
        (start(rate=11_025), AudioError),
        (start(rate=-16_000), AudioError),
        (start(languages=["english, please"]), ProtocolError),
        (start(languages=["en"] * 9), ProtocolError),
        (start(instructions="x" * 4_001), ProtocolError),
        (start(caller_id="x" * 201), ProtocolError),
    ],
)
def test_a_bad_beginning_is_refused(bad, error):
    with pytest.raises(error):
        Gate().admit(bad)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (start(), ProtocolError),
        (audio(b""), AudioError),
        (audio(b"\0\0\0"), AudioError),
        (audio(bytes(32_002)), AudioError),
        (Request(text=agent_pb2.TextInput(text=" \n")), ProtocolError),
        (Request(text=agent_pb2.TextInput(text="x" * (MAX_TEXT + 1))), ProtocolError),
        (Request(correction=agent_pb2.Correction(turn=-1, text="x")), ProtocolError),
        (Request(video=media_pb2.VideoFrame(data=b"x")), ProtocolError),
        (Request(video=media_pb2.VideoFrame(encoding=9, data=b"x")), ProtocolError),
        (
            Request(
                video=media_pb2.VideoFrame(
                    encoding=media_pb2.IMAGE_ENCODING_PNG, data=bytes(MAX_FRAME_BYTES + 1)
                )
            ),
            ProtocolError,
        ),
    ],
)
def test_a_bad_message_is_refused(bad, error):
    with pytest.raises(error):
        opened().admit(bad)


def test_a_picture_without_anything_in_it_ends_what_was_shown():
    nothing = media_pb2.VideoFrame(source=media_pb2.VIDEO_SOURCE_SCREEN)
    assert opened().admit(Request(video=nothing)) == "video"


def test_nothing_follows_a_hang_up():
    gate = opened()
    gate.admit(Request(hang_up=agent_pb2.HangUp()))
    with pytest.raises(ProtocolError, match="after hang_up"):
        gate.admit(audio(b"\0\0"))


def test_played_never_goes_down():
    gate = opened()
    gate.admit(Request(playout=agent_pb2.PlayoutReport(played=320)))
    gate.admit(Request(playout=agent_pb2.PlayoutReport(played=320)))
    with pytest.raises(ProtocolError):
        gate.admit(Request(playout=agent_pb2.PlayoutReport(played=319)))


@given(st.binary(max_size=70_000), st.sampled_from(Encoding), st.sampled_from([8_000, 16_000]))
def test_a_chunk_is_judged_by_length_alone(data, encoding, rate):
    form = AudioFormat(encoding, rate)
    good = 0 < len(data) <= rate * encoding.sample_bytes and len(data) % encoding.sample_bytes == 0
    try:
        check_chunk(data, form, 1)
    except AudioError:
        assert not good
    else:
        assert good


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_random_messages_never_break_the_gate(blobs):
    gate = Gate()
    begun = False
    for blob in blobs:
        request = Request()
        try:
            request.MergeFromString(blob)
        except DecodeError:  # not a message at all: gRPC refuses it before us
            continue
        try:
            kind = gate.admit(request)
        except TalkoverError:
            continue
        else:
            assert begun or kind == "start"
            begun = True


@pytest.mark.parametrize(
    ("tags", "locale"),
    [
        (["EN-ng", "es"], "en-NG"),
        (["es-419"], "es-419"),
        (["en"], "en"),
        (["zh-Hant-TW"], "zh"),
        (["en-<b>"], "en"),
        ([], ""),
    ],
)
def test_a_locale_is_a_language_and_a_country_and_nothing_else(tags, locale):
    assert opened(languages=tags).opening.locale == locale
