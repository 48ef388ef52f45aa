"""Bundles in tables, for people."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import JsonValue
from rich.table import Table
from rich.text import Text

from talkover.core.bundles.difference import Change, Difference
from talkover.core.bundles.history import Promotion
from talkover.core.bundles.manifest import Manifest

_LONGEST: Final = 60
"""Characters of a value in a table."""


def plain(text: str) -> str:
    """A stranger's text, so that it cannot command a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def list_table(rows: list[dict[str, Any]]) -> Table:
    """Bundles, from ``Desk.about``."""
    table = Table(
        "bundle", "created", "parent", "run", "MB", "signed by", "", box=None, pad_edge=False
    )
    for row in rows:
        broken = row["fault"] is not None
        notes = {"current": row["current"], "unfit: verify it": broken}
        table.add_row(
            row["id"][:12],
            str(row.get("created", ""))[:16].replace("T", " "),
            (row.get("parent") or "base weights")[:12] if "created" in row else "",
            Text(plain(row.get("run") or "")[:_LONGEST]),
            f"{row['bytes'] / 1e6:.0f}" if "bytes" in row else "",
            row["signed_by"] or "-",
            Text(", ".join(note for note in notes if notes[note]), style="red" if broken else ""),
        )
    return table


def show_tables(manifest: Manifest, about: Mapping[str, Any]) -> Iterator[Table]:
    """One bundle, in tables."""
    table = Table(show_header=False, box=None, pad_edge=False)
    facts = {
        "bundle": manifest.id,
        "created": f"{manifest.created:%Y-%m-%d %H:%M:%S %Z}",
        "parent": manifest.parent or "base weights",
        "run": manifest.run or "-",
        "data": manifest.data or "-",
        "schema": str(manifest.schema_version),
        "signed by": about["signed_by"] or "nobody that is trusted",
        "current": "yes" if about["current"] else "no",
    }
    if about["fault"]:
        facts["unfit"] = str(about["fault"])
    for name, value in facts.items():
        table.add_row(name, Text(plain(value)))
    yield table
    table = Table("part", "made from", "licence", "origin", box=None, pad_edge=False)
    for role, part in manifest.parts.items():
        licence = manifest.licences.get(role)
        spdx, origin = (licence.spdx, licence.origin) if licence else ("", "")
        made = ", ".join(f"{v}" if k == "name" else f"{k} {v}" for k, v in part.variant.items())
        table.add_row(role, *(Text(plain(text)) for text in (made, spdx, origin)))
    yield table
    table = Table("file", "bytes", "sha256", box=None, pad_edge=False)
    for path, entry in sorted(manifest.files.items()):
        table.add_row(path, str(entry.bytes), entry.sha256[:12])
    yield table
    if manifest.metrics:
        table = Table("metric", "value", box=None, pad_edge=False)
        for name, value in sorted(manifest.metrics.items()):
            table.add_row(Text(plain(name)), f"{value:.6g}")
        yield table


def history_table(moves: list[Promotion]) -> Table:
    """Promotions and rollbacks."""
    table = Table("when", "what", "bundle", "before", "by", "why", box=None, pad_edge=False)
    for move in moves:
        table.add_row(
            f"{move.at:%Y-%m-%d %H:%M:%S}",
            move.kind,
            move.bundle[:12],
            (move.before or "-")[:12],
            Text(plain(move.by)),
            Text(plain(move.reason)),
        )
    return table


def change_tables(found: Difference, first: str, second: str) -> list[Table]:
    """What differs, in a table for each kind of thing."""
    kinds = {"file (bytes)": found.files, "value": found.values, "metric": found.metrics}
    tables = []
    for kind, changes in kinds.items():
        if changes:
            table = Table(kind, first, second, box=None, pad_edge=False)
            for change in changes:
                table.add_row(*_cells(change))
            tables.append(table)
    return tables


def _cells(change: Change) -> list[Text]:
    values = (Text(plain(_short(value))) for value in (change.before, change.after))
    return [Text(plain(change.name), overflow="fold"), *values]


def _short(value: JsonValue) -> str:
    text = "-" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
