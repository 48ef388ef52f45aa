"""A caller of the load bench: says recordings one after another and waits for each answer. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.client._events import TurnKind
from talkover.client.bench import measure

PATIENCE: Final = 15.0
"""Seconds after which a talker whom nobody answers goes on."""

_LOUD: Final = 300  # int16; a voice, not its breath


@dataclass(frozen=True, slots=True)
class Piece:
    """A recording in frames of 20 ms."""

    name: str
    frames: int
    last: int
    """Of the frames: the one with the last sound."""


def piece(name: str, pcm: NDArray[np.int16], rate: int) -> Piece:
    """Where a recording's sound ends.

    Args:
        name: For reports.
        pcm: int16 [samples].
        rate: Its rate (Hz).
    """
    frames = -(-len(pcm) // (rate // 50))
    spans = measure.sound_spans(pcm, rate)
    end = spans[-1].end if spans else len(pcm) / rate
    return Piece(name, frames, min(frames - 1, max(0, round(end * 50) - 1)))


def loud(pcm: NDArray[np.int16]) -> bool:
    """Whether a frame is heard."""
    return bool(len(pcm)) and int(np.abs(pcm.astype(np.int32)).max()) > _LOUD


class _State(Enum):
    PAUSING = auto()
    SAYING = auto()
    WAITING = auto()


class Talker:
    """Decides what a caller says in the next 20 ms, and notes how long answers take.

    Args:
        pieces: What to say, in order and then again.
        begin: When to begin (seconds on the clock of all ``now``).
        pause: Seconds between the end of an answer and the next piece.
    """

    def __init__(self, pieces: Sequence[Piece], *, begin: float, pause: float = 0.7) -> None:
        self.gaps: list[tuple[float, float]] = []
        """When the caller's sound had ended, and seconds from then to the agent's first."""
        self.unanswered: list[float] = []
        """When the caller's sound had ended to which no voice came back."""
        self.interrupted = 0
        self.done = 0  # exchanges that are over, answered or not
        self.pieces = pieces
        self._pause = pause
        self._state = _State.PAUSING
        self._resume = begin
        self._number = -1
        self._frame = 0
        self._ended: float | None = None  # when the last sound of the piece was sent
        self._answered = False
        self._cut = False  # the agent spoke into it: no gap is counted

    @property
    def waiting(self) -> bool:
        """The first sound of an answer is still to come."""
        return self._ended is not None and not self._answered

    def next(self, now: float) -> tuple[int, int] | None:
        """Which piece and which of its frames is said in the next 20 ms; None: silence."""
        if self._state is _State.WAITING and self._ended is not None:
            if now - self._ended > PATIENCE:
                self._over(now)
        elif self._state is _State.PAUSING and now >= self._resume:
            self._state, self._frame = _State.SAYING, 0
            self._number = (self._number + 1) % len(self.pieces)
            self._ended, self._answered, self._cut = None, False, False
        if self._state is not _State.SAYING:
            return None
        said = (self._number, self._frame)
        saying = self.pieces[self._number]
        if self._frame == saying.last:
            self._ended = now
        self._frame += 1
        if self._frame == saying.frames:
            self._state = _State.WAITING
        return said

    def turn(self, kind: TurnKind, now: float) -> None:
        """Take a change of who has the floor."""
        if kind is TurnKind.AGENT_STARTED and self._state is _State.SAYING and not self._ended:
            self._cut = True
        elif kind is TurnKind.AGENT_FINISHED and self._state is _State.WAITING:
            self._over(now)

    def heard(self, now: float) -> None:
        """The agent sounds."""
        if not self.waiting or self._ended is None:
            return
        self._answered = True
        if not self._cut:
            self.gaps.append((self._ended, now - self._ended))

    def _over(self, now: float) -> None:
        if not self._answered and not self._cut and self._ended is not None:
            self.unanswered.append(self._ended)
        self.interrupted += self._cut
        self.done += 1
        self._ended = None
        self._state, self._resume = _State.PAUSING, now + self._pause
