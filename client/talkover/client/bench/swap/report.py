"""The table of a run with swaps. Pure."""

import math
from collections.abc import Sequence
from typing import Final

from talkover.client.bench.swap.run import Result, SwapDone, Wait
from talkover.core.report import Measure, percentile

SERVING_BAR: Final = 5.0
"""Seconds from asking for a bundle to the first turn that may begin on it."""
ADDED_BAR: Final = 0.050
"""Seconds that a swap may add to the 99th percentile of waits."""
GROWTH_BAR: Final = 0.10
"""Share by which memory may have grown."""
_WAKE: Final = 2.0  # seconds after a swap in which it might still be felt


def summarise(result: Result, asked: int) -> list[Measure]:
    """The measures.

    Args:
        result: Of the run.
        asked: Calls that were to be placed.
    """
    calls = result.calls
    done = [swap for swap in result.swaps if swap.serving is not None]
    refused = [swap.refused for swap in result.swaps if swap.refused]
    turns = [bundles for call in calls for bundles in call.turns.values()]
    mixed = sum(len(bundles) > 1 for bundles in turns)
    dropped = len(result.failed)
    rows = [
        Measure("swaps done", len(done), "", n=len(result.swaps), bar=str(len(result.swaps)),
                met=len(done) == len(result.swaps) > 0, note="; ".join(refused[:3])),
        Measure("calls dropped", dropped, "", n=asked, bar="0", met=not dropped,
                note="; ".join(f"{f.name}: {f.reason}" for f in result.failed[:3])),
        Measure("turns that mixed generations", mixed, "", n=len(turns), bar="0",
                met=not mixed and bool(turns)),
    ]  # fmt: skip
    return [*rows, *_holes(result), *_times(result, done), *_waits(result), *_memory(result)]


def near(moment: float, swaps: Sequence[SwapDone]) -> bool:
    """Whether a swap was going on, or had just been."""
    return any(swap.asked <= moment <= (swap.serving or swap.asked) + _WAKE for swap in swaps)


def _holes(result: Result) -> list[Measure]:
    """A busy machine leaves holes without any swap: both are told."""
    all_holes = [hole for call in result.calls for hole in call.holes]
    inside = [hole for hole in all_holes if near(hole.at, result.swaps)]
    frames = sum(call.frames for call in result.calls)
    worst = max((hole.seconds for hole in inside), default=0.0)
    return [
        Measure("holes over 40 ms in replies, while swapping", len(inside), "", n=frames, bar="0",
                met=not inside, note=f"from the recordings; the longest {worst:.2f} s"),
        Measure("holes over 40 ms in replies, otherwise", len(all_holes) - len(inside), "",
                n=frames, note="what the machine does without a swap"),
    ]  # fmt: skip


def _times(result: Result, done: Sequence[SwapDone]) -> list[Measure]:
    serving = [swap.serving - swap.asked for swap in done if swap.serving is not None]
    firsts = []
    for number, swap in enumerate(done):
        until = done[number + 1].asked if number + 1 < len(done) else math.inf
        heard = [
            when
            for call in result.calls
            if (when := call.firsts.get(swap.bundle)) is not None and swap.asked <= when < until
        ]
        if heard:
            firsts.append(min(heard) - swap.asked)
    worst = max(serving, default=math.nan)
    return [
        Measure("from asking to serving, p50", percentile(serving, 50), "s", n=len(serving)),
        Measure("from asking to serving, max", worst, "s", n=len(serving),
                bar=f"<= {SERVING_BAR:g}", met=worst <= SERVING_BAR,
                note="verified, built, warmed up, compared with its golden outputs"),
        Measure("from asking to the first words on it, p50", percentile(firsts, 50), "s",
                n=len(firsts), note="somebody must begin to speak, and be heard"),
    ]  # fmt: skip


def _waits(result: Result) -> list[Measure]:
    """What a swap adds, beside what the same recordings are waited for otherwise.

    The ends of some are clearer than those of others, which is half a second; and few replies fall
    into a swap, so that it must not matter which they are.
    """
    waits = [wait for call in result.calls for wait in call.waits]
    inside = [wait for wait in waits if near(wait.when, result.swaps)]
    outside = [wait for wait in waits if not near(wait.when, result.swaps)]
    usual = _usual(outside)
    ours, others = (
        [wait.seconds - usual[wait.said] for wait in some if wait.said in usual]
        for some in (inside, outside)
    )
    added = percentile(ours, 99) - percentile(others, 99)
    note = "beyond the recording's own median; caller's last sound to agent's first"
    gaps = [[wait.seconds for wait in some] for some in (inside, outside)]
    return [
        Measure("reply gap p50, while swapping", percentile(gaps[0], 50), "s", n=len(inside)),
        Measure("reply gap p50, otherwise", percentile(gaps[1], 50), "s", n=len(outside)),
        Measure("reply gap p99, while swapping", percentile(gaps[0], 99), "s", n=len(inside)),
        Measure("reply gap p99, otherwise", percentile(gaps[1], 99), "s", n=len(outside)),
        Measure("added to the p50 by a swap", 1e3 * (percentile(ours, 50) - percentile(others, 50)),
                "ms", n=len(ours), note=note),
        Measure("added to the p99 by a swap", 1e3 * added, "ms", n=len(ours),
                bar=f"<= {1e3 * ADDED_BAR:g}", met=added <= ADDED_BAR, note=note),
    ]  # fmt: skip


def _usual(waits: Sequence[Wait]) -> dict[str, float]:
    """How long the answer to each recording takes (s, median)."""
    known: dict[str, list[float]] = {}
    for wait in waits:
        known.setdefault(wait.said, []).append(wait.seconds)
    return {said: percentile(some, 50) for said, some in known.items()}


def _memory(result: Result) -> list[Measure]:
    rows = [
        Measure("generations not freed", result.left, "", n=len(result.swaps), bar="0",
                met=not result.left),
    ]  # fmt: skip
    if result.before is not None and result.after is not None:
        most = result.before * (1 + GROWTH_BAR)
        rows += [
            Measure("server memory before the first swap", result.before, "MB", n=1),
            Measure("server memory after the last", result.after, "MB", n=1,
                    bar=f"<= {most:.0f}", met=result.after <= most),
        ]  # fmt: skip
    late = [seconds for call in result.calls for seconds in call.caller_late]
    rows.append(
        Measure("the bench's own clock, late p99", 1e3 * percentile(late, 99), "ms", n=len(late),
                note="what this process and a busy machine add to all of the above")
    )  # fmt: skip
    return rows
