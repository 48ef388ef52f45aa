"""A network that loses, delays, reorders and doubles packets, the same way for the same seed."""

import random
from dataclasses import dataclass

MASK16, MASK32 = 0xFFFF, 0xFFFFFFFF


@dataclass(frozen=True)
class Sent:
    """An RTP packet that leaves at ``at`` seconds."""

    sequence: int
    timestamp: int
    payload: bytes
    at: float


def stream(payloads, *, sequence=0, timestamp=0, step=960, start=0.0):
    """Payloads as packets on a grid of ``step`` ticks of 48 kHz."""
    return [
        Sent(
            (sequence + i) & MASK16,
            (timestamp + i * step) & MASK32,
            payload,
            start + i * step / 48_000,
        )
        for i, payload in enumerate(payloads)
    ]


class LossyLink:
    """Loss is independent, or bursty by Gilbert's model with bursts of ``burst`` packets.

    Args:
        loss: Share of packets that are lost.
        burst: Mean length of a loss.
        jitter: Each packet is late by 0 to this, so that packets overtake one another (s).
        duplicate: Share of packets that come twice.
        keep: Packets at either end that are not touched.
    """

    def __init__(self, seed, *, loss=0.0, burst=1.0, jitter=0.0, duplicate=0.0, keep=1):
        self._random = random.Random(seed)
        self._stay = 1 - 1 / burst
        self._enter = loss / (burst * (1 - loss)) if burst > 1 else loss
        self._burst, self._jitter, self._duplicate, self._keep = burst, jitter, duplicate, keep

    def send(self, packets):
        """What arrives: pairs of time and packet, by time; and the indices that do not."""
        arrivals, lost, bad = [], [], False
        for index, packet in enumerate(packets):
            bad = self._random.random() < (self._stay if bad and self._burst > 1 else self._enter)
            safe = index < self._keep or index >= len(packets) - self._keep
            if bad and not safe:
                lost.append(index)
                continue
            delay = 0.0 if safe else self._random.uniform(0, self._jitter)
            arrivals.append((packet.at + delay, index, packet))
            if self._random.random() < self._duplicate:
                arrivals.append((packet.at + delay + 0.03, index, packet))
        arrivals.sort(key=lambda arrival: arrival[:2])
        return [(at, packet) for at, _, packet in arrivals], lost


def run(consumer, arrivals):
    """Push and pop as the transport does, timers included; yields pairs of time and item."""
    for at, packet in arrivals:
        while (due := consumer.deadline()) is not None and due <= at:
            yield from ((due, item) for item in consumer.pop(due))
        consumer.push(packet.sequence, packet.timestamp, packet.payload, at)
        yield from ((at, item) for item in consumer.pop(at))
    while (due := consumer.deadline()) is not None:
        yield from ((due, item) for item in consumer.pop(due))
