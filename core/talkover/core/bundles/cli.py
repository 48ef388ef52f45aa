"""``talkover bundles``: all that happens to a bundle after it was built."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from talkover.core.bundles.announcement import MAX_REASON
from talkover.core.bundles.cli_desk import Desk, open_desk
from talkover.core.bundles.cli_tables import (
    change_tables,
    history_table,
    list_table,
    plain,
    show_tables,
)
from talkover.core.errors import BundleError, TalkoverError

app = typer.Typer(
    no_args_is_help=True,
    help="""Bundles, after they were built.

    A bundle is what the server loads: models and settings in one folder that is named by its
    content. `talkover models build` makes the first one, training makes the others. Ids may be
    shortened to what tells them apart, at least 6 characters.
    """,
)


def _a_sentence(text: str) -> str:
    if len(text) > MAX_REASON:
        raise typer.BadParameter(f"at most {MAX_REASON} characters")
    return text


DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where bundles are kept. Default: TALKOVER_DATA_DIR, else ~/.local/share/talkover.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
BundleId = Annotated[str, typer.Argument(help="The first characters of the bundle's id.")]
Reason = Annotated[
    str,
    typer.Option(callback=_a_sentence, help="Why; kept in the history, and told to servers."),
]
RedisUrl = Annotated[
    str | None,
    typer.Option("--redis", help="Where servers are told. Default: as set, or the server's own."),
]


@app.command("list")
def list_command(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show the bundles that are here, oldest first."""
    desk = open_desk(data_dir)
    rows = [desk.about(bundle_id) for bundle_id in desk.store.ids()]
    rows.sort(key=lambda row: str(row.get("created", "")))
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    console = Console(highlight=False)
    console.print(list_table(rows) if rows else "No bundle yet: `talkover models build` makes one.")
    console.print(f"\nin {desk.store.root}", style="dim")


@app.command()
def show(
    bundle: Annotated[
        str | None, typer.Argument(help="The first characters of its id; none: the current.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show where a bundle comes from, what is in it and what was measured on it."""
    desk = open_desk(data_dir)
    bundle_id = desk.resolve(bundle)
    manifest = desk.store.get(bundle_id)
    about = desk.about(bundle_id)
    if as_json:
        typer.echo(json.dumps({**manifest.model_dump(mode="json"), **about}, indent=2))
        return
    console = Console(highlight=False)
    for table in show_tables(manifest, about):
        console.print(table)
        console.print()


@app.command()
def verify(
    bundle: Annotated[
        str | None,
        typer.Argument(help="An id, or a folder from elsewhere; all that are here if none."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Hash every file and check the signature; code 1 when a bundle must not be loaded."""
    desk = open_desk(data_dir)
    console = Console(highlight=False, soft_wrap=True)
    faults = 0
    for name, check in desk.checks(bundle):
        try:
            check()
        except BundleError as error:
            faults += 1
            console.print(f"{name[:12]}: [bold red]refused[/bold red]")
            console.print(f"  {plain(str(error))}", markup=False)
        else:
            console.print(f"{name[:12]}: [green]sound[/green]")
    if faults:
        raise typer.Exit(1)


@app.command("import")
def import_command(
    source: Annotated[
        str, typer.Argument(help="A bundle's folder, a zip file of one, or a folder's fsspec URL.")
    ],
    data_dir: DataDir = None,
) -> None:
    """Take in a bundle from elsewhere, after every check. It is not served by that."""
    desk = open_desk(data_dir)
    manifest = desk.store.import_(source, desk.trust)
    Console(highlight=False).print(
        f"Bundle [bold]{manifest.short}[/bold] is here; "
        f"`talkover bundles promote {manifest.short}` makes it current"
    )


@app.command()
def promote(
    bundle: BundleId, reason: Reason = "", redis_url: RedisUrl = None, data_dir: DataDir = None
) -> None:
    """Serve a bundle from now on. It is verified first, and running servers are told."""
    desk = open_desk(data_dir)
    bundle_id = desk.store.resolve(bundle)
    moved = desk.registry().promote(bundle_id, reason=reason, by="talkover bundles")
    console = Console(highlight=False, soft_wrap=True)
    was = "is now" if moved else "was already"
    console.print(f"Bundle [bold]{bundle_id[:12]}[/bold] {was} current")
    _tell(desk, "promote", bundle_id, reason, redis_url)


@app.command()
def rollback(reason: Reason = "", redis_url: RedisUrl = None, data_dir: DataDir = None) -> None:
    """Go back to the bundle that was served before, or further if that one is damaged."""
    desk = open_desk(data_dir)
    moved = desk.registry().rollback(reason=reason, by="talkover bundles")
    Console(highlight=False).print(f"Bundle [bold]{moved.bundle[:12]}[/bold] is current again")
    _tell(desk, "rollback", moved.bundle, reason, redis_url)


@app.command()
def history(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show what was promoted and rolled back, oldest first."""
    moves = open_desk(data_dir).registry().history()
    if as_json:
        typer.echo(json.dumps([move.model_dump(mode="json") for move in moves], indent=2))
        return
    Console(highlight=False).print(history_table(moves) if moves else "Nothing was promoted yet.")


@app.command()
def diff(
    first: BundleId, second: BundleId, as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Show which files, values and metrics differ between two bundles."""
    from talkover.core.bundles.difference import compare, read_configs

    store = open_desk(data_dir).store
    ids = store.resolve(first), store.resolve(second)
    one, other = (store.get(bundle_id) for bundle_id in ids)
    configs = (read_configs(store.path(one.id), one), read_configs(store.path(other.id), other))
    found = compare(one, other, configs)
    if as_json:
        typer.echo(json.dumps({"first": one.id, "second": other.id, **asdict(found)}, indent=2))
        return
    console = Console(highlight=False)
    tables = change_tables(found, one.short, other.short)
    for table in tables:
        console.print(table)
        console.print()
    if not tables:
        console.print("Nothing differs.")


@app.command()
def sign(bundle: BundleId, data_dir: DataDir = None) -> None:
    """Vouch for a bundle with this machine's key."""
    desk = open_desk(data_dir)
    bundle_id = desk.store.resolve(bundle)
    signer = desk.signer()
    desk.store.sign(bundle_id, signer)
    Console(highlight=False).print(
        f"Bundle [bold]{bundle_id[:12]}[/bold] is signed by {signer.public.id}"
    )


@app.command()
def prune(
    keep: Annotated[int, typer.Option(min=1, help="Of the newest, and of those gone back to.")] = 3,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Remove old bundles. The current one stays, and so does the one that the settings name."""
    desk = open_desk(data_dir)
    registry, named = desk.registry(), desk.settings.bundle
    spare = () if named is None else (named,)
    choose = registry.dispensable if dry_run else registry.prune
    ids = choose(keep, spare=spare)
    verb = "would go" if dry_run else "removed"
    for bundle_id in ids:
        typer.echo(f"{bundle_id[:12]}: {verb}")
    if not ids:
        typer.echo("Nothing to remove.")


@app.command()
def key(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Print this machine's public key, for `bundles.trusted_keys` of others."""
    public = open_desk(data_dir).signer().public
    typer.echo(json.dumps({"id": public.id, "key": public.text}) if as_json else public.text)


def _tell(desk: Desk, kind: str, bundle_id: str, reason: str, redis_url: str | None) -> None:
    """Announce what is true on the disk already; nobody listening is no failure."""
    try:
        desk.announce(kind, bundle_id, reason, redis_url)
    except TalkoverError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"No running server was told; one that starts finds it by itself ({plain(str(error))})",
            style="yellow",
            markup=False,
        )
