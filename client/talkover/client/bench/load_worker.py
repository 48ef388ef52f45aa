"""A process full of callers: takes a job on stdin, and gives a report a caller on stdout.

It is started by the bench, several times, so that neither the server nor the bench's own clock has
to share an interpreter with the callers. Lines, each of JSON: the job comes in, ``{"ready": true}``
goes out, ``go`` comes in, and a report goes out for each caller when its call is over.
"""

import asyncio
import contextlib
import gc
import itertools
import json
import os
import random
import sys
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from talkover.client._call import Call, connect
from talkover.client._events import AgentAudio, Event, Turn
from talkover.client.bench.measure import grid_lateness
from talkover.client.bench.running import choose_prompts
from talkover.client.bench.talker import PATIENCE, Piece, Talker, loud, piece
from talkover.client.bench.tally import CallReport
from talkover.core.audio import read_wav
from talkover.core.audio.opus import OpusDecoder
from talkover.core.clock import RATE
from talkover.core.errors import CallError, TalkoverError

LONGEST: Final = 4.0
"""Seconds of a recording that a talker says."""
PIECES: Final = 24
"""Different recordings that are said."""

_FRAME_SECONDS: Final = 0.02
_NOISE: Final = 3  # int16: what a quiet room leaves, about -80 dBFS
_RTC_RATE: Final = 24_000

Samples = NDArray[np.int16]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a process of callers has to do. Times are seconds after ``go``."""

    transport: str
    """grpc, webrtc or probe: a gRPC caller who says one piece and hangs up."""
    address: str
    """Of the server, or of its page."""
    token: str | None
    starts: tuple[float, ...]
    """When each of the callers calls."""
    begin: float
    """When it begins to count."""
    end: float
    """When they hang up."""
    talking: bool
    seed: int
    nice: int

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> "Job":
        """What ``to_json`` gave."""
        content = json.loads(line)
        return cls(**{**content, "starts": tuple(content["starts"])})


@dataclass
class _Window:
    """The stretch of the monotonic clock that counts."""

    begin: float
    end: float

    def __contains__(self, now: float) -> bool:
        return self.begin <= now <= self.end


@dataclass
class _Caller:
    """What both kinds of caller share: what is said, what came back, and the report."""

    report: CallReport
    window: _Window
    talker: Talker | None
    arrivals: list[tuple[int, float]] = field(default_factory=list)
    """Of agent frames: media time (ticks) and when it came."""

    def said(self, late: float, now: float) -> tuple[int, int] | None:
        """The next frame's place; None: silence."""
        if now in self.window:
            self.report.sent.add(late)
        return self.talker.next(now) if self.talker else None

    def event(self, event: Event) -> None:
        if self.talker is not None and isinstance(event, Turn):
            self.talker.turn(event.kind, event.received)

    def conclude(self) -> None:
        """Work out what was measured in the window."""
        late = grid_lateness(self.arrivals)
        for (_, received), seconds in zip(self.arrivals, late, strict=True):
            if received in self.window:
                self.report.late.add(seconds)
        if self.talker is not None:
            gaps = self.talker.gaps
            self.report.gaps = [gap for at, gap in gaps if at in self.window]
            self.report.unanswered = sum(at in self.window for at in self.talker.unanswered)
            self.report.interrupted = self.talker.interrupted


class Callers:
    """The callers of one process.

    Args:
        job: What they do.
        began: When ``go`` came (monotonic).
    """

    def __init__(self, job: Job, began: float) -> None:
        self._job = job
        self._began = began
        self._window = _Window(began + job.begin, began + job.end)
        self._call = self._over_webrtc if job.transport == "webrtc" else self._over_grpc

    async def run(self, give: Callable[[CallReport], None]) -> None:
        """Until all have hung up.

        Args:
            give: Takes each report, as it comes.
        """

        async def one(number: int, start: float) -> None:
            await _until(self._began + start)
            give(await self.place(number))

        async with asyncio.TaskGroup() as group:
            for number, start in enumerate(self._job.starts):
                group.create_task(one(number, start))

    async def place(self, number: int) -> CallReport:
        """One call, from its opening to its end."""
        report = CallReport(self._job.transport)
        talker = self._talker(number) if self._job.talking else None
        caller = _Caller(report, self._window, talker)
        try:
            await self._call(caller)
            report.outcome = "ok"
        except CallError as error:
            report.reason = f"{error.code}: {error}"
        caller.conclude()
        return report

    def _talker(self, number: int) -> Talker:
        order = [*repertoire(self._job.seed)]
        chance = random.Random(f"{self._job.seed}/{number}/{self._job.starts[number]}")  # noqa: S311
        chance.shuffle(order)
        begin = asyncio.get_running_loop().time() + chance.uniform(0.5, 2.5)
        return Talker(order, begin=begin)

    def _done(self, caller: _Caller, now: float) -> bool:
        """Whether to hang up. Who waits for an answer stays: else only quick ones would count."""
        talker = caller.talker
        if talker is not None and talker.waiting:
            return now >= self._window.end + PATIENCE
        once = self._job.transport == "probe" and talker is not None and talker.done > 0
        return now >= self._window.end or once

    async def _stay(self, caller: _Caller, listening: asyncio.Task[None]) -> None:
        """Until it is time to hang up, or the call is over."""
        loop = asyncio.get_running_loop()
        while not listening.done() and not self._done(caller, loop.time()):
            await asyncio.wait((listening,), timeout=0.1)

    async def _over_grpc(self, caller: _Caller) -> None:
        job = self._job
        async with connect(job.address, token=job.token, timeout=20) as call:
            caller.report.outcome = "broke"  # until it ends well
            async with _listening(_listen(call, caller)) as listening:
                await self._speak(call, caller, listening)

    async def _speak(self, call: Call, caller: _Caller, listening: asyncio.Task[None]) -> None:
        loop = asyncio.get_running_loop()
        silence = _noise()
        deadline = loop.time()
        while not listening.done():
            deadline += _FRAME_SECONDS
            if (delay := deadline - loop.time()) > 0:
                await asyncio.sleep(delay)
            now = loop.time()
            if self._done(caller, now):
                return
            said = caller.said(now - deadline, now)
            if said is None or caller.talker is None:
                frame = next(silence)
            else:
                frame = spoken(caller.talker.pieces[said[0]].name, RATE)[said[1]]
            try:
                await call.send_audio(frame)
            except CallError:
                await asyncio.wait((listening,), timeout=1)  # it knows why
                return

    async def _over_webrtc(self, caller: _Caller) -> None:
        from talkover.client.webrtc import (
            RtpArrival,
            media_ticks,
            webrtc_call,
        )

        loop = asyncio.get_running_loop()
        silence = itertools.cycle(packets(None))
        arrived: list[tuple[int, float]] = []
        decoder = OpusDecoder(_RTC_RATE)

        def source(late: float) -> bytes:
            said = caller.said(late, loop.time())
            if said is None or caller.talker is None:
                return next(silence)
            return packets(caller.talker.pieces[said[0]].name)[said[1]]

        def on_packet(packet: RtpArrival) -> None:
            arrived.append((packet.timestamp, packet.received))
            waits = caller.talker is not None and caller.talker.waiting
            if waits and caller.talker and loud(decoder.decode(packet.payload)):
                caller.talker.heard(packet.received)

        job = self._job
        async with webrtc_call(
            job.address,
            token=job.token,
            record=False,
            source=source,
            on_packet=on_packet,
            timeout=20,
        ) as call:
            caller.report.outcome = "broke"  # until it ends well
            try:
                async with _listening(_take(call, caller)) as listening:
                    await self._stay(caller, listening)
            finally:
                origin = call.rtp_origin
                caller.arrivals = [(media_ticks(stamp, origin), at) for stamp, at in arrived]


@contextlib.asynccontextmanager
async def _listening(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Listen beside the block; when the listening ends first, the call broke."""
    task = asyncio.create_task(work)
    try:
        yield task
        if task.done():
            task.result()  # raises what ended it
            raise CallError("the server ended the call; see its log")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _take(call: AsyncIterable[Event], caller: _Caller) -> None:
    async for event in call:
        caller.event(event)


async def _listen(call: Call, caller: _Caller) -> None:
    async for event in call:
        if isinstance(event, AgentAudio):
            caller.arrivals.append((event.starts_at, event.received))
            if caller.talker is not None and caller.talker.waiting and loud(event.pcm):
                caller.talker.heard(event.received)
        else:
            caller.event(event)


async def _until(when: float) -> None:
    await asyncio.sleep(max(0.0, when - asyncio.get_running_loop().time()))


@cache
def repertoire(seed: int) -> tuple[Piece, ...]:
    """What talkers say: recordings of a real person."""
    prompts = choose_prompts(PIECES, seed=seed, longest=LONGEST)
    _PATHS.update({prompt.name: prompt.path for prompt in prompts})
    return tuple(piece(p.name, read_wav(p.path, rate=RATE), RATE) for p in prompts)


_PATHS: Final[dict[str, Any]] = {}


@cache
def spoken(name: str, rate: int) -> list[Samples]:
    """A recording in frames of 20 ms."""
    pcm = read_wav(_PATHS[name], rate=rate)
    size = rate // 50
    return list(np.pad(pcm, (0, -len(pcm) % size)).reshape(-1, size))


def _noise() -> Iterator[Samples]:
    return itertools.cycle(_second_of_noise(RATE))


@cache
def _second_of_noise(rate: int) -> list[Samples]:
    drawn = np.random.default_rng(0).integers(-_NOISE, _NOISE + 1, rate)
    return list(drawn.astype(np.int16).reshape(50, -1))


@cache
def packets(name: str | None) -> list[bytes]:
    """A recording as Opus packets of 20 ms; None: a second of a quiet room."""
    from talkover.client.webrtc import opus_packets

    frames = _second_of_noise(_RTC_RATE) if name is None else spoken(name, _RTC_RATE)
    return opus_packets(np.concatenate(frames))


def _prepare(job: Job) -> None:
    """Do beforehand what would take time from callers."""
    if hasattr(os, "nice"):
        os.nice(job.nice)
    pieces = repertoire(job.seed) if job.talking else ()
    for one in pieces:
        spoken(one.name, RATE)
        if job.transport == "webrtc":
            packets(one.name)
    if job.transport == "webrtc":
        packets(None)
    gc.collect()
    gc.freeze()


async def _own_cpu(begin: float, end: float) -> float:
    """Seconds of processors, a second, that this process takes."""
    await _until(begin)
    used = time.process_time()
    await _until(end - 0.5)
    return (time.process_time() - used) / (end - 0.5 - begin)


def main() -> None:
    """Take a job, wait for ``go``, and do it."""

    def give(content: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(content) + "\n")
        sys.stdout.flush()

    async def work() -> None:
        began = asyncio.get_running_loop().time()
        used = asyncio.create_task(_own_cpu(began + job.begin, began + job.end))
        await Callers(job, began).run(lambda report: give(report.to_json()))
        give({"cpu": await used})

    job = Job.from_json(sys.stdin.readline())
    try:
        _prepare(job)
    except TalkoverError as error:
        give({"error": str(error)})
        return
    give({"ready": True})
    if sys.stdin.readline().strip() == "go":
        asyncio.run(work())


if __name__ == "__main__":
    main()
