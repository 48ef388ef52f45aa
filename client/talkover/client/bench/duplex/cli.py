"""``talkover bench duplex``."""

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from talkover.client.bench.caller import Target
from talkover.client.bench.duplex.run import STORIES_PORT, Recorded, Run, record
from talkover.client.bench.duplex.scenarios import CALLS
from talkover.client.cli_call import Token
from talkover.core.report import Listing, Report, hand_over

_OUT: Final = Path("duplex-calls")
_TRANSPORTS: Final = ("grpc", "webrtc")
_BRAIN: Final = "fixed stories instead of a language model: only who has the floor is measured"


def duplex(
    scenario: Annotated[
        list[str] | None, typer.Option(help=f"Repeat for several: {', '.join(CALLS)}.")
    ] = None,
    split: Annotated[
        str, typer.Option(help="heldout or dev; figures to report come from heldout.")
    ] = "heldout",
    calls: Annotated[int | None, typer.Option(min=1, help="Of each scenario.")] = None,
    parallel: Annotated[
        int, typer.Option(min=1, max=16, help="Calls at a time; more compete for the cores.")
    ] = 1,
    quick: Annotated[
        bool, typer.Option("--quick", help="One call of each scenario, with a few events.")
    ] = False,
    transport: Annotated[str, typer.Option(help="grpc or webrtc.")] = "grpc",
    out: Annotated[Path, typer.Option(help="Folder for the recordings.")] = _OUT,
    resume: Annotated[
        bool, typer.Option("--resume", help="Leave out calls that are in the folder already.")
    ] = False,
    judge: Annotated[
        bool, typer.Option("--judge", help="Place no calls; judge those in the folder.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the scripts.")] = 0,
    url: Annotated[
        str | None,
        typer.Option(
            help="Call this server instead of starting one; its brain.url must be "
            f"http://127.0.0.1:{STORIES_PORT}/v1, where the bench tells its stories."
        ),
    ] = None,
    stories: Annotated[int, typer.Option(help="Another port for the stories.")] = STORIES_PORT,
    page: Annotated[
        str, typer.Option(help="Of that server's page, for WebRTC.")
    ] = "http://127.0.0.1:8641",
    token: Token = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write it as a page, with all calls.")
    ] = None,
) -> None:
    """Who has the floor: scripted calls with interruptions, coughs, echo and televisions.

    A server is started with a brain that tells fixed stories; each call is played in real time,
    recorded in two channels, and judged by the recording. Voices and noises come from Debian's
    packages (scripts/bench_setup.sh). Ctrl-C keeps what was recorded. Ends with code 1 when a bar
    is missed.
    """
    _check(scenario or [], split, transport)
    console = Console(highlight=False)
    run = Run(
        out=out,
        scenarios=tuple(scenario or ()),
        split="dev" if split == "dev" else "heldout",
        calls=calls,
        quick=quick,
        seed=seed,
        parallel=parallel,
        resume=resume,
        judge=judge,
        transport=transport,
        target=Target(url, token=token) if url else None,
        page=page,
        stories=stories,
    )
    recorded = record(run, console)
    for missing in recorded.failed:
        console.print(f"[bold]failed[/bold] {missing.name}: {missing.reason}")
    _report(recorded, run, console, json, html)


def _check(scenarios: list[str], split: str, transport: str) -> None:
    for name in scenarios:
        if name not in CALLS:
            raise typer.BadParameter(f"no scenario {name!r}; there are {', '.join(CALLS)}")
    if split not in ("dev", "heldout"):
        raise typer.BadParameter("heldout or dev", param_hint="--split")
    if transport not in _TRANSPORTS:
        raise typer.BadParameter("grpc or webrtc", param_hint="--transport")


def _report(
    recorded: Recorded, run: Run, console: Console, json: Path | None, html: Path | None
) -> None:
    """Judge what was recorded, print the table and write what was asked for."""
    from talkover.client.bench.duplex.measures import measures, replayed
    from talkover.client.bench.duplex.report import write_html
    from talkover.client.bench.duplex.scoring import read_calls

    read = read_calls(recorded.calls)
    report = Report(
        title="Full duplex",
        measures=[*measures(read), *replayed(recorded.replayed)],
        bundle_id=recorded.bundle_id,
        seed=run.seed,
        quick=run.quick,
    )
    notes = [(call.name, call.notes) for call in recorded.calls if call.notes]
    hand_over(
        report,
        console,
        json=json,
        listings=[Listing("Notes", ("call", "note"), notes)],
        details={
            "split": run.split,
            "transport": run.transport,
            "brain": _BRAIN,
            "calls": [call.name for call in recorded.calls],
        },
    )
    if html is not None:
        measured = report.measures
        write_html(recorded.calls, measured, html, report=report, folder=run.out, read=read)
    if not report.met or recorded.failed:
        raise typer.Exit(1)
