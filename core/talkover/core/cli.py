"""The ``talkover`` command. Server, client and trainer add their commands by entry point."""

import json
import sys
from importlib.metadata import entry_points, version
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from talkover.core.errors import TalkoverError
from talkover.core.settings import config_file, load_settings

_GROUP = "talkover.commands"

app = typer.Typer(
    name="talkover",
    help="A real-time, full-duplex voice agent that learns from its calls.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
)
config = typer.Typer(help="Settings: which there are, and what they are now.")


@app.callback()
def _options(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True)
    ] = False,
) -> None:
    if show_version:
        typer.echo(version("talkover"))
        raise typer.Exit


@config.command()
def show(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Print every setting with its value now. Secrets are starred out."""
    settings = load_settings()
    if as_json:
        typer.echo(settings.model_dump_json(indent=2))
        return
    table = Table("setting", "value", "what it is", box=None, pad_edge=False)
    for name, value, text in _rows(settings):
        table.add_row(name, escape(value), escape(text))
    Console().print(table)
    path = config_file()
    found = "read" if path.exists() else "not there"
    typer.echo(f"\nflags > TALKOVER_* variables > {path} ({found}) > defaults")


def _rows(section: BaseModel, before: str = "") -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            rows += _rows(value, f"{before}{name}.")
        else:
            rows.append((f"{before}{name}", _text(value), field.description or ""))
    return rows


def _text(value: object) -> str:
    """A value, lists as they are written in TOML and in variables, tables as in variables."""
    return json.dumps(value, default=str) if isinstance(value, tuple | dict) else str(value)


def build() -> typer.Typer:
    """The command with everything that is installed."""
    from talkover.core.bundles.cli import app as bundles

    app.add_typer(config, name="config")
    app.add_typer(bundles, name="bundles", help="Bundles: verify, import, promote, go back.")
    for entry in sorted(entry_points(group=_GROUP), key=lambda entry: entry.name):
        entry.load()(app)
    return app


def main() -> None:
    """Run the command. An error that is ours is one line that says what to do."""
    try:
        build()()
    except TalkoverError as error:
        console = Console(stderr=True, highlight=False)
        console.print(f"[red]{error.code}[/red] {escape(str(error))}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
