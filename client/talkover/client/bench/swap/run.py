"""Calls at real time, and swaps while they go on."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console

from talkover.client._admin import (
    GenerationState,
    generations,
    promote_bundle,
    watch_generations,
)
from talkover.client._events import Started, Transcript
from talkover.client.bench import measure
from talkover.client.bench.caller import CallRecord, Target, place_call
from talkover.client.bench.loadwatch import resident
from talkover.client.bench.running import Failed, Job, choose_prompts, run_all
from talkover.client.bench.swap.holes import Hole, holes
from talkover.client.script import AfterReply, At, Cue, Line
from talkover.core.audio import read_wav
from talkover.core.errors import CallError

_LINES: Final = 3  # turns of a call
_LONGEST: Final = 4.0  # seconds of a line
_PIECES: Final = 24  # different recordings that are said
_PAUSE: Final = 0.5
_LATER: Final = 10.0  # seconds: about what a call takes
_SETTLE: Final = 5.0  # seconds after the last call: what can be freed is
_GONE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done."""

    target: Target
    calls: int
    swaps: int
    parallel: int
    bundles: tuple[str, ...]
    """That are promoted in turn."""
    seed: int
    server_pid: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a caller waited for an answer.

    Attributes:
        when: The caller had said all (seconds of the monotonic clock).
        seconds: From then until the answer was heard.
        said: Which recording it was: some ends of turns are clearer than others.
    """

    when: float
    seconds: float
    said: str


@dataclass(frozen=True, slots=True)
class SwapCall:
    """What one call gave; times are seconds of the monotonic clock."""

    session: str
    turns: dict[int, tuple[str, ...]]
    """Bundles that a turn's transcripts named, by turn."""
    firsts: dict[str, float]
    """When the first transcript of each bundle came."""
    waits: tuple[Wait, ...]
    holes: tuple[Hole, ...]
    frames: int
    caller_late: tuple[float, ...]


@dataclass(slots=True)
class SwapDone:
    """A swap; times are seconds of the monotonic clock."""

    bundle: str
    asked: float
    serving: float | None = None
    """When turns began on it."""
    refused: str = ""


@dataclass(slots=True)
class Result:
    """What came of it all."""

    calls: Sequence[SwapCall] = ()
    failed: Sequence[Failed] = ()
    swaps: list[SwapDone] = field(default_factory=list)
    before: float | None = None
    """Megabytes of the server before the first swap and after the last generation was freed."""
    after: float | None = None
    left: int = 0
    """Generations that were not freed."""


async def run_swaps(plan: Plan, folder: Path, console: Console) -> Result:
    """Place the calls, swap meanwhile, and read the recordings when all is over.

    Raises:
        ConfigError: there are too few recordings here, or no such server process.
    """
    result = Result()
    over = 0
    prompts = choose_prompts(_PIECES, seed=plan.seed, shortest=3, longest=_LONGEST)
    rate = plan.target.audio.rate
    spoken = itertools.cycle([(p.path.stem, read_wav(p.path, rate=rate)) for p in prompts])
    said: dict[str, list[str]] = {}

    def job(number: int) -> Job[CallRecord]:
        cues: list[Cue] = [At(_PAUSE), *[AfterReply(_PAUSE)] * (_LINES - 1)]
        pieces = [next(spoken) for _ in cues]
        said[f"call-{number}"] = [name for name, _ in pieces]
        lines = [Line(pcm, cue) for (_, pcm), cue in zip(pieces, cues, strict=True)]

        async def call() -> CallRecord:
            nonlocal over
            try:
                return await place_call(plan.target, lines, folder / f"call-{number}.wav")
            finally:
                over += 1

        return call

    jobs = {f"call-{number}": job(number) for number in range(plan.calls)}
    swapping = asyncio.create_task(_swap(plan, result, lambda: over))
    try:
        records, result.failed = await run_all(
            "calls", jobs, parallel=plan.parallel, console=console
        )
        await swapping
    finally:
        swapping.cancel()
    result.left = await _settled(plan)
    if plan.server_pid is not None:
        result.after = resident(plan.server_pid)
    result.calls = [judge(record, said[name]) for name, record in records.items()]
    return result


def judge(record: CallRecord, said: Sequence[str]) -> SwapCall:
    """Read a call from its recording and its events.

    Args:
        record: Of the call.
        said: Names of what its lines are.
    """
    started = next(event for event in record.events if isinstance(event, Started))
    turns: dict[int, set[str]] = {}
    firsts: dict[str, float] = {}
    for event in record.events:
        if isinstance(event, Transcript):
            turns.setdefault(event.turn, set()).add(event.bundle_id)
            firsts.setdefault(event.bundle_id, event.received)
    caller = measure.sound_spans(record.caller, record.rate)
    agent = measure.sound_spans(record.agent, record.rate)
    found = [measure.exchange(caller, agent, line) for line in record.lines]
    waits = [
        Wait(started.received + one.caller_end, one.gap, name)
        for one, name in zip(found, said, strict=True)
        if one is not None and one.gap is not None and not one.interrupted
    ]
    return SwapCall(
        session=started.session_id,
        turns={turn: tuple(sorted(bundles)) for turn, bundles in turns.items()},
        firsts=firsts,
        waits=tuple(waits),
        holes=tuple(holes(record.agent, record.rate, record.events)),
        frames=len(record.frames),
        caller_late=record.late,
    )


async def _swap(plan: Plan, result: Result, over: Callable[[], int]) -> None:
    """Swap at even parts of the calls; the first when some have ended, and memory is warm.

    Each a little later than a call has ended, at random: else swaps would fall into the same lines
    of calls that go on in step.
    """
    bundles = itertools.cycle(plan.bundles)
    dice = random.Random(plan.seed)  # noqa: S311 - no secret
    for number in range(plan.swaps):
        due = plan.calls * (number + 0.5) / (plan.swaps + 0.5)
        while over() < min(due, plan.calls - 1):  # noqa: ASYNC110 - a count is no event
            await asyncio.sleep(0.1)
        await asyncio.sleep(dice.uniform(0.0, _LATER))
        if number == 0 and plan.server_pid is not None:
            result.before = resident(plan.server_pid)
        done = SwapDone(next(bundles), time.monotonic())
        result.swaps.append(done)
        watching = asyncio.create_task(_serving(plan.target, done))
        try:
            await promote_bundle(
                done.bundle, plan.target.url, token=plan.target.token, reason="talkover bench swap"
            )
            async with asyncio.timeout(_SETTLE):
                await watching
        except (CallError, TimeoutError) as error:
            done.refused = str(error) or "nobody said that it is served"
        finally:
            watching.cancel()


async def _serving(target: Target, done: SwapDone) -> None:
    """Note when turns begin on a bundle."""
    async for found in watch_generations(target.url, token=target.token):
        current = next((g for g in found if g.state is GenerationState.CURRENT), None)
        if current is not None and current.bundle_id == done.bundle:
            done.serving = time.monotonic()
            return


async def _settled(plan: Plan) -> int:
    """Wait until all but one generation are freed; how many are not."""
    until = time.monotonic() + _GONE
    gone = (GenerationState.FREED, GenerationState.FAILED)
    while True:
        found = await generations(plan.target.url, token=plan.target.token)
        left = sum(one.state not in gone for one in found) - 1
        if left <= 0 or time.monotonic() > until:
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(_SETTLE)
    return max(0, left)
