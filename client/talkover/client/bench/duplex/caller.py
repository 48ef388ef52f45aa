"""One scripted call over gRPC: a plan goes in, a recording comes out.

The recording's clock is the caller's: sample 0 is when their first frame begins, frames are 20 ms
by absolute deadlines of the monotonic clock. The agent lane is what a loudspeaker plays: frames by
their arrival, held back by a playout buffer of 40 ms (``Player``), thrown away at a barge-in.
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.client._call import Call, connect
from talkover.client._events import (
    AgentAudio,
    AgentText,
    Event,
    Transcript,
    Truncation,
    Turn,
    TurnKind,
)
from talkover.client.bench.caller import Target
from talkover.client.bench.duplex.director import Director, Spoken
from talkover.client.bench.duplex.script import CallPlan
from talkover.client.bench.duplex.stories import instructions
from talkover.client.bench.duplex.types import CallRecording, ServerEvent
from talkover.client.floor import Floor
from talkover.client.phone import Phone
from talkover.client.player import Player, Span
from talkover.core.clock import FRAME, RATE, seconds

Samples = NDArray[np.int16]
Words = tuple[tuple[str, float, float], ...]
"""Of the agent: text, begin and end in seconds of the recording."""

_FRAME_SECONDS: Final = FRAME / RATE
_LATE: Final = 0.02  # seconds; a frame sent later than this is worth a note


@dataclass(slots=True)
class Lanes:
    """What a call leaves behind, frame by frame.

    Attributes:
        began: Monotonic time of sample 0.
        late: Seconds by which frames were sent late.
    """

    began: float = 0.0
    caller: list[Samples] = field(default_factory=list)
    near: list[Samples] = field(default_factory=list)
    agent: list[Samples] = field(default_factory=list)
    late: list[float] = field(default_factory=list)

    def add(self, spoken: Spoken, played: Samples) -> None:
        """20 ms of all lanes."""
        self.caller.append(spoken.sent)
        self.near.append(spoken.near)
        self.agent.append(played)


class ScriptedVoice:
    """The caller's microphone and loudspeaker, for a ``Phone``."""

    def __init__(self, director: Director, call: Call) -> None:
        self.lanes = Lanes()
        self._director = director
        self._call = call
        self._played = np.zeros(FRAME, np.int16)

    async def frame(self, floor: Floor) -> Samples | None:
        """The script's next frame, once its 20 ms are over."""
        del floor
        lanes = self.lanes
        lanes.began = lanes.began or time.monotonic()
        deadline = lanes.began + (len(lanes.caller) + 1) * _FRAME_SECONDS
        await asyncio.sleep(max(deadline - time.monotonic(), 0))
        lanes.late.append(max(time.monotonic() - deadline, 0))
        spoken = self._director.frame()
        if spoken is None:
            return None
        lanes.add(spoken, self._played)
        if spoken.typed is not None:
            await self._call.send_text(spoken.typed)
        return spoken.sent

    def play(self, frame: Samples) -> None:
        """Let the agent be heard."""
        self._played = frame
        self._director.hear(frame)


async def place_call(target: Target, plan: CallPlan) -> CallRecording:
    """Place a call over gRPC and record it.

    Args:
        target: Whom to call; languages and instructions are the plan's.
        plan: What happens.

    Raises:
        CallError: the call did not come about, or broke.
    """
    director = Director(plan)
    events: list[Event] = []

    def observe(event: Event) -> None:
        events.append(event)
        if isinstance(event, Turn) and event.kind is TurnKind.AGENT_STARTED:
            director.reply_begins()

    async with connect(
        target.url,
        token=target.token,
        languages=plan.languages,
        instructions=instructions(plan.style, plan.seed),
        reports_playout=True,
    ) as call:
        voice = ScriptedVoice(director, call)
        phone = Phone(call, voice, observers=[observe])
        await phone.talk()
    words = place_words(events, anchors(events, phone.player.spans))
    return to_recording(plan, "grpc", voice.lanes, director, events, words, phone.player)


def to_recording(
    plan: CallPlan,
    transport: str,
    lanes: Lanes,
    director: Director,
    events: Sequence[Event],
    words: Words,
    player: Player,
) -> CallRecording:
    """Put together what a call left.

    Args:
        plan: What was to happen.
        transport: "grpc" or "webrtc".
        lanes: The sound.
        director: Who played the plan.
        events: What the server said.
        words: See ``place_words``.
        player: The loudspeaker.
    """
    notes = [f"{player.underruns} stalls"] if player.underruns else []
    if slow := sum(late > _LATE for late in lanes.late):
        notes.append(f"{slow} frames sent over {_LATE:g} s late, at most {max(lanes.late):.3f} s")
    return CallRecording(
        name=plan.name,
        scenario=plan.scenario,
        split=plan.split,
        transport=transport,
        rate=RATE,
        caller=_joined(lanes.caller),
        near=_joined(lanes.near),
        agent=_joined(lanes.agent),
        events=director.events,
        server=tuple(e for event in events if (e := _server_event(event, lanes.began))),
        words=words,
        notes="; ".join(notes),
    )


def anchors(events: Sequence[Event], spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Media times of the agent's audio and when they were heard, in order of the former (ticks).

    Args:
        events: With the agent's audio.
        spans: What came out of the loudspeaker when.
    """
    audio = [event for event in events if isinstance(event, AgentAudio)]
    places = [event.lane_position for event in audio]
    found = []
    for span in spans:
        index = bisect_right(places, span.lane_position) - 1
        if index >= 0:
            into = span.lane_position - places[index]
            found.append((audio[index].starts_at + into, span.heard_at))
    return sorted(found)


def place_words(events: Sequence[Event], heard: Sequence[tuple[int, int]]) -> Words:
    """The agent's words as announced, in the recording's seconds.

    A word's media time becomes a time of the recording by the stretch of sound that it follows or
    lies in; words that were taken back stand where they would have been heard.

    Args:
        events: What the server said.
        heard: See ``anchors``.
    """
    begins = [media for media, _ in heard]

    def placed(ticks: int) -> float:
        if not heard:
            return seconds(ticks)
        media, out = heard[max(bisect_right(begins, ticks) - 1, 0)]
        return seconds(ticks - media + out)

    return tuple(
        (word.text, placed(word.starts_at), placed(word.starts_at) + duration)
        for event in events
        if isinstance(event, AgentText)
        for word in event.words
        if (duration := seconds(word.ends_at - word.starts_at)) >= 0
    )


def _server_event(event: Event, began: float) -> ServerEvent | None:
    at = event.received - began
    match event:
        case Turn():
            return ServerEvent(event.kind.value.upper(), at, event.turn)
        case Transcript():
            kind = "TRANSCRIPT" if event.final else "PARTIAL"
            return ServerEvent(kind, at, event.turn, event.text)
        case Truncation():
            return ServerEvent("TRUNCATION", at, event.turn, event.heard_text)
        case AgentText():
            text = " ".join(word.text for word in event.words)
            return ServerEvent("AGENT_TEXT", at, event.turn, text)
        case _:
            return None


def _joined(frames: Sequence[Samples]) -> Samples:
    return np.concatenate(frames) if frames else np.zeros(0, np.int16)
