"""``talkover learn``."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from talkover.core.settings import load_settings

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


def learn(
    once: Annotated[
        bool, typer.Option("--once", help="Take in what is there, learn if it is enough, and end.")
    ] = False,
    min_items: Annotated[
        int | None,
        typer.Option(min=1, help="New turns with a label that start a run. Default: as set."),
    ] = None,
    every: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Learn from any new turns after 30m, 6h, 1d."),
    ] = None,
    status: Annotated[
        bool, typer.Option("--status", help="Only say how learning is doing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The status as JSON.")] = False,
    drop: Annotated[
        bool,
        typer.Option(
            "--drop", help="Give up the run that is under way; its turns wait for the next."
        ),
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="A few steps of each stage, to see that all works here.")
    ] = False,
    recipe: Annotated[
        str | None, typer.Option(help="Training recipe: by name, or a .toml. Default: as set.")
    ] = None,
    redis_url: Annotated[
        str | None, typer.Option("--redis", help="URL; default: as set, or the server's own.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Weights, bundles, traces.")] = None,
) -> None:
    """Learn from calls: take in turns, find out what was said, train, and offer a better bundle.

    Only turns of callers who agreed, none that models are judged on, each counted once. When there
    is enough that is new, a run goes through its steps: collect, teach, mine, rl, export, gate,
    offer. Ctrl-C or a kill loses nothing: the same command goes on.
    """
    settings = load_settings(data_dir=data_dir, learning__recipe=recipe)
    wanted = every_seconds(every)
    if status or as_json:
        _show(_status(settings.data_dir), as_json=as_json)
        return
    if drop:
        _drop(settings.data_dir)
        return
    from talkover.trainer.learning.daemon import Daemon, Wishes

    wishes = Wishes(
        once=once,
        min_items=min_items or settings.learning.min_items,
        every=wanted,
        quick=quick,
    )
    Daemon(settings, redis_url, wishes, Console(highlight=False)).run()


def every_seconds(text: str | None) -> float | None:
    """A duration in words of ours as seconds."""
    if text is None:
        return None
    found = _DURATION.fullmatch(text.strip())
    if not found or not float(found[1]):
        raise typer.BadParameter("such as 90s, 30m, 6h or 1d", param_hint="--every")
    return float(found[1]) * _SECONDS[found[2]]


def _drop(data_dir: Path) -> None:
    from talkover.core.learning.items import Items
    from talkover.core.learning.ledger import is_there, learning_folder
    from talkover.core.learning.runs import Runs

    folder = learning_folder(data_dir)
    name = None
    if is_there(folder):
        with Items(folder) as items:
            runs = Runs(items.ledger)
            name = runs.under_way()
            if name is not None:
                runs.stop(name, "given up")
    typer.echo("no run is under way" if name is None else f"run {name} is given up")


def _status(data_dir: Path) -> dict[str, Any]:
    """How the stream is taken in, what the items are, and what became of the latest runs."""
    from talkover.core.learning.items import Items
    from talkover.core.learning.ledger import STATUS, is_there, learning_folder
    from talkover.core.learning.runs import Runs

    folder = learning_folder(data_dir)
    if not is_there(folder):
        return {}
    stream = folder / STATUS
    with Items(folder) as items:
        runs = Runs(items.ledger)
        under_way = runs.under_way()
        return {
            "stream": json.loads(stream.read_text("utf-8")) if stream.is_file() else {},
            "items": items.counts(),
            "refused": items.reasons(),
            "under_way": under_way,
            "steps": list(runs.told(under_way)) if under_way else [],
            "runs": runs.list()[:10],
        }


def _show(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told, indent=1))
        return
    console = Console(highlight=False)
    if not told:
        console.print("nothing was learnt here yet; run: talkover learn")
        return
    table = Table("learning", "", box=None, pad_edge=False)
    for name in ("waiting", "pending", "refused", "age_seconds"):
        if name in told["stream"]:
            table.add_row(f"stream: {name.replace('_', ' ')}", f"{told['stream'][name]:.0f}")
    for name, count in told["items"].items():
        table.add_row(f"turns: {name}", str(count))
    for reason, count in told["refused"].items():
        table.add_row(f"refused: {reason.replace('_', ' ')}", str(count))
    for run in told["runs"]:
        outcome = run["outcome"] or f"under way, done: {', '.join(told['steps']) or 'nothing yet'}"
        table.add_row(f"run {run['name']}", f"{run['items']} turns; {outcome}")
    console.print(table)
