"""The caller's loudspeaker, as a pure model: what comes out of it, and when.

Nothing here waits or knows the time: somebody with a clock (a timer or a sound card) asks for 20 ms
at a time, and the model answers with exactly the samples that a listener hears in them.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio import DUCKED, faded, levelled
from talkover.core.clock import FRAME, RATE, rescale

Samples = NDArray[np.int16]

_LONGEST_QUEUE: Final = 10.0
"""Seconds of audio that may wait. A server that paces its audio never comes near."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of agent audio that came out in one piece."""

    lane_position: int
    """Of its first sample on the agent lane (ticks)."""
    heard_at: int
    """When it came out, on the caller's clock (ticks since the loudspeaker was switched on)."""
    ticks: int


@dataclass(slots=True)
class _Chunk:
    pcm: Samples
    lane_position: int  # ticks, of the chunk's first sample
    starts_at: int  # ticks, of the chunk's first sample
    taken: int = 0  # samples that have come out


class Player:
    """A jitter buffer with a small fixed delay and a clocked way out.

    A stretch of agent audio (a reply, up to a gap in its media times) begins to come out when
    ``prebuffer`` seconds of it have arrived or have passed. After that, audio that is not there
    when its 20 ms come is an underrun: silence comes out, and what is late comes out later. Ends
    of replies are no underruns. When more than ten seconds wait, newly arriving audio is dropped
    and counted.

    Args:
        rate: Of the samples (Hz), one at which 20 ms is a whole number of them.
        prebuffer: Seconds held back to ride out jitter.
    """

    def __init__(self, rate: int = RATE, *, prebuffer: float = 0.04) -> None:
        self._rate = rate
        self._frame = rate // 50
        self._prebuffer = round(prebuffer * rate)
        self._chunks: deque[_Chunk] = deque()
        self._waiting = 0  # samples
        self._held = 0  # samples of time that the stretch at the front has been held back
        self._flowing = False
        self._next = 0  # media time that comes out next, while it flows
        self._dry: int | None = None  # media time at which the flow ran dry
        self._ducking: int | None = None  # media time from which the server has begun to duck
        self._now = 0  # ticks
        self._played = 0
        self._underruns = 0
        self._dropped = 0
        self._spans: list[Span] = []

    @property
    def now(self) -> int:
        """Ticks that have come out, silence included: the caller's clock."""
        return self._now

    @property
    def played(self) -> int:
        """How far on the agent lane the loudspeaker is: what a playout report says.

        Never decreases. Positions that were flushed are passed over once later ones come out, as
        when the agent goes on after a false interruption.
        """
        return self._played

    @property
    def waiting(self) -> int:
        """Ticks of audio that have arrived and not come out."""
        return rescale(self._waiting, self._rate)

    @property
    def underruns(self) -> int:
        """How often a reply stalled because its audio was late."""
        return self._underruns

    @property
    def dropped(self) -> int:
        """Ticks thrown away for want of room."""
        return rescale(self._dropped, self._rate)

    @property
    def spans(self) -> tuple[Span, ...]:
        """What came out when, oldest first; silence is what is between them."""
        return tuple(self._spans)

    def push(self, pcm: Samples, *, lane_position: int, starts_at: int) -> None:
        """Take audio off the network.

        Args:
            pcm: int16 [samples] at the player's rate.
            lane_position: As in ``AgentAudio`` (ticks).
            starts_at: As in ``AgentAudio`` (ticks); it follows the chunk before without a gap
                unless a new stretch begins.
        """
        if self._waiting + len(pcm) > _LONGEST_QUEUE * self._rate:
            self._dropped += len(pcm)
            return
        if self._dry is not None:
            if starts_at == self._dry:
                self._underruns += 1
            self._dry = None
        if starts_at == self._ducking:
            pcm = levelled(pcm)
        self._ducking = None
        if len(pcm):
            self._chunks.append(_Chunk(pcm, lane_position, starts_at))
            self._waiting += len(pcm)

    def play(self) -> Samples:
        """What comes out in the next 20 ms: int16 [rate / 50]."""
        out = np.zeros(self._frame, np.int16)
        if not self._flows() and self._chunks:
            self._flowing = self._front() >= self._prebuffer or self._held >= self._prebuffer
            self._held += self._frame
            self._next = self._chunks[0].starts_at
        filled = 0
        while filled < self._frame and self._flows():
            filled += self._take(out, filled)
        self._now += FRAME
        return out

    def duck(self) -> None:
        """The agent gives way: let what has arrived come out as softly as what will.

        What waits here was sent before; whoever hears it would have to wait for the agent to give
        way by as long as it waits. The server fades its next frame, which needs no fading then.
        """
        gain = 1.0
        for chunk in self._chunks:
            rest = chunk.pcm[chunk.taken :]
            soft = faded(rest, gain, DUCKED)
            chunk.pcm = np.concatenate([chunk.pcm[: chunk.taken], soft])
            gain, self._ducking = DUCKED, chunk.starts_at + rescale(len(chunk.pcm), self._rate)

    def flush(self) -> int:
        """Throw away what has not come out; returns how many ticks that were.

        What is pushed afterwards begins a new stretch.
        """
        thrown = self._waiting
        self._chunks.clear()
        self._waiting = self._held = 0
        self._flowing = False
        self._dry = self._ducking = None
        return rescale(thrown, self._rate)

    def _front(self) -> int:
        """Samples that wait of the stretch at the front."""
        count, expected = 0, self._chunks[0].starts_at
        for chunk in self._chunks:
            if chunk.starts_at != expected:
                return max(count, self._prebuffer)  # it is whole: there is nothing to wait for
            count += len(chunk.pcm) - chunk.taken
            if count >= self._prebuffer:
                break
            expected = chunk.starts_at + rescale(len(chunk.pcm), self._rate)
        return count

    def _take(self, out: Samples, at: int) -> int:
        """Move samples of the chunk at the front into ``out[at:]``; returns how many."""
        chunk = self._chunks[0]
        count = min(len(chunk.pcm) - chunk.taken, len(out) - at)
        out[at : at + count] = chunk.pcm[chunk.taken : chunk.taken + count]
        self._note(chunk.lane_position + rescale(chunk.taken, self._rate), at, count)
        chunk.taken += count
        self._waiting -= count
        self._next = chunk.starts_at + rescale(chunk.taken, self._rate)
        if chunk.taken == len(chunk.pcm):
            self._chunks.popleft()
        return count

    def _flows(self) -> bool:
        """Whether the stretch goes on; if not, the flow stops here until it is started again."""
        if not self._flowing:
            return False
        if self._chunks:
            front = self._chunks[0]
            if front.starts_at + rescale(front.taken, self._rate) == self._next:
                return True
        self._flowing = False
        self._held = 0
        self._dry = None if self._chunks else self._next
        return False

    def _note(self, lane_position: int, at: int, count: int) -> None:
        ticks = rescale(count, self._rate)
        heard_at = self._now + rescale(at, self._rate)
        self._played = max(self._played, lane_position + ticks)
        if self._spans:
            last = self._spans[-1]
            joined = last.lane_position + last.ticks == lane_position
            if joined and last.heard_at + last.ticks == heard_at:
                self._spans[-1] = Span(last.lane_position, last.heard_at, last.ticks + ticks)
                return
        self._spans.append(Span(lane_position, heard_at, ticks))
