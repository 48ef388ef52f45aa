"""Calls whose truth is known: an agent that counts with a real person's recorded digits."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from talkover.client.bench.duplex.types import CallRecording, Event, ServerEvent
from talkover.client.bench.measure import sound_spans
from talkover.core.audio import read_wav

RATE = 16_000
DIGITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def recorded_digits(prompts) -> dict[str, np.ndarray]:
    """Words without silence at their edges."""
    found = {p.name: p for p in prompts}
    words = {}
    for number, word in enumerate(DIGITS, 1):
        pcm = read_wav(found[f"digits/{number}"].path, rate=RATE)
        spans = sound_spans(pcm, RATE, merge=1.0)
        words[word] = pcm[round(spans[0].start * RATE) : round(spans[0].end * RATE)]
    return words


@dataclass
class Made:
    """A call in the making, in seconds."""

    digits: dict[str, np.ndarray]
    seconds: float = 20.0
    name: str = "made/dev/0"
    transport: str = "grpc"
    events: list[Event] = field(default_factory=list)
    server: list[ServerEvent] = field(default_factory=list)
    words: list[tuple[str, float, float]] = field(default_factory=list)

    def __post_init__(self):
        self.agent = np.zeros(round(self.seconds * RATE), np.int16)
        self.near = np.zeros_like(self.agent)

    def say(self, start: float, words: Sequence[str] = DIGITS, *, turn: int = 0, new: bool = True):
        """The agent says words from a moment on; returns when it will be done."""
        if new:
            self.server.append(ServerEvent("AGENT_STARTED", start, turn))
        at = round(start * RATE)
        for word in words:
            pcm = self.digits[word]
            self.agent[at : at + len(pcm)] = pcm
            self.words.append((word, at / RATE, (at + len(pcm)) / RATE))
            at += len(pcm)
        return at / RATE

    def hush(self, start: float, end: float | None = None):
        """Take the agent's sound away, from a moment on or between two."""
        last = len(self.agent) if end is None else round(end * RATE)
        self.agent[round(start * RATE) : last] = 0

    def caller(self, start: float, word: str = "four") -> float:
        """The caller's own voice; returns its end."""
        pcm = self.digits[word]
        at = round(start * RATE)
        self.near[at : at + len(pcm)] = pcm
        return (at + len(pcm)) / RATE

    def done(self) -> CallRecording:
        return CallRecording(
            self.name,
            "made",
            "dev",
            self.transport,
            RATE,
            self.near.copy(),
            self.near.copy(),
            self.agent.copy(),
            tuple(self.events),
            tuple(sorted(self.server, key=lambda event: event.at)),
            tuple(self.words),
        )
