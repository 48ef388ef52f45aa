"""``talkover bench``: one command a bench."""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from talkover.client._channel import DEFAULT_URL
from talkover.client._oneshot import status
from talkover.client.bench import latency as waiting
from talkover.client.bench import recognition as hearing
from talkover.client.bench.caller import Target
from talkover.client.bench.callers.cli import callers
from talkover.client.bench.cli_load import load
from talkover.client.bench.duplex.cli import duplex
from talkover.client.bench.running import Failed
from talkover.client.bench.swap.cli import swap
from talkover.client.cli_call import Token, Url
from talkover.core.audio import AudioFormat, Encoding
from talkover.core.errors import CallError
from talkover.core.report import Listing, Measure, Report, hand_over

app = typer.Typer(no_args_is_help=True)
app.command()(load)
app.command()(duplex)
app.command()(swap)
app.command()(callers)

_LATENCY_CALLS: Final = (30, 6)
_RECOGNITION_CALLS: Final = (50, 6)
"""Calls in full, and with --quick."""

Calls = Annotated[int | None, typer.Option(min=1, help="How many.")]
Quick = Annotated[bool, typer.Option("--quick", help="A rough answer within a minute.")]
Seed = Annotated[int, typer.Option(help="Of the choice of recordings.")]
Parallel = Annotated[int, typer.Option(min=1, max=64, help="Calls at a time.")]
Keep = Annotated[Path | None, typer.Option(help="Folder to keep recordings and event logs in.")]
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
    outcome = _Outcome("Latency", measures, target, seed, quick, [*results, *failed])
    _finish(outcome, console, json, html)


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
    outcome = _Outcome("Recognition", measures, target, seed, quick, [*results, *failed])
    _finish(outcome, console, json, html, worst=hearing.worst(results))


@dataclass(frozen=True)
class _Outcome:
    title: str
    measures: Sequence[Measure]
    target: Target
    seed: int
    quick: bool
    calls: Sequence[waiting.LatencyCall | hearing.RecognitionCall | Failed]


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="talkover-bench-") as folder:
        yield Path(folder)


def _finish(
    outcome: _Outcome,
    console: Console,
    json: Path | None,
    html: Path | None,
    *,
    worst: Sequence[hearing.RecognitionCall] = (),
) -> None:
    """Print and write the report; a missed bar ends the command with code 1."""
    report = Report(
        title=outcome.title,
        measures=outcome.measures,
        bundle_id=_bundle(outcome.target),
        seed=outcome.seed,
        quick=outcome.quick,
    )
    calls = [_without_frames(asdict(call)) for call in outcome.calls]
    listings = [_worst(worst)]
    hand_over(report, console, json=json, html=html, listings=listings, details={"calls": calls})
    if not report.met:
        raise typer.Exit(1)


def _without_frames(call: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in call.items() if not isinstance(value, tuple)}


def _bundle(target: Target) -> str:
    """The bundle that the server begins new turns on; empty when it does not say."""
    try:
        return asyncio.run(status(target.url, token=target.token)).bundle_id
    except CallError:
        return ""


def _worst(worst: Sequence[hearing.RecognitionCall]) -> Listing:
    rows = [(f"{call.errors}/{call.words}", call.reference, call.hypothesis) for call in worst]
    return Listing("The worst", ("errors", "read", "understood"), rows)
