"""``talkover bench load``."""

import asyncio
import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from talkover.client._channel import DEFAULT_URL
from talkover.client._oneshot import status
from talkover.client.bench.load import Plan, Result, run_load, summarise
from talkover.client.bench.loadwatch import probe
from talkover.client.bench.ramp import FACTOR, Ramp, table
from talkover.client.cli_call import Token, Url
from talkover.core.errors import CallError
from talkover.core.report import Listing, Measure, Report, hand_over, percentile

DEFAULT_PAGE: Final = "http://127.0.0.1:8641"

_SECONDS: Final = (60.0, 20.0)
_RAMP_SECONDS: Final = (30.0, 15.0)
"""In full, and with --quick."""
_MOST: Final = 64
_DEFAULT: Final = 10


def load(
    grpc: Annotated[int | None, typer.Option(min=0, max=2_000, help="Callers over gRPC.")] = None,
    webrtc: Annotated[int | None, typer.Option(min=0, max=500, help="Callers over WebRTC.")] = None,
    talking: Annotated[
        bool, typer.Option("--talking", help="They talk and wait for answers; else they listen.")
    ] = False,
    ramp: Annotated[
        bool,
        typer.Option(
            "--ramp", help="Find how many talkers (up to those asked for) until answers take twice."
        ),
    ] = False,
    seconds: Annotated[
        float | None, typer.Option(min=5, max=3_600, help="To measure, with all callers there.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A rough answer.")] = False,
    url: Url = DEFAULT_URL,
    page: Annotated[str, typer.Option(help="Of the page, for WebRTC.")] = DEFAULT_PAGE,
    token: Token = None,
    server_pid: Annotated[
        int | None, typer.Option(help="Of the server, here: its processor and memory are told.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the choice of recordings.")] = 0,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as a page.")] = None,
) -> None:
    """Many callers at once, from processes of their own.

    Idle callers send a quiet room; meanwhile a probe is answered every 5 s, and no frame of it may
    come more than 20 ms late. With --talking they say recordings of a real person and wait for the
    answers. Ends with code 1 when a session does not open or breaks, or a bar is missed. A server
    ends calls in which nobody says a word after ``server.idle_minutes``.
    """
    if not grpc and not webrtc:
        grpc, webrtc = _MOST if ramp else _DEFAULT, 0
    grpc, webrtc = grpc or 0, webrtc or 0
    if ramp and grpc and webrtc:
        raise typer.BadParameter("--ramp takes --grpc or --webrtc, not both")
    if webrtc:
        import talkover.client.webrtc  # noqa: F401 - says what is missing before anything starts
    if server_pid is not None:
        probe()
    plan = Plan(
        url=url,
        page=page,
        token=token,
        grpc=grpc,
        webrtc=webrtc,
        talking=talking or ramp,
        seconds=seconds or (_RAMP_SECONDS if ramp else _SECONDS)[quick],
        seed=seed,
        server_pid=server_pid,
    )
    console = Console(highlight=False)
    if ramp:
        measures, result, listings = _climb(plan, console)
    else:
        console.print(f"calling for {plan.seconds:g} s", style="dim")
        result = asyncio.run(run_load(plan))
        measures, listings = summarise(result), []
    report = Report(
        title="Load, ramp" if ramp else "Load",
        measures=measures,
        bundle_id=_bundle(plan),
        seed=seed,
        quick=quick,
    )
    calls = [call.to_json() for call in [*result.calls, *result.probes]]
    details = {"calls": [{k: v for k, v in c.items() if k not in _LONG} for c in calls]}
    hand_over(report, console, json=json, html=html, listings=listings, details=details)
    if not report.met:
        raise typer.Exit(1)


_LONG: Final = ("sent", "late")


def _climb(plan: Plan, console: Console) -> tuple[list[Measure], Result, Sequence[Listing]]:
    """Find the most talkers; the measures of the largest load that was borne come with it."""
    ramp = Ramp(plan.grpc or plan.webrtc)
    found: dict[int, Result] = {}
    while (talkers := ramp.next()) is not None:
        # One talker alone says little in a short time, and all else is compared with it.
        seconds = plan.seconds * (2 if talkers == 1 else 1)
        step = dataclasses.replace(
            plan,
            grpc=talkers if plan.grpc else 0,
            webrtc=talkers if plan.webrtc else 0,
            seconds=seconds,
        )
        result = found[talkers] = asyncio.run(run_load(step))
        broken = any(call.outcome != "ok" for call in result.calls)
        ramp.tell(talkers, math.inf if broken else percentile(result.gaps, 50))
        console.print(f"{talkers} talkers: reply gap p50 {ramp.gaps[talkers]:.2f} s", style="dim")
    best = found[ramp.good or 1]
    reached = "" if ramp.bad is not None else "; more were not tried"
    head = [
        Measure(
            "talkers before answers take twice as long",
            ramp.good,
            "",
            n=len(found),
            note=f"reply gap p50 at most {FACTOR:g} times that of one, to an eighth{reached}",
        ),
        Measure("reply gap p50 of one talker", ramp.gaps[1], "s", n=len(found[1].gaps)),
    ]
    listing = Listing("Talkers", ("talkers", "reply gap p50 (s)"), table(ramp.gaps))
    return [*head, *summarise(best)], best, [listing]


def _bundle(plan: Plan) -> str:
    try:
        return asyncio.run(status(plan.url, token=plan.token)).bundle_id
    except CallError:
        return ""
