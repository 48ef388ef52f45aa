"""Live turns are heard a second time by a candidate, which nobody waits for."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import TalkoverError
from talkover.core.listener import ListenRequest, Transcript
from talkover.server.hearing import BatchedListener
from talkover.server.swap.signs import Compared

_WAITING: Final = 4
_LOOK: Final = 0.01  # seconds between two looks at whether the live listener is wanted


@dataclass(frozen=True, slots=True, eq=False)
class LiveTurn:
    """What a caller said, and what the served listener made of it.

    Attributes:
        pcm: float32 [n] at 16 kHz.
        languages: That the caller may speak.
        heard: By the listener that is served.
    """

    pcm: NDArray[np.float32]
    languages: tuple[str, ...]
    heard: Transcript


class Shadow:
    """Lets one listener hear what another has heard.

    At most four turns wait; one more is dropped. A turn that is being heard is dropped, too, as
    soon as anybody's words are wanted from the live listener: the shadow takes what is left over.

    Args:
        listener: The candidate's.
        live: The listener that callers wait for.
        tell: Told of each turn that was compared.
    """

    def __init__(
        self, listener: BatchedListener, live: BatchedListener, tell: Callable[[Compared], None]
    ) -> None:
        self._listener = listener
        self._live = live
        self._tell = tell
        self._turns: asyncio.Queue[LiveTurn] = asyncio.Queue(_WAITING)
        self.dropped = 0

    def put(self, turn: LiveTurn) -> None:
        """Hear a turn again, if there is time. Returns at once."""
        try:
            self._turns.put_nowait(turn)
        except asyncio.QueueFull:
            self.dropped += 1

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            turn = await self._turns.get()
            await self._live.rest()
            compared = await self._hear(turn)
            if compared is None:
                self.dropped += 1
            else:
                self._tell(compared)

    async def _hear(self, turn: LiveTurn) -> Compared | None:
        request = ListenRequest(turn.pcm, turn.languages, words=False)
        hearing = asyncio.ensure_future(self._listener.transcribe(request, urgent=False))
        try:
            while not hearing.done():
                if self._live.busy:
                    return None
                await asyncio.wait([hearing], timeout=_LOOK)
            return compare(turn.heard, hearing.result())
        except TalkoverError:
            return Compared(broken=True)
        finally:
            hearing.cancel()
            with suppress(asyncio.CancelledError, TalkoverError):
                await hearing


def compare(before: Transcript, after: Transcript) -> Compared:
    """What one listener lacks that the other has."""
    return Compared(
        empty=bool(before.text) and not after.text,
        empty_before=bool(after.text) and not before.text,
        broken=before.best.complete and not after.best.complete,
    )
