"""A report: measures, and what one must know to judge and repeat them."""

import json
import math
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

_FLAGS: Final = frozenset(
    {
        *("sse4_2", "avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw"),
        *("avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16"),
        *("asimd", "asimddp", "asimdhp", "i8mm", "bf16", "sve", "sve2"),
    }
)
"""Processor features that decide how fast inference is."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number.

    Attributes:
        name: What was measured.
        value: NaN when there was nothing to measure.
        unit: As people write it; empty for a count.
        n: Observations behind it.
        interval: 95 % interval, where there is one.
        bar: What it has to reach, such as ``<= 1.5``; None: it only informs.
        met: Whether it does; None without a bar.
        note: How it was measured, in a phrase.
    """

    name: str
    value: float
    unit: str
    n: int
    interval: tuple[float, float] | None = None
    bar: str | None = None
    met: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """What ran it; no name and no address.

    Attributes:
        system: Operating system and processor architecture.
        cores: That this process may use.
        features: Of the processor, those that matter to inference, sorted.
        memory_gigabytes: Rounded.
        python: Version.
    """

    system: str
    cores: int
    features: tuple[str, ...]
    memory_gigabytes: int
    python: str


@cache
def this_machine() -> Machine:
    """The machine that this process runs on."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        memory = 0
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        cores=cores,
        features=_features(),
        memory_gigabytes=round(memory / 2**30),
        python=platform.python_version(),
    )


def _features() -> tuple[str, ...]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ()
    for line in lines:
        name, _, content = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return tuple(sorted(_FLAGS & set(content.split())))
    return ()


@cache
def git_revision() -> str:
    """The commit that this code is, ``+changes`` if the tree differs from it; empty if unknown."""

    def git(*arguments: str) -> str:
        command = ["git", "--no-optional-locks", "-C", str(Path(__file__).parent), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
        return done.stdout.strip()

    try:
        revision = git("rev-parse", "HEAD")
        return f"{revision}+changes" if git("status", "--porcelain") else revision
    except (OSError, subprocess.SubprocessError):
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Measures and their circumstances.

    Attributes:
        title: What was done.
        measures: In the order to be read.
        bundle_id: Of the weights that were measured; empty if none were.
        seed: Of whatever was drawn.
        quick: A rough answer with few observations.
        revision: Of the code.
        machine: That ran it.
        created: When (UTC, ISO 8601).
    """

    title: str
    measures: Sequence[Measure]
    bundle_id: str = ""
    seed: int = 0
    quick: bool = False
    revision: str = field(default_factory=git_revision)
    machine: Machine = field(default_factory=this_machine)
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def met(self) -> bool:
        """Every bar is met."""
        return all(measure.met is not False for measure in self.measures)


def to_json(report: Report, details: Mapping[str, Any] | None = None) -> str:
    """The report as JSON, with what lies behind it. A NaN, which JSON lacks, becomes null."""
    measures = [asdict(measure) for measure in report.measures]
    content = {**asdict(report), "measures": measures, **(details or {})}
    return json.dumps(_finite(content), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def number(value: float) -> str:
    """A value for people: about three digits that mean something."""
    if not math.isfinite(value):
        return "n/a"
    if value == round(value) and abs(value) < 1e9:
        return f"{value:,.0f}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(decimals, 6)}f}"


def with_unit(measure: Measure) -> str:
    """The value and its unit."""
    return f"{number(measure.value)} {measure.unit}".rstrip()


def interval_text(measure: Measure) -> str:
    """The interval, or nothing."""
    if measure.interval is None:
        return ""
    low, high = measure.interval
    return f"{number(low)} to {number(high)}"


def verdict(measure: Measure) -> str:
    """One word for ``met``."""
    return {True: "met", False: "missed", None: ""}[measure.met]


def circumstances(report: Report) -> str:
    """One line: what must be known to judge and repeat it."""
    machine = report.machine
    facts = [
        report.created,
        f"revision {report.revision.replace('+', ' + ')[:22]}" if report.revision else "",
        f"bundle {report.bundle_id[:12]}" if report.bundle_id else "",
        f"seed {report.seed}",
        f"{machine.cores} cores ({machine.system}), {machine.memory_gigabytes} GB",
        "quick: few observations" if report.quick else "",
    ]
    return " · ".join(fact for fact in facts if fact)


def print_table(report: Report, console: Console | None = None) -> None:
    """Print the report for people."""
    console = console or Console()
    table = Table(title=report.title, title_justify="left", box=None, pad_edge=False)
    for name in ("measure", "value", "95 % interval", "n", "bar", "", "note"):
        table.add_column(name, justify="right" if name in ("value", "n") else "left")
    colours = {True: "green", False: "bold red", None: ""}
    for measure in report.measures:
        table.add_row(
            Text(measure.name),
            Text(with_unit(measure)),
            Text(interval_text(measure)),
            Text(str(measure.n)),
            Text(measure.bar or ""),
            Text(verdict(measure), style=colours[measure.met]),
            Text(measure.note, style="dim"),
        )
    console.print(table)
    console.print(Text(circumstances(report), style="dim"))
