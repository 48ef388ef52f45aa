"""Place all calls of a run, keep each as it ends, and read them back."""

import asyncio
import contextlib
import json
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from rich.console import Console

from talkover.client._oneshot import status
from talkover.client.bench.caller import Target
from talkover.client.bench.duplex import storage
from talkover.client.bench.duplex.caller import place_call
from talkover.client.bench.duplex.hosting import hosted, replay_all
from talkover.client.bench.duplex.scenarios import CALLS, plan_calls
from talkover.client.bench.duplex.script import CallPlan
from talkover.client.bench.duplex.stories import storyteller
from talkover.client.bench.duplex.texts import Split
from talkover.client.bench.duplex.types import CallRecording
from talkover.client.bench.running import Failed, Job, run_all

STORIES_PORT: Final = 8650
_NOTES: Final = "run.json"
QUICK_EVENTS: Final = 3
"""In each call of a quick run, of which every scenario has one."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is asked for.

    Attributes:
        out: Folder for the recordings.
        scenarios: Names; none: all.
        split: Which material.
        calls: Of each scenario; None: as many as a full run has.
        quick: One call of each, with a few events.
        seed: Of the scripts.
        parallel: Calls at a time.
        resume: Leave out calls that are in ``out`` already.
        transport: "grpc" or "webrtc".
        target: Whom to call; None: a server of our own.
        page: Of the target, for WebRTC.
        stories: Port at which stories are told to a server that is not our own.
        judge: Place no calls: only judge those that are in ``out``.
    """

    out: Path
    scenarios: tuple[str, ...] = ()
    split: Split = "heldout"
    calls: int | None = None
    quick: bool = False
    seed: int = 0
    parallel: int = 2
    resume: bool = False
    transport: str = "grpc"
    target: Target | None = None
    page: str = ""
    stories: int = STORIES_PORT
    judge: bool = False


def plan_run(run: Run) -> list[CallPlan]:
    """All calls of a run, scenarios in turn, so that what there is after a break is of all sorts.

    Raises:
        ConfigError: recordings or voices are not installed.
    """
    events = QUICK_EVENTS if run.quick else None
    plans = [
        plan_calls(name, run.split, seed=run.seed, calls=_calls(run, name), events=events)
        for name in run.scenarios or CALLS
    ]
    longest = max(map(len, plans), default=0)
    mixed = [some[i] for i in range(longest) for some in plans if i < len(some)]
    if run.transport == "grpc":
        return mixed
    # The same scripts; in one folder with those over gRPC they must not overwrite them.
    return [replace(plan, name=f"{plan.name}-{run.transport}") for plan in mixed]


def _calls(run: Run, scenario: str) -> int | None:
    """Of a scenario: as many as were asked for, else, to judge, all that are there."""
    asked = run.calls or (1 if run.quick else None)
    if asked or not run.judge:
        return asked
    found = (run.out / scenario / run.split).glob("*.json")
    numbers = [number for path in found if (number := path.stem.partition("-")[0]).isdigit()]
    return max(map(int, numbers)) + 1 if numbers else None


@dataclass(slots=True)
class Recorded:
    """What a run left.

    Attributes:
        calls: Its recordings, those of an earlier run that was resumed included.
        failed: Calls that did not come about, or broke.
        bundle_id: The weights that were judged; empty when no call was placed.
        replayed: How many calls `talkover replay` reproduced, and of how many; None when it was
            not our server.
    """

    calls: list[CallRecording]
    failed: list[Failed]
    bundle_id: str = ""
    replayed: tuple[int, int] | None = None


def record(run: Run, console: Console) -> Recorded:
    """Place the calls. Ctrl-C ends it early and keeps what is there.

    Raises:
        ConfigError: material is missing, or the server does not start.
        CallError: the server cannot be reached.
    """
    console.print("preparing voices and scripts", style="dim")
    plans = plan_run(run)
    done = [p for p in plans if run.resume and storage.is_saved(p.name, run.out)]
    wanted = [] if run.judge else [p for p in plans if p not in done]
    result = Recorded([], [])
    if wanted:
        asyncio.run(_record(run, wanted, result, console))
        _note(run.out, result)
    else:
        _recall(run.out, result)
    saved = [plan.name for plan in plans if storage.is_saved(plan.name, run.out)]
    result.calls += [storage.load(name, run.out) for name in saved]
    return result


def _note(out: Path, result: Recorded) -> None:
    """Keep beside the recordings what is known of them and not in them."""
    known = {"bundle_id": result.bundle_id, "replayed": result.replayed}
    (out / _NOTES).write_text(json.dumps(known), "utf-8")


def _recall(out: Path, result: Recorded) -> None:
    try:
        known = json.loads((out / _NOTES).read_text("utf-8"))
        result.bundle_id = str(known["bundle_id"])
        result.replayed = tuple(known["replayed"]) if known["replayed"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return  # recordings of an earlier version have none


async def _record(run: Run, plans: Sequence[CallPlan], result: Recorded, console: Console) -> None:
    for plan in plans:  # what an earlier run left must not pass for this one's
        storage.remove(plan.name, run.out)
    async with contextlib.AsyncExitStack() as stack:
        target, page = run.target, run.page
        if target is None:
            console.print("starting a server", style="dim")
            server = await stack.enter_async_context(hosted(run.out / "server"))
            target, page = Target(server.url), server.page
        else:
            url = await stack.enter_async_context(storyteller(port=run.stories))
            console.print(f"the server's brain.url must be {url}", style="dim")
        result.bundle_id = (await status(target.url, token=target.token)).bundle_id
        jobs = {plan.name: _job(run, target, page, plan) for plan in plans}
        result.failed = await _until_interrupted(jobs, run.parallel, console)
        if run.target is None:
            result.replayed = await replay_all(run.out / "server")


def _job(run: Run, target: Target, page: str, plan: CallPlan) -> Job[None]:
    async def place() -> None:
        if run.transport == "webrtc":
            from talkover.client.bench.duplex.caller_webrtc import place_webrtc_call

            call = await place_webrtc_call(page, target.token, plan)
        else:
            call = await place_call(target, plan)
        # In a thread: compressing must not delay the other calls' frames.
        await asyncio.to_thread(storage.save, call, run.out)

    return place


async def _until_interrupted(
    jobs: Mapping[str, Job[None]], parallel: int, console: Console
) -> list[Failed]:
    work = asyncio.create_task(
        run_all("duplex calls", jobs, parallel=parallel, console=console), name="duplex-calls"
    )
    with _on_interrupt(work):
        try:
            _, failed = await work
        except asyncio.CancelledError:
            console.print("stopped; what was recorded is kept, --resume goes on", style="dim")
            return []
    return failed


@contextlib.contextmanager
def _on_interrupt(work: asyncio.Task[object]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGINT, work.cancel)
    except NotImplementedError:  # no such handlers on Windows: Ctrl-C ends the program
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
