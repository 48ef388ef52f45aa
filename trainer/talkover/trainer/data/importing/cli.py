"""``talkover data import``."""

import json
import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table
from rich.text import Text

from talkover.core.errors import DataError
from talkover.core.report import progress_bar
from talkover.trainer.data.importing.sources import Format, detect, read_source

if TYPE_CHECKING:
    from talkover.trainer.data.importing.run import Source, Summary

_SHOWN: Final = 40
_SOME_REFUSED: Final = 3


def import_set(
    source: Annotated[
        list[Path], typer.Argument(help="Manifest, table or folder; several become one set.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for audio and manifest.")],
    form: Annotated[
        Format, typer.Option("--format", help="Of the sources. Default: as they look.")
    ] = Format.AUTO,
    root: Annotated[
        Path | None,
        typer.Option(
            help="Folder that all recordings are under, and that paths count from. Default: the "
            "source, or the folder that it is in. What leads out of it is refused.",
            show_default=False,
        ),
    ] = None,
    locale: Annotated[str, typer.Option(help="Such as en-GB; of entries that name none.")] = "",
    accent: Annotated[str, typer.Option(help="Of entries that name none.")] = "",
    speaker: Annotated[
        str, typer.Option(help="Of entries that name none, if it is one person.")
    ] = "",
    speaker_folders: Annotated[
        bool, typer.Option("--speaker-folders", help="Of a plain folder: each in it is a speaker.")
    ] = False,
    also: Annotated[
        list[str] | None,
        typer.Option(help="A language that is switched to, such as en; repeat it for several."),
    ] = None,
    channel: Annotated[
        int | None, typer.Option(min=0, help="To listen to. Default: the mean of all.")
    ] = None,
    digits: Annotated[
        bool, typer.Option("--digits", help="Accept digits and signs that are read out: 5, %, €.")
    ] = False,
    link: Annotated[
        bool,
        typer.Option("--link/--copy", help="Link to files that are 16 kHz mono FLAC already."),
    ] = False,
    processes: Annotated[
        int, typer.Option(min=1, max=256, help="That work at once. Default: one a core.")
    ] = os.cpu_count() or 1,
) -> None:
    """Import a corpus: NeMo, Lhotse, Common Voice, Kaldi, or a folder of audio and text.

    Every file is read and checked: whole, of a plausible rate and length, loud enough, not clipped,
    a transcript in its language's script that can be said in the time, not there twice. What passes
    becomes 16 kHz mono FLAC and a line of OUT/manifest.jsonl, with a split: no speaker and no
    sentence is in two. What does not is listed in OUT/refused.jsonl, with all that is wrong.

    Broken off, by Ctrl-C or otherwise, it goes on where it was when it is called again; repaired
    files are looked at again. Commands in a wav.scp or a Lhotse manifest are refused, never run.

    Exit status: 0 if all was accepted, 3 if some was refused.
    """
    from talkover.trainer.data.importing.checks import Limits
    from talkover.trainer.data.importing.convert import Wishes
    from talkover.trainer.data.importing.run import run

    console = Console(highlight=False)
    wishes = Wishes(
        locale,
        accent,
        speaker,
        channel,
        tuple(also or ()),
        link,
        Limits(digits=digits),
    )
    sources = [
        _source(path, form, root, several=len(source) > 1, speakers=speaker_folders)
        for path in source
    ]
    with progress_bar(console) as progress:
        total = sum(1 for one in sources for _ in one.items())
        if not total:
            raise DataError("there is nothing to import: the source names no recordings")
        task = progress.add_task("entries", total=total)
        summary = run(
            sources,
            wishes,
            out,
            processes=processes,
            tick=lambda entries: _tick(progress, task, entries),
        )
    _print(console, summary, out)
    if summary.left_out:
        raise typer.Exit(_SOME_REFUSED)


def _source(
    path: Path, form: Format, root: Path | None, *, several: bool, speakers: bool
) -> "Source":
    from talkover.trainer.data.importing.run import Source

    found = detect(path) if form is Format.AUTO else form
    if not path.exists():
        raise DataError(f"there is no {path}")
    folder = (path if path.is_dir() else path.parent).resolve()
    return Source(
        lambda: read_source(path, found, speakers=speakers),
        root.resolve() if root else folder,
        folder.name if several else "",
    )


def _tick(progress: Progress, task: TaskID, entries: int) -> None:
    progress.advance(task, entries)
    progress.refresh()


def _print(console: Console, summary: "Summary", out: Path) -> None:
    from talkover.trainer.data.importing.run import MANIFEST, REFUSED
    from talkover.trainer.data.importing.scripts import language_of, scripts_of
    from talkover.trainer.data.texts import Split

    if summary.left_out:
        console.print(_refused(out / REFUSED, summary.left_out))
        reasons = (f"{reason} {count}" for reason, count in summary.refused.most_common())
        console.print(f"{summary.left_out} refused ({', '.join(reasons)}): {out / REFUSED}\n")
    table = Table("locale", *(f"{split} (h)" for split in Split), box=None, pad_edge=False)
    for locale, seconds in sorted(summary.seconds.items()):
        table.add_row(locale, *(f"{seconds[split] / 3_600:.3f}" for split in Split))
    console.print(table)
    for locale in summary.by_text:
        console.print(
            f"{locale}: fewer than three speakers, or some that are not named, so that only "
            "sentences are held out: voices may be in all splits",
            style="yellow",
        )
    for locale in sorted(summary.seconds):
        if not scripts_of(language_of(locale)):
            console.print(f"{locale}: its script is not known, and not checked", style="yellow")
    console.print(f"{summary.accepted} accepted: {out / MANIFEST}")


def _refused(path: Path, count: int) -> Table:
    """The first of the list."""
    title = "Refused" if count <= _SHOWN else f"The first {_SHOWN} of {count} refused"
    table = Table("where", "audio", "why", title=title, title_justify="left", box=None)
    with path.open(encoding="utf-8") as file:
        for one in map(json.loads, islice(file, _SHOWN)):
            why = "; ".join(
                ": ".join(filter(None, (finding["reason"], finding["detail"])))
                for finding in one["findings"]
            )
            table.add_row(Text(one["where"]), Text(one["audio"]), Text(why))
    return table
