"""Between the protobufs of the wire and the values that users see."""

import time
from collections.abc import Callable, Iterable
from typing import Final, Literal

from talkover.client import _events as ev
from talkover.core.audio import AudioFormat, Encoding, decode
from talkover.core.errors import ProtocolError
from talkover.v1 import agent_pb2, media_pb2

ImageType = Literal["jpeg", "png", "webp"]
"""How a picture is written."""
VideoSource = Literal["camera", "screen", "file"]
"""Where a picture comes from; one of a file stays in view until the next."""

_ENCODINGS: Final = {
    Encoding.PCM16: media_pb2.AUDIO_ENCODING_PCM16,
    Encoding.MULAW: media_pb2.AUDIO_ENCODING_MULAW,
    Encoding.ALAW: media_pb2.AUDIO_ENCODING_ALAW,
}
_ENCODINGS_BACK: Final = {number: encoding for encoding, number in _ENCODINGS.items()}
IMAGES: Final = {
    "jpeg": media_pb2.IMAGE_ENCODING_JPEG,
    "png": media_pb2.IMAGE_ENCODING_PNG,
    "webp": media_pb2.IMAGE_ENCODING_WEBP,
}
SOURCES: Final = {
    "camera": media_pb2.VIDEO_SOURCE_CAMERA,
    "screen": media_pb2.VIDEO_SOURCE_SCREEN,
    "file": media_pb2.VIDEO_SOURCE_FILE,
}
_SOURCES_BACK: Final = {number: source for source, number in SOURCES.items()}

_SPEAKERS: Final = {
    agent_pb2.Speaker.Value(f"SPEAKER_{speaker.name}"): speaker for speaker in ev.Speaker
}
_TURN_KINDS: Final = {
    agent_pb2.TurnEventKind.Value(f"TURN_EVENT_KIND_{kind.name}"): kind for kind in ev.TurnKind
}
_END_REASONS: Final = {
    agent_pb2.EndReason.Value(f"END_REASON_{reason.name}"): reason for reason in ev.EndReason
}


def format_to_wire(audio: AudioFormat) -> media_pb2.AudioFormat:
    """The wire's form of an audio format."""
    return media_pb2.AudioFormat(encoding=_ENCODINGS[audio.encoding], rate=audio.rate)


def format_from_wire(audio: media_pb2.AudioFormat) -> AudioFormat:
    """An audio format off the wire.

    Raises:
        ProtocolError: the encoding is one that this client does not know.
        AudioError: the rate is.
    """
    encoding = _ENCODINGS_BACK.get(audio.encoding)
    if encoding is None:
        raise ProtocolError(
            f"the server speaks audio encoding {audio.encoding}, unknown here; update this client"
        )
    return AudioFormat(encoding, audio.rate)


def words_from_wire(words: Iterable[agent_pb2.Word]) -> tuple[ev.Word, ...]:
    """Words and their times."""
    return tuple(ev.Word(w.text, w.starts_at, w.ends_at, w.confidence) for w in words)


def event_from_wire(response: agent_pb2.ConverseResponse, encoding: Encoding) -> ev.Event | None:
    """What the server said; None for a kind that is newer than this client.

    Args:
        response: The message.
        encoding: Of the session's audio.

    Raises:
        ProtocolError: the message cannot be what it says it is.
    """
    kind = response.WhichOneof("message")
    read = _READERS.get(kind or "")
    if read is None:
        return None
    return read(response, encoding, time.monotonic())


def _started(r: agent_pb2.ConverseResponse, _: Encoding, received: float) -> ev.Started:
    return ev.Started(
        at=r.at,
        received=received,
        session_id=r.started.session_id,
        bundle_id=r.started.bundle_id,
        audio=format_from_wire(r.started.audio),
        languages=tuple(r.started.languages),
    )


def _audio(r: agent_pb2.ConverseResponse, encoding: Encoding, received: float) -> ev.AgentAudio:
    return ev.AgentAudio(
        at=r.at,
        received=received,
        pcm=decode(r.audio.data, encoding),
        lane_position=r.audio.lane_position,
        starts_at=r.audio.starts_at,
    )


def _transcript(r: agent_pb2.ConverseResponse, _: Encoding, received: float) -> ev.Transcript:
    t = r.transcript
    return ev.Transcript(
        at=r.at,
        received=received,
        turn=t.turn,
        final=t.final,
        text=t.text,
        words=words_from_wire(t.words),
        language=t.language,
        confidence=t.confidence,
        starts_at=t.starts_at,
        ends_at=t.ends_at,
        bundle_id=t.bundle_id,
        speaker=_SPEAKERS.get(t.speaker, ev.Speaker.UNSPECIFIED),
    )


def _agent_text(r: agent_pb2.ConverseResponse, _: Encoding, received: float) -> ev.AgentText:
    return ev.AgentText(
        at=r.at,
        received=received,
        turn=r.agent_text.turn,
        words=words_from_wire(r.agent_text.words),
        lane_position=r.agent_text.lane_position,
        first=r.agent_text.first,
    )


def _turn(r: agent_pb2.ConverseResponse, _: Encoding, received: float) -> ev.Event | None:
    kind = _TURN_KINDS.get(r.turn.kind)
    if kind is None:
        return None
    return ev.Turn(at=r.at, received=received, kind=kind, turn=r.turn.turn)


def _truncation(r: agent_pb2.ConverseResponse, _: Encoding, received: float) -> ev.Truncation:
    t = r.truncation
    return ev.Truncation(
        at=r.at, received=received, turn=t.turn, heard_text=t.heard_text, played=t.played
    )


def _timings(r: agent_pb2.ConverseResponse, _: Encoding, received: float) -> ev.Timings:
    t = r.timings
    return ev.Timings(
        at=r.at,
        received=received,
        turn=t.turn,
        end_of_turn=t.end_of_turn,
        transcript=t.transcript,
        first_token=t.first_token,
        first_audio=t.first_audio,
    )


def _glance(r: agent_pb2.ConverseResponse, _: Encoding, received: float) -> ev.Glance:
    g = r.glance
    return ev.Glance(
        at=r.at,
        received=received,
        turn=g.turn,
        asked_at=g.asked_at,
        taken_at=g.taken_at,
        source=_SOURCES_BACK.get(g.source, "file"),
        blank=g.blank,
        cue=g.cue,
        compared_at=g.compared_at if g.HasField("compared_at") else None,
    )


def _problem(r: agent_pb2.ConverseResponse, _: Encoding, received: float) -> ev.Problem:
    return ev.Problem(at=r.at, received=received, code=r.error.code, message=r.error.message)


def _ended(r: agent_pb2.ConverseResponse, _: Encoding, received: float) -> ev.Ended:
    reason = _END_REASONS.get(r.ended.reason, ev.EndReason.ERROR)
    return ev.Ended(at=r.at, received=received, reason=reason, turns=r.ended.turns)


_Reader = Callable[[agent_pb2.ConverseResponse, Encoding, float], ev.Event | None]
_READERS: Final[dict[str, _Reader]] = {
    "started": _started,
    "audio": _audio,
    "transcript": _transcript,
    "agent_text": _agent_text,
    "turn": _turn,
    "truncation": _truncation,
    "timings": _timings,
    "glance": _glance,
    "error": _problem,
    "ended": _ended,
}
