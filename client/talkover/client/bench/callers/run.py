"""Callers at work: many calls at real time, and a row for each turn as soon as it is over."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from talkover.client._call import Call, connect
from talkover.client.bench.caller import Target
from talkover.client.bench.callers.rows import Row
from talkover.client.bench.callers.spoken import Utterance, calls_of
from talkover.client.bench.callers.talk import Correct, Heard, Line, Talk
from talkover.client.bench.running import Failed, run_all
from talkover.client.floor import Floor
from talkover.client.phone import Phone
from talkover.core.audio import read_wav
from talkover.core.clock import FRAME, RATE

_FRAME_SECONDS: Final = FRAME / RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done.

    Attributes:
        target: Whom to call.
        utterances: What is said.
        calls: How many.
        turns: Of a call at most.
        parallel: Calls at a time.
        correct: Share of callers who say what was right where it was misheard.
        consent: Their turns may be learnt from.
        minutes: After so long nobody calls any more; None: no limit.
        seed: Of all that is drawn.
    """

    target: Target
    utterances: Sequence[Utterance]
    calls: int
    turns: int
    parallel: int
    correct: float
    consent: bool
    minutes: float | None
    seed: int


class _CallersVoice:
    """A talk at real time, by absolute deadlines of the monotonic clock."""

    def __init__(self, call: Call, talk: Talk, write: Callable[[Heard], None]) -> None:
        self._call = call
        self._talk = talk
        self._write = write
        self._written = 0
        self._deadline: float | None = None

    async def frame(self, floor: Floor) -> NDArray[np.int16] | None:
        del floor  # the talk goes by words
        loop = asyncio.get_running_loop()
        self._deadline = (self._deadline or loop.time()) + _FRAME_SECONDS
        delay = self._deadline - loop.time()
        if delay > 0:
            await asyncio.sleep(delay)
        frame = self._talk.frame(time.monotonic())
        for deed in self._talk.deeds():
            if isinstance(deed, Correct):
                await self._call.correct(deed.turn, deed.text)
            else:
                await self._call.interrupt()
        for heard in self._talk.heard[self._written :]:
            self._write(heard)
            self._written += 1
        return frame

    def play(self, frame: NDArray[np.int16]) -> None:
        """Nobody listens."""


async def run_callers(plan: Plan, write: Callable[[Row], None], console: Console) -> list[Failed]:
    """Place the calls.

    Args:
        plan: What is done.
        write: Given each turn as soon as it is over.
        console: For the progress bar.

    Returns:
        The calls that broke.

    Raises:
        AudioError: a recording cannot be read.
    """
    until = None if plan.minutes is None else time.monotonic() + 60 * plan.minutes
    dice = random.Random(plan.seed)  # noqa: S311 - a reproducible draw
    said = islice(calls_of(plan.utterances, plan.turns, plan.seed), plan.calls)
    jobs = {
        f"call-{number}": _job(plan, some, dice.random() < plan.correct, until, write)
        for number, some in enumerate(said)
    }
    _, failed = await run_all("calls", jobs, parallel=plan.parallel, console=console)
    return failed


def _job(
    plan: Plan,
    said: Sequence[Utterance],
    corrects: bool,
    until: float | None,
    write: Callable[[Row], None],
) -> Callable[[], Coroutine[None, None, None]]:
    async def job() -> None:
        if until is None or time.monotonic() < until:
            rate = plan.target.audio.rate
            lines = [Line(one, read_wav(one.path, rate=rate), corrects) for one in said]
            await place(plan.target, lines, write, consent=plan.consent)

    return job


async def place(
    target: Target, lines: Sequence[Line], write: Callable[[Row], None], *, consent: bool
) -> None:
    """One call.

    Args:
        target: Whom to call.
        lines: What is said, in one voice.
        write: Given each turn as soon as it is over.
        consent: It may be learnt from.

    Raises:
        CallError: the call did not come about, or broke.
    """
    first = lines[0].utterance
    async with connect(
        target.url,
        token=target.token,
        audio=target.audio,
        languages=[first.locale] if first.locale else target.languages,
        consent=consent,
        caller_id=first.speaker,
        reports_playout=True,
    ) as call:
        talk = Talk(lines, rate=target.audio.rate)
        voice = _CallersVoice(call, talk, lambda heard: write(row_of(heard, call.session_id)))
        await Phone(call, voice, observers=[talk.event]).talk()


def row_of(heard: Heard, session: str) -> Row:
    """A turn as it is kept."""
    said = heard.utterance
    return Row(
        at=time.time(),
        session=session,
        turn=heard.turns[-1] if heard.turns else -1,
        name=said.name,
        accent=said.accent,
        locale=said.locale,
        bundle=heard.bundle,
        said=said.text,
        heard=heard.text,
        words=heard.words,
        errors=heard.errors,
        wait=None if heard.wait is None else round(heard.wait, 3),
        corrected=heard.corrected,
    )
