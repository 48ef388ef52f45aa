"""How a report leaves a command: a table for people, and files where they were asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from talkover.core.report.model import Report, print_table, to_json
from talkover.core.report.page import Section, to_html


@dataclass(frozen=True, slots=True)
class Listing:
    """Cases worth reading beside the measures, such as the worst.

    Attributes:
        title: Plain text.
        columns: Their heads.
        rows: A text for each column; plain, whatever is in it.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def table(self) -> Table:
        """For a terminal."""
        table = Table(*self.columns, title=self.title, title_justify="left", box=None)
        for row in self.rows:
            table.add_row(*map(Text, row))
        return table

    def section(self) -> Section:
        """For a page."""
        head = "".join(f"<th>{escape(column)}</th>" for column in self.columns)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in self.rows
        )
        table = f"<table><tr>{head}</tr>{rows}</table>"
        return Section(self.title, f'<div class="wide">{table}</div>')


def hand_over(
    report: Report,
    console: Console,
    *,
    json: Path | None = None,
    html: Path | None = None,
    listings: Sequence[Listing] = (),
    details: Mapping[str, Any] | None = None,
) -> None:
    """Print a report, and write it where it was asked for.

    Args:
        report: What to hand over.
        console: To print on.
        json: File to write it to as JSON, with ``details``.
        html: File to write it to as a page.
        listings: What to show below the measures; those without rows are left out.
        details: What lies behind the measures, for JSON alone.
    """
    shown = [listing for listing in listings if listing.rows]
    print_table(report, console)
    for listing in shown:
        console.print(listing.table())
    if json is not None:
        json.write_text(to_json(report, details), "utf-8")
    if html is not None:
        html.write_text(to_html(report, [listing.section() for listing in shown]), "utf-8")


def progress_bar(console: Console) -> Progress:
    """A bar for long work, which draws only when told to: no thread of its own disturbs timing."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(
        *columns, TimeElapsedColumn(), console=console, auto_refresh=False, transient=True
    )
