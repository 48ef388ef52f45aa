"""``talkover bench``: one command a bench."""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from talkover.client._channel import DEFAULT_URL
from talkover.client._oneshot import status
from talkover.client.bench import latency as waiting
from talkover.client.bench import recognition as hearing
from talkover.client.bench.caller import Target
from talkover.client.bench.running import Failed
from talkover.client.cli_call import Token, Url
from talkover.core.audio import AudioFormat, Encoding
from talkover.core.report import Measure, Report, print_table, to_html, to_json

app = typer.Typer(no_args_is_help=True)

_LATENCY_CALLS: Final = (30, 6)
_RECOGNITION_CALLS: Final = (50, 6)
"""Calls in full, and with --quick."""

Calls = Annotated[int | None, typer.Option(min=1, help="How many.")]
Quick = Annotated[bool, typer.Option("--quick", help="A rough answer within a minute.")]
Seed = Annotated[int, typer.Option(help="Of the choice of recordings.")]
Parallel = Annotated[int, typer.Option(min=1, max=64, help="Calls at a time.")]
Keep = Annotated[
    Path | None, typer.Option(help="Folder to keep recordings and event logs in.")
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write the report as a page.")]
WireEncoding = Annotated[Encoding, typer.Option("--encoding", help="On the wire.")]
WireRate = Annotated[int, typer.Option("--rate", help="On the wire (Hz).")]


@app.command()
def latency(
    calls: Calls = None,
    quick: Quick = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    seed: Seed = 0,
    parallel: Parallel = 1,
    encoding: WireEncoding = Encoding.PCM16,
    rate: WireRate = 16_000,
    keep: Keep = None,
    json: Json = None,
    html: Html = None,
) -> None:
    """How long callers wait for an answer, read from two-channel recordings.

    A recorded human prompt is said in each call. Bars: half of the answers begin within 1.5 s of
    the caller's last sound; 99 of 100 frames of the agent are at most 5 ms late; every call is
    answered. Ends with code 1 when one is missed.
    """
    console = Console(highlight=False)
    target = Target(url, token=token, audio=AudioFormat(encoding, rate))
    count = calls or _LATENCY_CALLS[quick]
    with _folder(keep) as folder:
        results, failed = asyncio.run(
            waiting.run_latency(
                target, calls=count, seed=seed, folder=folder, parallel=parallel, console=console
            )
        )
    measures = waiting.summarise(results, failed)
    report = _report("latency", measures, target, seed, results, failed)
    _finish(report, console, json, html)


@app.command()
def recognition(
    calls: Calls = None,
    quick: Quick = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    seed: Seed = 0,
    parallel: Parallel = 1,
    encoding: WireEncoding = Encoding.PCM16,
    rate: WireRate = 16_000,
    keep: Keep = None,
    json: Json = None,
    html: Html = None,
) -> None:
    """Whether callers are understood, and answered out loud.

    Recordings of a real person are called in and the final transcripts scored. Bars: a pooled
    word error rate of at most 5 %; a voice in the right channel of every call. Ends with code 1
    when one is missed.
    """
    console = Console(highlight=False)
    target = Target(url, token=token, audio=AudioFormat(encoding, rate))
    count = calls or _RECOGNITION_CALLS[quick]
    with _folder(keep) as folder:
        results, failed = asyncio.run(
            hearing.run_recognition(
                target, calls=count, seed=seed, folder=folder, parallel=parallel, console=console
            )
        )
    measures = hearing.summarise(results, failed)
    report = _report("recognition", measures, target, seed, results, failed)
    _show_worst(results, console)
    _finish(report, console, json, html)
