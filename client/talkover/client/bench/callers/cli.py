"""``talkover bench callers``."""

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from talkover.client._channel import DEFAULT_URL
from talkover.client.bench.caller import Target
from talkover.client.bench.callers.plot import section
from talkover.client.bench.callers.rows import Row, read_rows, write_row
from talkover.client.bench.callers.run import Plan, run_callers
from talkover.client.bench.callers.spoken import read_manifests
from talkover.client.bench.callers.tally import bundles_of, summarise
from talkover.client.bench.running import Failed
from talkover.client.cli_call import Token, Url
from talkover.core.report import Listing, Report, hand_over, to_html

TURNS: Final = "turns.jsonl"
"""In the folder: what was heard."""
_CALLS: Final = (40, 4)
"""In full, and with --quick."""
_MOST: Final = 5_000
"""Calls where only the time is given."""
_WORST: Final = 10


def callers(
    manifest: Annotated[
        list[Path],
        typer.Option(help="What is said, as `talkover data make` writes it; several are allowed."),
    ],
    out: Annotated[
        Path, typer.Option(help=f"Folder for {TURNS}: a line a turn; what is there counts, too.")
    ],
    calls: Annotated[int | None, typer.Option(min=1, help="How many.")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="Nobody calls any more after so long.")
    ] = None,
    turns: Annotated[int, typer.Option(min=1, max=50, help="Of a call at most.")] = 3,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Calls at a time.")] = 2,
    correct: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of callers who say what was right."),
    ] = 0.5,
    consent: Annotated[
        bool, typer.Option("--consent/--no-consent", help="Their turns may be learnt from.")
    ] = True,
    quick: Annotated[bool, typer.Option("--quick", help="A few calls.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    seed: Annotated[int, typer.Option(help="Of who says what when.")] = 0,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as a page.")] = None,
) -> None:
    """Callers with accents, and what is understood of them by one bundle after another.

    Recordings are called in at real time, one voice a call, each line once the words of the one
    before are final; the agent's answer is cut short by a button. Some callers say what a turn
    should have read. Ctrl-C ends the calls and shows what was heard so far. Ends with code 1 when a
    call broke.
    """
    console = Console(highlight=False)
    plan = Plan(
        target=Target(url, token=token),
        utterances=read_manifests(manifest),
        calls=calls or (_CALLS[quick] if minutes is None else _MOST),
        turns=turns,
        parallel=parallel,
        correct=correct,
        consent=consent,
        minutes=minutes,
        seed=seed,
    )
    out.mkdir(parents=True, exist_ok=True)
    failed = _call(plan, out / TURNS, console)
    rows = read_rows([out / TURNS])
    bundles = bundles_of(rows)
    report = Report(
        title="Callers",
        measures=summarise(rows, failed, seed=seed),
        bundle_id=bundles[-1] if bundles else "",
        seed=seed,
        quick=quick,
    )
    listing = _worst(rows)
    hand_over(
        report, console, json=json, listings=[listing], details={"turns": [*map(asdict, rows)]}
    )
    if html is not None:
        html.write_text(to_html(report, [section(rows), listing.section()]), "utf-8")
    if not report.met:
        raise typer.Exit(1)


def _call(plan: Plan, path: Path, console: Console) -> list[Failed]:
    """Until all calls are over, or somebody has had enough."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with path.open("a", encoding="utf-8") as file:
        try:
            return asyncio.run(run_callers(plan, lambda row: write_row(file, row), console))
        except KeyboardInterrupt:
            return []


def _worst(rows: Sequence[Row]) -> Listing:
    wrong = sorted((row for row in rows if row.errors), key=lambda row: (-row.errors, row.name))
    lines = [
        (f"{row.errors}/{row.words}", row.accent, row.said, row.heard) for row in wrong[:_WORST]
    ]
    return Listing("The worst", ("errors", "accent", "said", "understood"), lines)
