"""Silence in a reply that nobody said: found in the recording. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.client._events import AgentAudio, Event, Turn, TurnKind
from talkover.core.clock import FRAME

HOLE: Final = 0.040
"""Seconds: a shorter one is not heard."""
_BREAKS: Final = (TurnKind.AGENT_FINISHED, TurnKind.BARGE_IN, TurnKind.RESUMED)


@dataclass(frozen=True, slots=True)
class Hole:
    """Silence inside a reply."""

    seconds: float
    at: float
    """When the first sound after it arrived (s, as events have it)."""


def holes(agent: NDArray[np.int16], rate: int, events: Iterable[Event]) -> list[Hole]:
    """Where the loudspeaker was silent inside a reply, though the voice was not.

    Every frame that arrived is looked for in the recording; two of a reply that lie further apart
    there than they do on the agent's lane have a hole between them. What was thrown away, because
    the caller interrupted, is not found, and nothing is said of it.

    Args:
        agent: What came out of the loudspeaker: int16 [n].
        rate: Its rate (Hz).
        events: Of the call, in order.
    """
    sounding = np.flatnonzero(agent)
    found: list[Hole] = []
    before: tuple[int, int] | None = None  # of a reply's frame: on the lane, in the recording
    cursor = 0
    for event in events:
        if isinstance(event, Turn) and event.kind in _BREAKS:
            before = None
        if not isinstance(event, AgentAudio) or not event.pcm.any():
            continue
        place = _find(agent, sounding, event.pcm, cursor)
        if place is None:
            before = None
            continue
        cursor = place + len(event.pcm)
        frame = event.lane_position // FRAME
        if before is not None:
            silence = place - before[1] - (frame - before[0]) * len(event.pcm)
            if silence / rate > HOLE:
                found.append(Hole(silence / rate, event.received))
        before = frame, place
    return found


def _find(
    agent: NDArray[np.int16], sounding: NDArray[np.intp], pcm: NDArray[np.int16], cursor: int
) -> int | None:
    """Where a frame begins in the recording, not before ``cursor``; None: it is not the next."""
    first = int(np.flatnonzero(pcm)[0])
    number = int(np.searchsorted(sounding, cursor))
    if number == len(sounding):
        return None
    place = int(sounding[number]) - first
    return place if place >= 0 and np.array_equal(agent[place : place + len(pcm)], pcm) else None
