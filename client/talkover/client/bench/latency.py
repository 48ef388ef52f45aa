"""How long a caller waits for the answer, and how evenly it then comes.

The caller says a recorded human prompt and listens. The wait is read from the two-channel
recording: from the caller's last sound on the left to the agent's first sound on the right. The
stages are the server's own account and decide nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from talkover.client.bench import measure
from talkover.client.bench.caller import CallRecord, Target, place_call
from talkover.client.bench.measure import Span
from talkover.client.bench.running import Failed, Job, choose_prompts, recording_name, run_all
from talkover.client.script import At, IntoReply, Line
from talkover.core.audio import read_wav
from talkover.core.audio.prompts import Prompt
from talkover.core.report import Measure, percentile, percentile_interval

GAP_BAR: Final = 1.5
"""Seconds: half of the answers come sooner."""
JITTER_BAR: Final = 0.005
"""Seconds: 99 of 100 frames are less late."""
_LEAD: Final = 0.5  # seconds before the caller speaks
_LONGEST: Final = 8.0  # seconds of a prompt
_ENOUGH: Final = IntoReply(3.0)
"""Three seconds of a reply tell how evenly it comes."""
_STAGES: Final = ("end_of_turn", "transcript", "first_token", "first_audio")


@dataclass(frozen=True)
class LatencyCall:
    """What one call gave."""

    name: str
    gap: float | None
    """Seconds from the caller's last sound to the agent's first."""
    voiced_gap: float | None
    """The same by the edges that the voice detector finds on both sides."""
    interrupted: bool
    late: tuple[float, ...]
    """Of each agent frame, against its grid."""
    underruns: int
    stages: dict[str, float]
    caller_late: tuple[float, ...]
    """How late this process was with each of the caller's frames."""


async def run_latency(
    target: Target, *, calls: int, seed: int, folder: Path, parallel: int, console: Console
) -> tuple[list[LatencyCall], list[Failed]]:
    """Place the calls, one prompt each, and measure them.

    Args:
        target: Whom to call.
        calls: How many.
        seed: Of the choice of prompts.
        folder: For recordings and event logs.
        parallel: Calls at a time.
        console: For the progress bar.
    """
    prompts = choose_prompts(calls, seed=seed, longest=_LONGEST)

    def job(prompt: Prompt) -> Job[CallRecord]:
        line = Line(read_wav(prompt.path, rate=target.audio.rate), At(_LEAD), prompt.name)
        return lambda: place_call(target, [line], folder / recording_name(prompt), end=_ENOUGH)

    jobs = {prompt.name: job(prompt) for prompt in prompts}
    records, failed = await run_all("calls", jobs, parallel=parallel, console=console)
    # Judged when all calls are over: it takes a processor that the calls need.
    return [judge(name, record) for name, record in records.items()], failed


def judge(name: str, record: CallRecord) -> LatencyCall:
    """Read a call's waits from its recording."""
    caller, agent, rate = record.caller, record.agent, record.rate
    heard = measure.exchange(
        measure.sound_spans(caller, rate), measure.sound_spans(agent, rate), record.lines[0]
    )
    said = Span(record.lines[0].start, record.lines[0].end + 0.1)  # a detector's edge comes late
    voiced = measure.exchange(
        measure.voiced_spans(caller, rate), measure.voiced_spans(agent, rate), said
    )
    last = record.timings[-1] if record.timings else None
    return LatencyCall(
        name=name,
        gap=heard.gap if heard else None,
        voiced_gap=voiced.gap if voiced else None,
        interrupted=bool(heard and heard.interrupted),
        late=tuple(measure.playout_lateness(record.frames)),
        underruns=record.underruns,
        stages={stage: getattr(last, stage) for stage in _STAGES} if last else {},
        caller_late=record.late,
    )


def summarise(calls: Sequence[LatencyCall], failed: Sequence[Failed]) -> list[Measure]:
    """The table."""
    gaps = [call.gap for call in calls if call.gap is not None]
    voiced = [call.voiced_gap for call in calls if call.voiced_gap is not None]
    late = [lateness for call in calls for lateness in call.late]
    total = len(calls) + len(failed)
    p50, p99 = percentile(gaps, 50), percentile(late, 99)
    rows = [
        Measure(
            "reply gap p50",
            p50,
            "s",
            n=len(gaps),
            interval=percentile_interval(gaps, 50),
            bar=f"<= {GAP_BAR}",
            met=p50 <= GAP_BAR,
            note="caller's last sound to agent's first, from the recording",
        ),
        _plain("reply gap p90", percentile(gaps, 90), "s", len(gaps)),
        _plain("reply gap max", max(gaps, default=float("nan")), "s", len(gaps)),
        _plain("reply gap p50, voice detector", percentile(voiced, 50), "s", len(voiced)),
        Measure(
            "calls answered",
            100 * len(gaps) / total if total else float("nan"),
            "%",
            n=total,
            bar="100",
            met=len(gaps) == total > 0,
            note="; ".join(f"{f.name}: {f.reason}" for f in failed[:3]),
        ),
        _plain("calls interrupted by the agent", sum(c.interrupted for c in calls), "", total),
        Measure(
            "playout lateness p99",
            1e3 * p99,
            "ms",
            n=len(late),
            bar=f"<= {1e3 * JITTER_BAR:g}",
            met=p99 <= JITTER_BAR,
            note="agent frames' arrival against a 20 ms grid for each burst",
        ),
        _plain("playout lateness p50", 1e3 * percentile(late, 50), "ms", len(late)),
        _plain("playout lateness max", 1e3 * max(late, default=float("nan")), "ms", len(late)),
        _plain("stalls inside replies", sum(c.underruns for c in calls), "", len(calls)),
    ]
    rows += [_stage(stage, calls) for stage in _STAGES]
    own = [lateness for call in calls for lateness in call.caller_late]
    rows.append(
        _plain(
            "the bench's own clock, late p99",
            1e3 * percentile(own, 99),
            "ms",
            len(own),
            "what this process and a busy machine add to all of the above",
        )
    )
    return rows


def _stage(stage: str, calls: Sequence[LatencyCall]) -> Measure:
    values = [call.stages[stage] for call in calls if stage in call.stages]
    p90 = percentile(values, 90)
    note = f"the server's own account; p90 {p90:.2f} s"
    return _plain(
        f"stage {stage.replace('_', ' ')} p50",
        percentile(values, 50),
        "s",
        len(values),
        note,
    )


def _plain(name: str, value: float, unit: str, n: int, note: str = "") -> Measure:
    return Measure(name, value, unit, n=n, note=note)
