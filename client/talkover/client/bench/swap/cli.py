"""``talkover bench swap``."""

import asyncio
import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from talkover.client._admin import bundles
from talkover.client._channel import DEFAULT_URL
from talkover.client._oneshot import status
from talkover.client.bench.caller import Target
from talkover.client.bench.loadwatch import probe
from talkover.client.bench.swap.report import summarise
from talkover.client.bench.swap.run import Plan, run_swaps
from talkover.client.cli_call import Token, Url
from talkover.core.errors import ConfigError
from talkover.core.report import Report, hand_over

_CALLS: Final = (170, 8)
_SWAPS: Final = (10, 2)
"""In full, and with --quick; a call has three turns."""


def swap(
    calls: Annotated[int | None, typer.Option(min=2, help="How many, three turns each.")] = None,
    swaps: Annotated[int | None, typer.Option(min=1, help="How many, meanwhile.")] = None,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Calls at a time.")] = 2,
    bundle: Annotated[
        list[str] | None,
        typer.Option(
            help="To swap in, in turn: first characters of an id. Default: the newest other one, "
            "and back."
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A rough answer.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    server_pid: Annotated[
        int | None, typer.Option(help="Of the server, here: its memory is told.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the choice of recordings.")] = 0,
    keep: Annotated[
        Path | None, typer.Option(help="Folder to keep recordings and event logs in.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as a page.")] = None,
) -> None:
    """Whether callers notice that the weights change.

    Recordings of a real person are called in at real time while bundles are promoted. Bars: no call
    is dropped, no turn mixes generations, no hole over 40 ms in a reply while swapping, at most 5 s
    from asking to serving, at most 50 ms added to the 99th percentile of waits, memory back to
    within a tenth. Ends with code 1 when one is missed.
    """
    if server_pid is not None:
        probe()
    console = Console(highlight=False)
    begin = asyncio.run(status(url, token=token)).bundle_id
    there = [one.bundle_id for one in asyncio.run(bundles(url, token=token))]
    chosen = whole_ids(bundle, there) if bundle else newest_other(there, begin)
    plan = Plan(
        target=Target(url, token=token),
        calls=calls or _CALLS[quick],
        swaps=swaps or _SWAPS[quick],
        parallel=parallel,
        bundles=chosen,
        seed=seed,
        server_pid=server_pid,
    )
    with contextlib.ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        result = asyncio.run(run_swaps(plan, folder, console))
    report = Report(
        title="Swap",
        measures=summarise(result, plan.calls),
        bundle_id=begin,
        seed=seed,
        quick=quick,
    )
    details = {
        "swaps": [asdict(one) for one in result.swaps],
        "calls": [{**asdict(call), "caller_late": None} for call in result.calls],
    }
    hand_over(report, console, json=json, html=html, details=details)
    if not report.met:
        raise typer.Exit(1)


def whole_ids(named: Sequence[str], there: Sequence[str]) -> tuple[str, ...]:
    """The ids that first characters stand for. Pure.

    Args:
        named: As they are given.
        there: All that the server has.

    Raises:
        ConfigError: some stand for none of them, or for several.
    """
    found = []
    for one in named:
        ids = [bundle_id for bundle_id in there if one and bundle_id.startswith(one)]
        if len(ids) != 1:
            what = "several bundles that begin" if ids else "no bundle that begins"
            raise ConfigError(f"the server has {what} with {one!r}; see: talkover bundles list")
        found += ids
    return tuple(found)


def newest_other(there: Sequence[str], current: str) -> tuple[str, ...]:
    """The newest bundle but the one that is served, and that one. Pure.

    Args:
        there: Ids, the oldest first.
        current: What is served.

    Raises:
        ConfigError: there is no other one.
    """
    others = [one for one in there if one != current]
    if not others:
        raise ConfigError("the server has one bundle only; train or import another, or build one")
    return others[-1], current
