"""One call of a bench: a script goes in, a two-channel recording and the events come out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from talkover.client._call import connect
from talkover.client._events import AgentAudio, Event, Timings, Transcript
from talkover.client.bench.measure import Span
from talkover.client.phone import Phone, Scripted
from talkover.client.record import EventLog, Recorder
from talkover.client.script import AfterReply, Cue, Line, Said, Script
from talkover.core.audio import AudioFormat, Encoding
from talkover.core.clock import seconds

PCM16: AudioFormat = AudioFormat(Encoding.PCM16, 16_000)


@dataclass(frozen=True)
class Target:
    """The server that is judged, and how it is called."""

    url: str
    token: str | None = None
    audio: AudioFormat = PCM16
    languages: Sequence[str] = ()
    instructions: str = ""


@dataclass(frozen=True, eq=False)
class CallRecord:
    """What was left of a call when it was over."""

    caller: NDArray[np.int16]
    """The recording's left channel: what was sent."""
    agent: NDArray[np.int16]
    """Its right channel: what came out of the loudspeaker."""
    rate: int
    events: tuple[Event, ...]
    said: tuple[Said, ...]
    underruns: int
    late: tuple[float, ...]
    """Seconds by which this caller's own clock was late, frame by frame."""

    @property
    def lines(self) -> list[Span]:
        """Where in the recording each line lies."""
        return [Span(seconds(said.starts_at), seconds(said.ends_at)) for said in self.said]

    @property
    def frames(self) -> list[AgentAudio]:
        """The agent's audio as it arrived."""
        return [event for event in self.events if isinstance(event, AgentAudio)]

    @property
    def timings(self) -> list[Timings]:
        """What the server says about each reply."""
        return [event for event in self.events if isinstance(event, Timings)]

    @property
    def transcript(self) -> str:
        """The final words of all turns; a turn that went on counts once, with its last words."""
        finals = {e.turn: e.text for e in self.events if isinstance(e, Transcript) and e.final}
        return " ".join(text for _, text in sorted(finals.items()))


async def place_call(
    target: Target,
    lines: Sequence[Line],
    path: Path,
    *,
    end: Cue = AfterReply(0.5),  # noqa: B008 - frozen
    patience: float = 15.0,
) -> CallRecord:
    """Call, say the lines at their cues, and hang up at the end.

    Args:
        target: Whom to call.
        lines: What to say, at the target's rate.
        path: Of the recording; the event log is put beside it.
        end: As in ``Script``.
        patience: As in ``Script``.

    Raises:
        CallError: the call did not come about, or broke.
    """
    events: list[Event] = []
    async with connect(
        target.url,
        token=target.token,
        audio=target.audio,
        languages=target.languages,
        instructions=target.instructions,
        reports_playout=True,
    ) as call:
        script = Script(lines, rate=target.audio.rate, end=end, patience=patience)
        voice = Scripted(script)
        log = EventLog(path.with_suffix(".jsonl"))
        recorder = Recorder(path, rate=target.audio.rate)
        phone = Phone(call, voice, recorder=recorder, observers=[events.append, log.event])
        try:
            await phone.talk()
        finally:
            recorder.close()
            log.close()
    recording, rate = soundfile.read(path, dtype="int16", always_2d=True)
    return CallRecord(
        caller=recording[:, 0],
        agent=recording[:, 1],
        rate=rate,
        events=tuple(events),
        said=script.said,
        underruns=phone.player.underruns,
        late=tuple(voice.late),
    )
