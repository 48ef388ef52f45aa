"""Messages on the data channel: protobuf JSON of the same schema that gRPC speaks. Pure."""

from typing import Final

from google.protobuf import json_format

from talkover.core.errors import ProtocolError
from talkover.v1 import agent_pb2, media_pb2

RATE: Final = 24_000
"""Of the session's audio on WebRTC (Hz): the least that holds all of the voice."""

MAX_MESSAGE: Final = 32 << 10
_DEPTH: Final = 8


def read_message(message: str | bytes) -> agent_pb2.ConverseRequest:
    """Parse what a browser sent.

    Raises:
        ProtocolError: it is not text, too long, no ``ConverseRequest``, or carries media, which
            goes over RTP.
    """
    if not isinstance(message, str):
        raise ProtocolError("a binary message; events are protobuf JSON, as text")
    if len(message) > MAX_MESSAGE:
        raise ProtocolError(f"a message over {MAX_MESSAGE} characters")
    request = agent_pb2.ConverseRequest()
    try:
        json_format.Parse(message, request, max_recursion_depth=_DEPTH)
    except (json_format.ParseError, RecursionError, ValueError):
        raise ProtocolError("not a ConverseRequest as protobuf JSON") from None
    if request.WhichOneof("message") in ("audio", "video"):
        raise ProtocolError("audio and video go over RTP, not over the data channel")
    return request


def opening(message: str | bytes) -> agent_pb2.ConverseRequest:
    """The first message, its audio format filled in.

    Raises:
        ProtocolError: as ``read_message``.
    """
    request = read_message(message)
    if request.HasField("start"):
        form = media_pb2.AudioFormat(encoding=media_pb2.AUDIO_ENCODING_PCM16, rate=RATE)
        request.start.audio.CopyFrom(form)
    return request


def write_message(event: agent_pb2.ConverseResponse) -> str:
    """An event as text."""
    return json_format.MessageToJson(event, indent=None, always_print_fields_with_no_presence=True)
