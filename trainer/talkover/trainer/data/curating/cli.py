"""``talkover data stats`` and ``talkover data balance``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from talkover.core.report import Report, hand_over, progress_bar
from talkover.trainer.data.curating.samples import Facet, read_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from talkover.trainer.data.curating.balancing import Row

_TICK: Final = 500  # utterances
_SHOWN: Final = 60
_NOT_REACHED: Final = 3


def stats(
    manifest: Annotated[list[Path], typer.Argument(help="Of one set, or of several as one.")],
    target_hours: Annotated[float, typer.Option(min=0, help="Wanted of each locale.")] = 100.0,
    max_clean: Annotated[
        float, typer.Option(min=0, max=1, help="Share of a locale without noise, at most.")
    ] = 0.5,
    max_speaker: Annotated[
        float, typer.Option(min=0, max=1, help="Share of a locale that one person says, at most.")
    ] = 0.2,
    min_evenness: Annotated[
        float, typer.Option(min=0, max=1, help="Of a language's accents, at least: entropy.")
    ] = 0.9,
    max_ratio: Annotated[
        float, typer.Option(min=1, help="Of a language's most to its least frequent accent.")
    ] = 3.0,
    samples: Annotated[
        int, typer.Option(min=0, max=20, help="Of each accent, to listen to in the page.")
    ] = 2,
    json: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as a page.")] = None,
) -> None:
    """What sets are made of: hours by locale, accent, speaker, noise, line, switch and more.

    What a set lacks is flagged as missed: a locale with too few hours, accents that are uneven, too
    much speech without noise, one speaker who says most of it, sentences or speakers in two splits.
    The page has charts, and examples of each accent and switch to listen to; it needs nothing else.
    """
    from talkover.trainer.data.curating.judging import Wanted, details, listings, measures
    from talkover.trainer.data.curating.tally import Tally

    console = Console(highlight=False)
    tally = Tally(examples=samples if html is not None else 0)
    with progress_bar(console) as progress:
        task = progress.add_task("bytes", total=sum(map(_size, manifest)))
        before = 0
        for path in manifest:
            for number, (offset, sample) in enumerate(read_manifest(path)):
                tally.add(sample)
                if not number % _TICK:
                    progress.update(task, completed=before + offset)
                    progress.refresh()
            before += _size(path)
    wanted = Wanted(target_hours, min_evenness, max_ratio, max_clean, max_speaker)
    report = Report(title=f"Speech in {_names(manifest)}", measures=measures(tally, wanted))
    tables = listings(tally)
    hand_over(report, console, json=json, listings=tables, details=details(tally))
    if html is not None:
        from talkover.trainer.data.curating.page import page

        html.write_text(page(report, tally, tables), "utf-8")


def balance(
    manifest: Annotated[Path, typer.Argument(help="To draw from.")],
    by: Annotated[str, typer.Option(help=f"Of {', '.join(Facet)}; several with commas.")],
    hours: Annotated[float, typer.Option(min=0.001, help="Of the set that is drawn.")],
    out: Annotated[Path, typer.Option(help="Manifest to write.")],
    target: Annotated[
        str,
        typer.Option(
            help="Even, or a TOML file with a table for each facet: value = weight; 'others' is "
            "for each that is not named."
        ),
    ] = "even",
    split: Annotated[str, typer.Option(help="Draw from this one alone, such as train.")] = "",
    max_speaker: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the set that one person says, at most.")
    ] = 1.0,
    repeats: Annotated[
        int, typer.Option(min=0, max=100, help="How often an utterance may come again.")
    ] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Of the draw.")] = 0,
) -> None:
    """Draw a set of a wanted distribution from a manifest: the same seed draws the same set.

    Everything is drawn once before anything comes again; its name then ends in ~1, ~2. What cannot
    be reached is told. The new manifest leads to the same audio.

    Exit status: 0 if all is as wanted, 3 if there was too little of something.
    """
    from talkover.trainer.data.curating.balancing import balance as draw_set
    from talkover.trainer.data.curating.balancing import read_target

    facets = [_facet(name.strip()) for name in by.split(",")]
    rows = draw_set(
        *(manifest, out, facets, read_target(target, facets)),
        seconds=hours * 3_600,
        split=split,
        speaker=max_speaker,
        repeats=repeats,
        seed=seed,
    )
    console = Console(highlight=False)
    console.print(_table(facets, rows))
    drawn, missing = (sum(some) for some in zip(*((r.drawn, r.missing) for r in rows), strict=True))
    console.print(f"{drawn / 3_600:.2f} h in {out}")
    if missing > 0:
        console.print(f"{missing / 3_600:.2f} h could not be reached", style="yellow")
        raise typer.Exit(_NOT_REACHED)


def _table(facets: "Sequence[Facet]", rows: "Sequence[Row]") -> Table:
    """What is missing most comes first."""
    heads = ("there (h)", "wanted (h)", "drawn (h)", "repeated (h)", "missing (h)")
    title = "" if len(rows) <= _SHOWN else f"{_SHOWN} of {len(rows)} cells, worst first"
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for facet in facets:
        table.add_column(facet.value)
    for head in heads:
        table.add_column(head, justify="right")
    for row in sorted(rows, key=lambda row: (-row.missing, row.cell))[:_SHOWN]:
        figures = (row.there, row.wanted, row.drawn, row.repeated, row.missing)
        texts = (f"{figure / 3_600:.3f}" for figure in figures)
        style = "yellow" if row.missing else ""
        table.add_row(*map(Text, (*row.cell, *texts)), style=style)
    return table


def _facet(name: str) -> Facet:
    try:
        return Facet(name)
    except ValueError:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(Facet)}") from None


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _names(manifests: "Sequence[Path]") -> str:
    names = [path.resolve().parent.name for path in manifests]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
