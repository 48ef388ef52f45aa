"""What the demonstration shows while it runs, and what it reports in the end. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from talkover.client import Generation
from talkover.client.bench.callers.rows import Row
from talkover.client.bench.callers.tally import accents_of, bundles_of, fall, table, wer
from talkover.core.report import Measure

FALL_BAR: Final = 25.0
"""Percent by which word errors of the accents must fall."""
PEOPLE_BAR: Final = 1.0
"""Points by which those of real people may rise."""
_LINES: Final = 12
_SHORT: Final = 8

People = tuple[float, tuple[float, float] | None, int]
"""Word errors (%), their interval, utterances."""


@dataclass
class Story:
    """What has happened.

    Attributes:
        base: The bundle that it began with.
        told: Lines for people.
        promoted: The bundle that was learnt and serves all; empty: none yet.
        refused: What the gate said of the harmful bundle.
        rolled_back: Why the server left the one that was forced past the gate.
        before: Real people on the first bundle.
        after: The same on the promoted one.
        quick: Too little was learnt to judge it.
    """

    base: str
    told: list[str] = field(default_factory=list)
    promoted: str = ""
    refused: str = ""
    rolled_back: str = ""
    before: People | None = None
    after: People | None = None
    quick: bool = False


def screen(
    story: Story,
    rows: Sequence[Row],
    now: Sequence[Generation],
    counts: Mapping[str, int],
    minutes: float,
) -> Group:
    """The whole picture.

    Args:
        story: What has happened.
        rows: Turns of the callers who only measure.
        now: Generations of the server.
        counts: Turns that are taken in, by state.
        minutes: Since the beginning.
    """
    head = f"minute {minutes:.1f} · {len(rows)} turns measured"
    states = ("waiting", "ready", "refused", "fresh")
    taken = ", ".join(f"{counts[name]} {name}" for name in states if name in counts)
    return Group(
        Text(head, style="bold"),
        Text(f"turns learnt from: {taken or 'none yet'}", style="dim"),
        _errors(rows),
        _generations(now),
        Text("\n".join(story.told[-_LINES:])),
    )


def _errors(rows: Sequence[Row]) -> Table:
    found = table(rows)
    shown = Table("word errors", title_justify="left", box=None, pad_edge=False)
    for bundle in bundles_of(rows):
        shown.add_column(f"bundle {bundle[:_SHORT]}", justify="right")
    for accent in accents_of(rows):
        cells = []
        for bundle in bundles_of(rows):
            one = found.get((accent, bundle))
            ends = (
                ""
                if one is None or one.interval is None
                else "{:.0f} to {:.0f}, ".format(*one.interval)
            )
            cells.append("" if one is None else f"{one.value:.1f} % ({ends}{one.turns} turns)")
        shown.add_row(accent, *cells)
    return shown


def _generations(now: Sequence[Generation]) -> Table:
    shown = Table("generation", "state", "share", "turns", "why", box=None, pad_edge=False)
    for one in now[:4]:
        shown.add_row(
            one.bundle_id[:_SHORT],
            one.state.value,
            f"{100 * one.share:.0f} %",
            str(one.turns),
            Text(one.reason[:90]),
        )
    return shown


def said_of_run(run: Mapping[str, Any]) -> list[str]:
    """Lines about a run of learning, one a step that is done."""
    name, told = run["name"], run["told"]
    lines = [f"run {name}: {run['items']} new turns"] if run["items"] else []
    for step, said in told.items():
        if step == "gate":
            lines.append(f"run {name}: the gate {_gate(said)}")
        elif step == "blend":
            lines += [f"run {name}: {one}" for one in said["tried"]]
        elif step == "export":
            lines.append(f"run {name}: bundle {said['bundle'][:_SHORT]}")
        else:
            lines.append(f"run {name}: {step} is done")
    return lines if run["ended"] is None else [*lines, f"run {name} ended: {run['outcome']}"]


def _gate(said: Mapping[str, Any]) -> str:
    failed = [one for one in said["findings"] if not one["passed"]]
    if not failed:
        return f"lets it through ({len(said['findings'])} gates)"
    why = "; ".join(f"{one['gate']} {one['value']:.3g}, limit {one['limit']:g}" for one in failed)
    return f"refuses it: {why}"


def measures(story: Story, rows: Sequence[Row], *, seed: int = 0) -> list[Measure]:
    """The report, with bars.

    Args:
        story: What has happened.
        rows: Turns of the callers who only measure.
        seed: Of intervals.
    """
    before = [row for row in rows if row.bundle == story.base]
    after = [row for row in rows if row.bundle == story.promoted]
    value, interval = fall(before, after, seed=seed)
    bar = None if story.quick else f">= {FALL_BAR:g}"
    return [
        *(_pooled(rows, accent, bundle, seed)
          for accent in accents_of(rows) for bundle in (story.base, story.promoted) if bundle),
        Measure("word errors fell, both accents, of what they were", value, "%", n=len(after),
                interval=interval, bar=bar, met=None if bar is None else value >= FALL_BAR,
                note="held-out voices and sentences, in calls"),
        *_people(story),
        Measure("bundles promoted after learning", int(bool(story.promoted)), "", n=1,
                bar=None if story.quick else ">= 1",
                met=None if story.quick else bool(story.promoted)),
        Measure("noise in the weights: refused by the gate", int(bool(story.refused)), "", n=1,
                bar="1", met=bool(story.refused), note=story.refused),
        Measure("forced past the gate: rolled back by the server", int(bool(story.rolled_back)), "",
                n=1, bar="1", met=bool(story.rolled_back), note=story.rolled_back),
    ]  # fmt: skip


def _pooled(rows: Sequence[Row], accent: str, bundle: str, seed: int) -> Measure:
    one = wer([row for row in rows if (row.accent, row.bundle) == (accent, bundle)], seed=seed)
    note = f"{one.turns} turns, each up to 100 %; with loops {one.unbounded:.1f} %"
    name = f"word errors, {accent}, bundle {bundle[:_SHORT]}"
    return Measure(name, one.value, "%", n=one.words, interval=one.interval, note=note)


def _people(story: Story) -> list[Measure]:
    if story.before is None:
        return []
    note = "test split of the recorded prompts, three languages, clean"
    (value, interval, n) = story.before
    found = [Measure("real people, first bundle", value, "%", n=n, interval=interval, note=note)]
    if story.after is not None:
        later, ends, m = story.after
        rose = later - value
        bar = None if story.quick else f"<= {PEOPLE_BAR:g}"
        found += [
            Measure("real people, promoted bundle", later, "%", n=m, interval=ends, note=note),
            Measure("real people, more errors", rose, "points", n=m, bar=bar,
                    met=None if bar is None else rose <= PEOPLE_BAR),
        ]  # fmt: skip
    return found
