"""How many callers a server bears: many at once, from processes of their own.

Idle callers send a quiet room and listen; a probe then calls every few seconds and is answered, and
the lateness of its frames says what the load does to a conversation. Talkers say recordings of a
real person and wait for each answer. How late the bench itself was is measured beside all of it:
on a machine that also runs the server, the two share its cores.
"""

import asyncio
import contextlib
import json
import math
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from talkover.client._oneshot import status
from talkover.client.bench.load_worker import Job
from talkover.client.bench.loadwatch import Usage, watch
from talkover.client.bench.tally import CallReport, pooled
from talkover.core.errors import CallError, ConfigError
from talkover.core.report import Measure, percentile, percentile_interval

IDLE_BAR: Final = 0.020
"""Seconds: beside idle callers, no frame of a conversation is later."""

_A_PROCESS: Final = {"grpc": 50, "webrtc": 10}
_A_SECOND: Final = {"grpc": 5.0, "webrtc": 4.0}
"""Callers in one process, and how many call in a second: WebRTC begins with a key exchange."""
_SETTLE: Final = 2.0  # seconds after the last caller has called
_PROBES: Final = 5.0  # seconds from one probe to the next
_PROBE_TAKES: Final = 12.0  # seconds; none begins later than that before the end
_NICE: Final = 15
_PREPARING: Final = 60.0
_GOODBYE: Final = 30.0
_LEAVING: Final = 5.0
_LONGEST_LINE: Final = 1 << 24


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A load."""

    url: str
    page: str
    token: str | None = None
    grpc: int = 0
    webrtc: int = 0
    talking: bool = False
    seconds: float = 60.0
    """That are measured, when all callers are there."""
    seed: int = 0
    server_pid: int | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of a load."""

    plan: Plan
    calls: Sequence[CallReport] = ()
    probes: Sequence[CallReport] = ()
    server_late: float = math.nan
    """The server's own account: 99th percentile of how late frames left (seconds)."""
    usage: Usage | None = None
    own_cpu: float = math.nan
    """What the bench itself took: seconds of processors, a second."""

    @property
    def gaps(self) -> list[float]:
        """Of all talkers; an answer that never came counts as infinite."""
        spoken = [gap for call in self.calls for gap in call.gaps]
        return spoken + [math.inf] * sum(call.unanswered for call in self.calls)


def jobs(plan: Plan) -> list[Job]:
    """Who calls when, process by process."""
    opening = max(plan.grpc / _A_SECOND["grpc"], plan.webrtc / _A_SECOND["webrtc"]) + _SETTLE

    def job(transport: str, starts: Sequence[float], *, nice: int = _NICE) -> Job:
        return Job(
            transport=transport,
            address=plan.page if transport == "webrtc" else plan.url,
            token=plan.token,
            starts=tuple(starts),
            begin=opening,
            end=opening + plan.seconds,
            talking=plan.talking or transport == "probe",
            seed=plan.seed,
            nice=nice,
        )

    found = []
    for transport, callers in (("grpc", plan.grpc), ("webrtc", plan.webrtc)):
        starts = [number / _A_SECOND[transport] for number in range(callers)]
        processes = math.ceil(callers / _A_PROCESS[transport])
        found += [job(transport, starts[first::processes]) for first in range(processes)]
    if not plan.talking:
        count = max(1, int((plan.seconds - _PROBE_TAKES) // _PROBES) + 1)
        # The probe measures, so it yields to nobody.
        found.append(job("probe", [opening + _PROBES * n for n in range(count)], nice=0))
    return found


async def run_load(plan: Plan) -> Result:
    """Put a load on a server and measure.

    Raises:
        ConfigError: something that the bench needs is missing.
        CallError: the server cannot be asked how it is.
    """
    await status(plan.url, token=plan.token)  # it is there, and takes the token
    work = jobs(plan)
    end = work[0].end
    async with contextlib.AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(_process(job)) for job in work]
        async with asyncio.timeout(_PREPARING):
            await asyncio.gather(*map(_ready, processes))
        for process in processes:
            await _write(process, "go")
        async with asyncio.TaskGroup() as group:
            readers = [
                group.create_task(_reports(process, job, end + _GOODBYE))
                for process, job in zip(processes, work, strict=True)
            ]
            watching = group.create_task(_usage(plan, work[0].begin, end))
            server = group.create_task(_server_late(plan, end - 1))
    reports = [report for reader in readers for report in reader.result()[0]]
    return Result(
        plan=plan,
        calls=[report for report in reports if report.transport != "probe"],
        probes=[report for report in reports if report.transport == "probe"],
        server_late=server.result(),
        usage=watching.result(),
        own_cpu=sum(reader.result()[1] for reader in readers),
    )


async def _usage(plan: Plan, begin: float, end: float) -> Usage | None:
    if plan.server_pid is None:
        return None
    await asyncio.sleep(begin)
    return await watch(plan.server_pid, end - begin)


async def _server_late(plan: Plan, when: float) -> float:
    await asyncio.sleep(when)
    try:
        return (await status(plan.url, token=plan.token)).playout_late_p99_seconds
    except CallError:
        return math.nan


@contextlib.asynccontextmanager
async def _process(job: Job) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "talkover.client.bench.load_worker"),
        stdin=PIPE,
        stdout=PIPE,
        limit=_LONGEST_LINE,
    )
    try:
        await _write(process, job.to_json())
        yield process
        with contextlib.suppress(TimeoutError):  # it has said all, and is about to go
            async with asyncio.timeout(_LEAVING):
                await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()


async def _write(process: Process, line: str) -> None:
    if process.stdin is not None:
        process.stdin.write(line.encode() + b"\n")
        with contextlib.suppress(ConnectionError):  # it is gone: reading tells
            await process.stdin.drain()


async def _read(process: Process) -> dict[str, Any]:
    """A line of it; empty when there are no more."""
    line = await process.stdout.readline() if process.stdout is not None else b""
    return dict(json.loads(line)) if line else {}


async def _ready(process: Process) -> None:
    answer = await _read(process)
    if "ready" not in answer:
        raise ConfigError(str(answer.get("error", "the bench's callers did not start; see above")))


async def _reports(process: Process, job: Job, seconds: float) -> tuple[list[CallReport], float]:
    """All of a process, and the processor it took; callers who are missing count as broken."""
    found: list[CallReport] = []
    cpu = 0.0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while content := await _read(process):
                if "cpu" in content:
                    cpu = float(content["cpu"])
                else:
                    found.append(CallReport.from_json(content))
    lost = len(job.starts) - len(found)
    silent = CallReport(job.transport, "broke", "BENCH: the caller's process did not finish")
    return found + [silent] * lost, cpu


def summarise(result: Result) -> list[Measure]:
    """The table."""
    plan = result.plan
    asked = plan.grpc + plan.webrtc
    everyone = [*result.calls, *result.probes]
    rows = _sessions(result, asked)
    own = pooled(call.sent for call in everyone)
    taken = sum(call.sent.count for call in result.calls)
    due = plan.seconds * 50 * sum(call.outcome == "ok" for call in result.calls)
    rows += [
        _plain(
            "callers' frames taken",
            100 * taken / due if due else math.nan,
            "%",
            taken,
            "of real time; fewer: the server held callers up, or the bench was too slow",
        ),
        _plain(
            "the bench's own frames, over 5 ms late", 100 * own.share_over(0.005), "%", own.count
        ),
        _plain(
            "the bench's own frames, over 20 ms late", 100 * own.share_over(0.02), "%", own.count
        ),
        _plain(
            "the bench's own frames, late p99",
            1e3 * own.percentile(99),
            "ms",
            own.count,
            f"max {1e3 * own.worst:.0f} ms; what callers and a busy machine add",
        ),
    ]
    rows.append(
        _plain("the bench itself, processor seconds a second", result.own_cpu, "", len(everyone))
    )
    rows += _frames(result)
    rows += _answers(result.calls if plan.talking else result.probes)
    if result.usage is not None:
        rows += _used(result.usage)
    return rows


def _sessions(result: Result, asked: int) -> list[Measure]:
    calls = result.calls
    count = dict.fromkeys(("ok", "refused", "broke"), 0)
    for call in calls:
        count[call.outcome] += 1
    opened = count["ok"] + count["broke"]
    reasons = sorted({call.reason for call in [*calls, *result.probes] if call.reason})
    kinds = f"{result.plan.grpc} gRPC, {result.plan.webrtc} WebRTC"
    broken = sum(probe.outcome != "ok" for probe in result.probes)
    rows = [
        Measure("sessions opened", opened, "", n=asked, bar=str(asked), met=opened == asked,
                note=f"{kinds}, {'talking' if result.plan.talking else 'idle'}"),
        Measure("sessions refused", count["refused"], "", n=asked, note="; ".join(reasons[:3])),
        Measure("sessions broken", count["broke"], "", n=asked, bar="0", met=not count["broke"]),
    ]  # fmt: skip
    if result.probes:
        rows.append(Measure("probes failed", broken, "", n=len(result.probes), bar="0",
                            met=not broken))  # fmt: skip
    return rows


def _frames(result: Result) -> list[Measure]:
    idle = not result.plan.talking
    late = pooled(call.late for call in (result.probes if idle else result.calls))
    over = late.share_over(IDLE_BAR)
    return [
        _plain("agent frames over 5 ms late", 100 * late.share_over(0.005), "%", late.count),
        Measure(
            "agent frames over 20 ms late",
            100 * over,
            "%",
            n=late.count,
            bar="0" if idle else None,
            met=over == 0 if idle else None,
            note="arrival against a 20 ms grid for each burst" + (", probes" if idle else ""),
        ),
        _plain("agent frames, late p99", 1e3 * late.percentile(99), "ms", late.count),
        _plain("agent frames, late max", 1e3 * late.worst, "ms", late.count),
        _plain(
            "agent frames left the server late, p99",
            1e3 * result.server_late,
            "ms",
            1,
            "the server's own account",
        ),
    ]


def _answers(calls: Sequence[CallReport]) -> list[Measure]:
    gaps = [gap for call in calls for gap in call.gaps]
    unanswered = sum(call.unanswered for call in calls)
    note = "caller's last sound sent to agent's first sound received"
    return [
        Measure("reply gap p50", percentile(gaps, 50), "s", n=len(gaps),
                interval=percentile_interval(gaps, 50), note=note),
        _plain("reply gap p90", percentile(gaps, 90), "s", len(gaps)),
        _plain("reply gap p99", percentile(gaps, 99), "s", len(gaps)),
        _plain("unanswered", unanswered, "", len(gaps) + unanswered),
        _plain("interrupted by the agent", sum(c.interrupted for c in calls), "", len(gaps)),
    ]  # fmt: skip


def _used(usage: Usage) -> list[Measure]:
    note = f"{usage.processes} processes"
    return [
        _plain("server, processor seconds a second", usage.cpu, "", usage.samples, note),
        _plain("server, memory at most", usage.megabytes, "MB", usage.samples, note),
    ]


def _plain(name: str, value: float, unit: str, n: int, note: str = "") -> Measure:
    return Measure(name, value, unit, n=n, note=note)
