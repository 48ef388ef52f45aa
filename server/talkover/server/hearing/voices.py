"""Voice activity for all sessions: hops that wait together are judged together, off the loop."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import HOP, samples
from talkover.core.vad import VoiceActivity, VoiceModel, feed_all, is_faint
from talkover.server.evidence import EchoCanceller, EchoPolicy
from talkover.server.inference import Worker

_ROOM: Final = 40  # hops of a stream that may wait: more than a second
_POLICY: Final = EchoPolicy(suspicion=3)
"""Before a call's first echo is found, it ducks the agent; the words show that they are its own.
A caller without an echo must not wait longer for the sake of those who have one."""

REPLAY: Final = samples(2.0) // HOP * HOP
"""Ticks that voice activity must have heard before its state is worth something."""

_GATHER: Final = 0.008
"""Seconds between batches. Under load more hops come together meanwhile, and a hop in company costs
half; a hop that comes when nothing runs does not wait."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A hop of a caller's audio and what is known of it.

    Attributes:
        end: Where it ends on the media clock.
        pcm: int16 [512], with the agent's echo taken off.
        voice: Probability that a voice is in it.
        echo: How much of it, as it came in, was the agent's own sound: 0 to 1.
    """

    end: int
    pcm: NDArray[np.int16]
    voice: float
    echo: float = 0.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    end: int
    pcm: NDArray[np.int16]
    far: NDArray[np.int16] | None  # what the agent said then; None: nothing for long


class VoiceStream:
    """One caller's hops; ``BatchedVoices.open`` makes it.

    Args:
        model: Of voice activity.
        deliver: Called on the event loop with each hop, in order.
        fail: Called when a hop could not be judged.
        stir: Called when there is something to judge.
        before: The caller's stream on other weights. What is known of the echo goes on; voice
            activity never takes up what other weights left, but hears the audio again.
        recent: That was judged last: int16 [REPLAY].
    """

    def __init__(
        self,
        model: VoiceModel,
        deliver: Callable[[Judged], None],
        fail: Callable[[Exception], None],
        stir: Callable[[], None],
        before: "VoiceStream | None" = None,
        recent: NDArray[np.int16] | None = None,
    ) -> None:
        self.activity = VoiceActivity(model)
        self.waiting: deque[_Waiting] = deque()
        self.echo: EchoCanceller = EchoCanceller(_POLICY) if before is None else before.echo
        self._recent = recent
        self._deliver = deliver
        self._fail = fail
        self._stir = stir
        self._taken = asyncio.Event()
        self._judging = 0
        self._closed = False

    async def push(
        self, end: int, pcm: NDArray[np.int16], far: NDArray[np.int16] | None = None
    ) -> None:
        """Let a hop be judged. Waits while too many wait.

        Args:
            end: Where it ends on the media clock.
            pcm: int16 [512].
            far: What the agent said in that time: int16 [512]; None: nothing for long.
        """
        if far is None and not (self.waiting or self._judging) and is_faint(pcm):
            self.settle(Judged(end, pcm, 0.0))
            return
        while len(self.waiting) >= _ROOM and not self._closed:
            self._taken.clear()
            await self._taken.wait()
        if not self._closed:
            self.waiting.append(_Waiting(end, pcm, far))
            self._stir()

    def take(self) -> _Waiting:
        """The next hop. There must be one."""
        self._taken.set()
        self._judging += 1
        return self.waiting.popleft()

    def clean(self, hop: _Waiting) -> tuple[NDArray[np.int16], float]:
        """Take the agent's echo off a hop, and say how much of it there was. On the worker."""
        if self._recent is not None:
            for heard in self._recent.reshape(-1, HOP):
                self.activity.feed(heard)
            self._recent = None
        if hop.far is None:
            return hop.pcm, 0.0
        found = self.echo.push(hop.pcm, hop.far)
        return found.clean, found.likelihood

    def finish(self, judged: Judged) -> None:
        """A hop that was taken is judged."""
        self._judging -= 1
        self.settle(judged)

    def settle(self, judged: Judged) -> None:
        """A hop is judged."""
        if not self._closed:
            try:
                self._deliver(judged)
            except Exception as error:  # noqa: BLE001 - one call's mistake must not touch others
                self.break_off(error)

    def break_off(self, error: Exception) -> None:
        """Nothing more can be judged."""
        if not self._closed:
            self.close()
            self._fail(error)

    def close(self) -> None:
        """No more is delivered."""
        self._closed = True
        self.waiting.clear()
        self._taken.set()


class BatchedVoices:
    """Judges the hops of every session on one worker.

    Args:
        model: The weights.
        worker: Where they run; it must not be niced, for audio waits for it.
    """

    def __init__(self, model: VoiceModel, worker: Worker) -> None:
        self.model = model
        self._worker = worker
        self._busy: dict[VoiceStream, None] = {}  # streams with hops, in the order they came
        self._pump: asyncio.Task[None] | None = None

    def open(
        self,
        deliver: Callable[[Judged], None],
        fail: Callable[[Exception], None],
        before: VoiceStream | None = None,
        recent: NDArray[np.int16] | None = None,
    ) -> VoiceStream:
        """A new caller, or one who comes over from other weights.

        Args:
            deliver: Called on the event loop with each hop, in order.
            fail: Called at most once, when no more hops can be judged.
            before: The caller's stream on other weights, with no hop left to judge.
            recent: That was judged last: int16 [REPLAY].
        """

        def stir() -> None:
            self._busy[stream] = None
            if self._pump is None or self._pump.done():
                self._pump = asyncio.create_task(self._run(), name="voices-pump")

        stream = VoiceStream(self.model, deliver, fail, stir, before, recent)
        return stream

    async def close(self) -> None:
        """Judge no more."""
        if self._pump is not None:
            self._pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump

    async def _run(self) -> None:
        while batch := self._next_batch():
            try:
                judged = await self._worker.run(partial(self._judge, batch))
            except Exception as error:  # noqa: BLE001 - it belongs to those who asked
                for stream, _ in batch:
                    stream.break_off(error)
                continue
            for (stream, _), result in zip(batch, judged, strict=True):
                stream.finish(result)
            await asyncio.sleep(_GATHER)

    def _next_batch(self) -> list[tuple[VoiceStream, _Waiting]]:
        batch = []
        for stream in list(self._busy):
            if stream.waiting:
                batch.append((stream, stream.take()))
            if not stream.waiting:
                del self._busy[stream]
        return batch

    def _judge(self, batch: list[tuple[VoiceStream, _Waiting]]) -> list[Judged]:
        cleaned = [stream.clean(hop) for stream, hop in batch]
        hops = [
            (stream.activity, pcm) for (stream, _), (pcm, _) in zip(batch, cleaned, strict=True)
        ]
        voices = feed_all(self.model, hops)
        return [
            Judged(hop.end, pcm, voice, echo)
            for (_, hop), (pcm, echo), voice in zip(batch, cleaned, voices, strict=True)
        ]
