"""Puts RTP packets back in order for a consumer that is a machine, not an ear.

A player holds every packet back so that its sound never stops. Voice activity detection and a
recogniser do not mind a pause: here a packet in order leaves at once, and delay exists only while
something is missing. There is no clock inside; the caller says what time it is.

What comes out is a timeline without holes: every item begins where the one before it ended, even
when the sender starts anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MIN_PATIENCE: Final = 0.020
MAX_PATIENCE: Final = 0.120
MAX_HELD: Final = 50
"""Packets held at most: a second of frames of 20 ms."""
MAX_JUMP: Final = 1_000
"""A sequence number further away than this belongs to a sender that started anew."""

_MEMORY: Final = 5.0  # seconds: patience is what the last one or two such spans needed
_MARGIN: Final = 0.005  # seconds of patience on top of what would have been enough
_MAX_GAP: Final = 5.0  # seconds of silence that timestamps may claim
_LONG: Final = 0.200  # seconds: a longer hole is silence, not a guess
_LONGEST_PACKET: Final = 0.120  # seconds, by RFC 6716
_REMEMBERED: Final = 256  # lost sequence numbers, to tell late packets from duplicates


@dataclass(frozen=True, slots=True)
class Arrived:
    """A packet, in its place.

    Attributes:
        payload: What it carries, not empty.
        timestamp: Where it begins (clock ticks): the sender's, unwrapped, without its jumps.
        sequence: Unwrapped; its low 16 bits are the sender's.
        duration: Clock ticks it fills. Fewer than it holds when it overlaps the one before:
            its last ones count.
    """

    payload: bytes
    timestamp: int
    sequence: int
    duration: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Time for which nothing came.

    Attributes:
        timestamp: Where it begins (clock ticks).
        duration: How long it is (clock ticks); more than 200 ms is to be silence.
        next_payload: The packet right after it, whose FEC may hold it; None when that is not
            next, or when the sender was silent and nothing was lost.
    """

    timestamp: int
    duration: int
    next_payload: bytes | None


@dataclass(slots=True)
class JitterStats:
    """Counts of packets.

    Attributes:
        received: All that came.
        lost: Not there in time, or empty.
        late: Came after they had been given up, or before the first.
        duplicate: Came again.
        reordered: Came after a later one and still found their place.
        empty: Had no payload; lost.
        overlapping: Held nothing but time that was already filled.
        overflowed: Dropped because too many were held; lost.
        resyncs: How often the sender started anew.
    """

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    reordered: int = 0
    empty: int = 0
    overlapping: int = 0
    overflowed: int = 0
    resyncs: int = 0


@dataclass(frozen=True, slots=True)
class _Packet:
    payload: bytes
    timestamp: int  # as on the wire
    arrival: float
    fresh: bool  # the first after the sender started (anew): its place is taken as it comes


class JitterBuffer:
    """A reorder buffer with adaptive patience.

    A hole is waited for from the arrival of the first packet behind it, for ``patience`` seconds
    and no longer. Patience is the longest that a packet out of order needed in the last 5 to 10 s,
    between 20 and 120 ms: a slow decay would give up good packets all the way down.

    At most ``MAX_HELD`` packets are held: when they are, ``pop`` waits for the oldest hole no more,
    and when nobody pops, the oldest packet is dropped. Call ``pop`` after every ``push`` and when
    ``deadline`` has come.

    Args:
        clock_rate: Ticks of the timestamps a second.
        duration: Tells how many ticks a payload fills; 20 ms each by default. Must not raise.
    """

    def __init__(
        self, clock_rate: int = 48_000, *, duration: Callable[[bytes], int] | None = None
    ) -> None:
        self.stats = JitterStats()
        self.patience = MIN_PATIENCE
        self._rate = clock_rate
        self._frame = clock_rate // 50
        self._duration = duration or (lambda _: self._frame)
        self._held: dict[int, _Packet] = {}
        self._given_up: dict[int, float] = {}  # sequence to when its hole was seen
        self._started = False
        self._next = 0  # the sequence number (unwrapped) that leaves next
        self._first = 0  # of the newest start; nothing before it is waited for
        self._expected = 0  # wire timestamp of what leaves next
        self._clock = 0  # the same on the timeline that comes out
        self._rebase = True  # what leaves next sets the timestamps
        self._lost_run = 0  # packets lost since the last one left
        self._last_duration = self._frame
        self._needed = [MIN_PATIENCE, MIN_PATIENCE]  # in the span before and in this one
        self._span_end: float | None = None

    @property
    def held(self) -> int:
        """Packets inside."""
        return len(self._held)

    def push(self, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        """Take a packet.

        Args:
            sequence: 16 bits, from the RTP header.
            timestamp: 32 bits, from the RTP header.
            payload: What follows the header, decrypted and without padding.
            now: Seconds on any clock that does not go back.
        """
        self.stats.received += 1
        self._forget(now)
        if not self._started:
            self._started = True
            self._next = self._first = sequence
            self._clock = timestamp
            self._held[sequence] = _Packet(payload, timestamp, now, fresh=True)
            return
        anchor = max(self._next, self._first)
        place = anchor + _signed(sequence - anchor, 16)
        if abs(place - anchor) > MAX_JUMP or (place < self._next and self._other(timestamp)):
            self._restart(sequence, timestamp, payload, now)
        elif place < anchor:
            self._late(place, now)
        elif place in self._held:
            self.stats.duplicate += 1
        else:
            self._hold(place, _Packet(payload, timestamp, now, fresh=False))

    def pop(self, now: float) -> list[Arrived | Missing]:
        """What is ready, in order: all up to the first hole that is still waited for."""
        out: list[Arrived | Missing] = []
        while self._held:
            packet = self._held.pop(self._next, None)
            if packet is not None:
                self._release(packet, out)
                continue
            due = self.deadline()
            if due is not None and now < due:
                break
            self._give_up(min(self._held))
        return out

    def deadline(self) -> float | None:
        """When ``pop`` has to be called though nothing arrives; None: not before the next push."""
        if not self._held:
            return None
        oldest = min(packet.arrival for packet in self._held.values())
        lowest = min(self._held)
        if lowest == self._next or lowest <= self._first or len(self._held) >= MAX_HELD:
            return oldest
        return oldest + self.patience

    def _hold(self, place: int, packet: _Packet) -> None:
        if len(self._held) >= MAX_HELD:
            self._drop_oldest()
            if place < self._next:  # it was older still
                self.stats.overflowed += 1
                return
        behind = [other.arrival for number, other in self._held.items() if number > place]
        if behind:
            self.stats.reordered += 1
            self._want(packet.arrival - min(behind))
        self._held[place] = packet

    def _drop_oldest(self) -> None:
        lowest = min(self._held)
        if lowest > self._next:
            self._give_up(lowest)
        self._rebase |= self._held.pop(lowest).fresh
        self._next = lowest + 1
        self._lost_run += 1
        self.stats.lost += 1
        self.stats.overflowed += 1

    def _late(self, place: int, now: float) -> None:
        """Count what comes behind its turn, and learn from it."""
        if place < self._first:
            self.stats.late += 1
            return
        seen = self._given_up.pop(place, None)
        if seen is None:
            self.stats.duplicate += 1
            return
        self.stats.late += 1
        if now - seen <= MAX_PATIENCE:
            self._want(now - seen)

    def _want(self, wait: float) -> None:
        """Somebody was, or would have been, in time after ``wait`` seconds."""
        self._needed[1] = min(MAX_PATIENCE, max(self._needed[1], wait + _MARGIN))
        self.patience = max(self._needed)

    def _forget(self, now: float) -> None:
        """Begin a new span of memory when this one is over."""
        if self._span_end is None:
            self._span_end = now + _MEMORY
        while now >= self._span_end:
            idle = now - self._span_end >= 2 * _MEMORY
            self._span_end = now + _MEMORY if idle else self._span_end + _MEMORY
            self._needed = [MIN_PATIENCE if idle else self._needed[1], MIN_PATIENCE]
            self.patience = max(self._needed)

    def _other(self, timestamp: int) -> bool:
        """Whether this cannot be the timestamp of a late packet: another stream's, then."""
        if self._rebase:
            return False
        behind = _signed(self._expected - timestamp, 32) / self._rate
        # Packets given up since the last one left are ahead of what is expected.
        ahead = self._lost_run * _LONGEST_PACKET + (_MAX_GAP if self._lost_run else 0)
        return not -ahead <= behind <= MAX_JUMP * _LONGEST_PACKET + _MAX_GAP

    def _restart(self, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        """The sender began anew: what is held leaves at the next pop, then the new stream."""
        self.stats.resyncs += 1
        if len(self._held) >= MAX_HELD:
            self._drop_oldest()
        last = max(self._held, default=self._next - 1)
        first = last + 1 + (sequence - last - 1) % (1 << 16)
        self._held[first] = _Packet(payload, timestamp, now, fresh=True)
        self._first = first

    def _give_up(self, lowest: int) -> None:
        """Wait no more for what is before ``lowest``, the first that is held."""
        count = lowest - self._next
        if not self._held[lowest].fresh:  # nothing is lost between two streams
            seen = min(packet.arrival for packet in self._held.values())
            for place in range(max(self._next, lowest - _REMEMBERED), lowest):
                self._given_up[place] = seen
            while len(self._given_up) > _REMEMBERED:
                del self._given_up[next(iter(self._given_up))]
            self.stats.lost += count
            self._lost_run += count
        self._next = lowest

    def _release(self, packet: _Packet, out: list[Arrived | Missing]) -> None:
        """Let the next packet go, and before it the time that is missing."""
        sequence = self._next
        self._next += 1
        self._rebase |= packet.fresh
        if not packet.payload:
            self.stats.empty += 1
            self.stats.lost += 1
            self._lost_run += 1
            return
        duration = self._duration(packet.payload)
        gap = self._gap(packet.timestamp)
        if gap > 0:
            self._missing(gap, packet.payload, duration, out)
        lasts = duration + min(gap, 0)
        self._lost_run, self._rebase = 0, False
        if lasts <= 0:
            self.stats.overlapping += 1
            return
        out.append(Arrived(packet.payload, self._clock, sequence, lasts))
        self._clock += lasts
        self._expected = packet.timestamp + duration
        self._last_duration = duration

    def _gap(self, timestamp: int) -> int:
        """Ticks between what left and a packet that leaves; negative when they overlap."""
        if self._rebase:
            return 0
        gap = _signed(timestamp - self._expected, 32)
        longest = _MAX_GAP * self._rate + self._lost_run * self._last_duration
        if -_LONGEST_PACKET * self._rate <= gap <= longest:
            return gap
        self.stats.resyncs += 1
        self._expected = timestamp
        return 0

    def _missing(
        self, gap: int, payload: bytes, duration: int, out: list[Arrived | Missing]
    ) -> None:
        """Tell of a gap: whole when it is long or nothing was lost, else frame by frame."""
        if not self._lost_run or gap > _LONG * self._rate:
            pieces = [gap]
        else:  # the last is what the next packet's FEC can hold: as much as the packet itself
            tail = min(gap, duration)
            whole, rest = divmod(gap - tail, self._frame)
            pieces = [*([rest] if rest else []), *[self._frame] * whole, tail]
        repairs = self._lost_run and gap <= _LONG * self._rate
        for number, piece in enumerate(pieces, 1):
            last = payload if repairs and number == len(pieces) else None
            out.append(Missing(self._clock, piece, last))
            self._clock += piece


def _signed(difference: int, bits: int) -> int:
    """A difference of wrapping counters as the nearest signed number."""
    half = 1 << (bits - 1)
    return (difference + half) % (1 << bits) - half
