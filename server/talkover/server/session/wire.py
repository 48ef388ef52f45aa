"""What the session says, as messages of the wire."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Final

from talkover.core.audio import AudioFormat, Encoding
from talkover.core.errors import TalkoverError
from talkover.core.listener import Transcript, Word
from talkover.server.seeing.choosing import View
from talkover.server.session.gate import Opening
from talkover.server.turns import LaneWord, Talker, Tell
from talkover.v1 import agent_pb2, media_pb2

_ENCODINGS: Final = {
    Encoding.PCM16: media_pb2.AUDIO_ENCODING_PCM16,
    Encoding.MULAW: media_pb2.AUDIO_ENCODING_MULAW,
    Encoding.ALAW: media_pb2.AUDIO_ENCODING_ALAW,
}
_SPEAKERS: Final = {
    Talker.UNKNOWN: agent_pb2.SPEAKER_UNSPECIFIED,
    Talker.CALLER: agent_pb2.SPEAKER_CALLER,
    Talker.OTHER: agent_pb2.SPEAKER_OTHER,
    Talker.AGENT: agent_pb2.SPEAKER_AGENT,
}

_SHOWN: Final = {
    "camera": media_pb2.VIDEO_SOURCE_CAMERA,
    "screen": media_pb2.VIDEO_SOURCE_SCREEN,
    "file": media_pb2.VIDEO_SOURCE_FILE,
}


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of caller audio and what the listener made of it.

    Attributes:
        start: On the media clock.
        end: On the media clock.
        transcript: Its word times count from ``start``.
        heard_at: When the listener answered.
    """

    start: int
    end: int
    transcript: Transcript
    heard_at: int

    @property
    def text(self) -> str:
        """The likeliest reading; empty when nobody spoke."""
        return self.transcript.hypotheses[0].text if self.transcript.hypotheses else ""

    @property
    def words(self) -> Sequence[Word]:
        """Its words; times count from the segment's start."""
        return self.transcript.hypotheses[0].words if self.transcript.hypotheses else ()


def audio_format(form: AudioFormat) -> media_pb2.AudioFormat:
    """Our format as the wire's."""
    return media_pb2.AudioFormat(encoding=_ENCODINGS[form.encoding], rate=form.rate)


def started(session_id: str, bundle_id: str, opening: Opening) -> agent_pb2.ConverseResponse:
    """The session is open."""
    return agent_pb2.ConverseResponse(
        started=agent_pb2.SessionStarted(
            session_id=session_id,
            bundle_id=bundle_id,
            audio=audio_format(opening.audio),
            languages=opening.languages,
        )
    )


def audio(at: int, data: bytes, lane_position: int) -> agent_pb2.ConverseResponse:
    """A frame of agent audio."""
    chunk = media_pb2.AudioChunk(data=data, starts_at=at, lane_position=lane_position)
    return agent_pb2.ConverseResponse(at=at, audio=chunk)


def words(heard: Iterable[Word], offset: int = 0) -> list[agent_pb2.Word]:
    """Words of the listener, moved to where their segment lies."""
    return [
        agent_pb2.Word(
            text=word.text,
            starts_at=offset + word.start,
            ends_at=offset + word.end,
            confidence=word.probability,
        )
        for word in heard
    ]


def confidence(heard: Sequence[Word]) -> float:
    """Geometric mean of the words' probabilities; 0 without words."""
    if not heard:
        return 0.0
    return exp(sum(log(max(word.probability, 1e-6)) for word in heard) / len(heard))


def transcript(
    at: int,
    turn: int,
    segments: Sequence[Segment],
    bundle_id: str,
    *,
    final: bool,
    talker: Talker = Talker.UNKNOWN,
) -> agent_pb2.ConverseResponse:
    """What a turn says, so far or at its end. ``segments`` has at least one."""
    everything = [word for segment in segments for word in segment.words]
    return agent_pb2.ConverseResponse(
        at=at,
        transcript=agent_pb2.Transcript(
            turn=turn,
            final=final,
            text=" ".join(text for segment in segments if (text := segment.text.strip())),
            words=[word for s in segments for word in words(s.words, s.start)],
            language=segments[-1].transcript.language,
            confidence=confidence(everything),
            starts_at=segments[0].start,
            ends_at=segments[-1].end,
            bundle_id=bundle_id,
            speaker=_SPEAKERS[talker],
        ),
    )


def agent_text(
    at: int, turn: int, placed: Sequence[LaneWord], ahead: int, *, first: int
) -> agent_pb2.ConverseResponse:
    """Words about to be said, after ``first`` others of the reply.

    ``ahead`` is the media time of lane position 0, if nothing stops.
    """
    return agent_pb2.ConverseResponse(
        at=at,
        agent_text=agent_pb2.AgentText(
            turn=turn,
            words=[
                agent_pb2.Word(
                    text=word.text,
                    starts_at=ahead + word.start,
                    ends_at=ahead + word.end,
                    confidence=1.0,
                )
                for word in placed
            ],
            lane_position=placed[0].start if placed else 0,
            first=first,
        ),
    )


def turn_event(tell: Tell) -> agent_pb2.ConverseResponse:
    """A change of the floor."""
    kind = agent_pb2.TurnEventKind.Value(f"TURN_EVENT_KIND_{tell.change.name}")
    event = agent_pb2.TurnEvent(kind=kind, turn=tell.turn)
    return agent_pb2.ConverseResponse(at=tell.at, turn=event)


def truncation(at: int, turn: int, heard: str, played: int) -> agent_pb2.ConverseResponse:
    """The agent was cut off."""
    cut = agent_pb2.Truncation(turn=turn, heard_text=heard, played=played)
    return agent_pb2.ConverseResponse(at=at, truncation=cut)


def glance(at: int, turn: int, view: View) -> agent_pb2.ConverseResponse:
    """The picture that a reply speaks of."""
    shot = view.shot
    return agent_pb2.ConverseResponse(
        at=at,
        glance=agent_pb2.Glance(
            turn=turn,
            asked_at=view.moment.at,
            taken_at=shot.time,
            source=_SHOWN[shot.source],
            blank=shot.blank,
            cue=view.moment.cue,
            compared_at=None if view.beside is None else view.beside.time,
        ),
    )


def problem(at: int, error: TalkoverError) -> agent_pb2.ConverseResponse:
    """Something went wrong."""
    event = agent_pb2.ErrorEvent(code=error.code, message=str(error))
    return agent_pb2.ConverseResponse(at=at, error=event)


def ended(at: int, reason: agent_pb2.EndReason.ValueType, turns: int) -> agent_pb2.ConverseResponse:
    """The last event."""
    return agent_pb2.ConverseResponse(
        at=at, ended=agent_pb2.SessionEnded(reason=reason, turns=turns)
    )


def timings(at: int, turn: int, stages: Mapping[str, float]) -> agent_pb2.ConverseResponse:
    """Where the time of a reply went: seconds from the end of the caller's speech by stage."""
    named = ("end_of_turn", "transcript", "first_token", "first_audio")
    told = {name: stages.get(name, 0.0) for name in named}
    return agent_pb2.ConverseResponse(at=at, timings=agent_pb2.ReplyTimings(turn=turn, **told))
