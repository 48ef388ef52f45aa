"""A caller who says recordings, waits for their words, and may say what they should have been.

Pure: frames of 20 ms and events go in, frames and deeds come out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.client._events import Event, Started, Transcript, Turn, TurnKind
from talkover.client.bench.callers.spoken import Utterance
from talkover.client.bench.recognition import score

Samples = NDArray[np.int16]

PATIENCE: Final = 20.0
"""Seconds after which a caller whom nobody understood goes on."""
SETTLE: Final = 0.8
"""Seconds of silence after a recording before its words can be all."""
_PAUSE: Final = 0.6  # seconds between two turns


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Something to say.

    Attributes:
        utterance: What it is.
        pcm: int16 [samples] at the call's rate.
        corrects: Whether the caller says what it should have read, where that is other.
    """

    utterance: Utterance
    pcm: Samples
    corrects: bool


@dataclass(frozen=True, slots=True)
class Correct:
    """Say what a turn should have read."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Press:
    """Stop the agent: this caller has understood."""


Deed = Correct | Press


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was made of a line.

    Attributes:
        utterance: What was said.
        text: What was understood of it; empty: nothing.
        turns: That it fell into.
        bundle: Whose listener that was.
        words: Of the reference, normalised.
        errors: Words that differ.
        wait: Seconds from the end of the recording to its last words; None: there were none.
        corrected: The caller said what was right.
    """

    utterance: Utterance
    text: str
    turns: tuple[int, ...]
    bundle: str
    words: int
    errors: int
    wait: float | None
    corrected: bool


class Talk:
    """Decides what a caller says and does in the next 20 ms.

    Args:
        lines: In order.
        rate: Of their audio (Hz).
    """

    def __init__(self, lines: Sequence[Line], *, rate: int) -> None:
        self.heard: list[Heard] = []
        self._lines = lines
        self._size = rate // 50
        self._resume: float | None = None  # when the next line begins
        self._left: Samples | None = None  # of the line that is being said
        self._ended: float | None = None  # when the line was said to its end
        self._deeds: list[Deed] = []
        self._open: set[int] = set()  # turns that are not over
        self._bundle = ""
        self._texts: dict[int, str] = {}
        self._last: float | None = None  # when words became final
        self._closed = False  # a turn of this line is over

    def deeds(self) -> list[Deed]:
        """What is to be done besides speaking; each once."""
        done, self._deeds = self._deeds, []
        return done

    def frame(self, now: float) -> Samples | None:
        """The next 20 ms, int16 [rate / 50]; None: hang up.

        Args:
            now: Seconds, on the clock of the events' ``received``.
        """
        if self._ended is not None and self._is_over(now, self._ended):
            self._finish(now, self._ended)
        if self._ended is None and self._left is None:
            self._resume = now + _PAUSE if self._resume is None else self._resume
            if now >= self._resume:
                if len(self.heard) == len(self._lines):
                    return None
                self._forget()
                self._left = self._lines[len(self.heard)].pcm
        return np.zeros(self._size, np.int16) if self._left is None else self._say(self._left, now)

    def event(self, event: Event) -> None:
        """Take what the agent did."""
        if isinstance(event, Started):
            self._bundle = event.bundle_id
        elif isinstance(event, Turn) and event.kind is TurnKind.CALLER_STARTED:
            self._open.add(event.turn)
        elif isinstance(event, Turn) and event.kind is TurnKind.FALSE_START:
            self._open.discard(event.turn)
            self._closed = True
        elif isinstance(event, Transcript):
            self._bundle = event.bundle_id
            if event.final:
                self._open.discard(event.turn)
                self._closed = True
                self._texts[event.turn] = event.text
                self._last = event.received

    def _say(self, left: Samples, now: float) -> Samples:
        frame = np.zeros(self._size, np.int16)
        frame[: len(left[: self._size])] = left[: self._size]
        self._left = left[self._size :]
        if not len(self._left):
            self._left, self._ended = None, now
        return frame

    def _is_over(self, now: float, ended: float) -> bool:
        settled = self._closed and not self._open and now - ended >= SETTLE
        return settled or now - ended >= PATIENCE

    def _finish(self, now: float, ended: float) -> None:
        line = self._lines[len(self.heard)]
        turns = tuple(sorted(self._texts))
        text = " ".join(self._texts[turn] for turn in turns).strip()
        counted = score(line.utterance.name, line.utterance.text, text, 0.0)
        corrects = line.corrects and counted.errors > 0 and len(turns) == 1
        if corrects:
            self._deeds.append(Correct(turns[0], line.utterance.text))
        self._deeds.append(Press())
        self.heard.append(
            Heard(
                utterance=line.utterance,
                text=text,
                turns=turns,
                bundle=self._bundle,
                words=counted.words,
                errors=counted.errors,
                wait=None if self._last is None else max(0.0, self._last - ended),
                corrected=corrects,
            )
        )
        self._ended, self._resume = None, now + _PAUSE

    def _forget(self) -> None:
        """A line begins: what came before belongs to others."""
        self._texts, self._last, self._closed = {}, None, False
