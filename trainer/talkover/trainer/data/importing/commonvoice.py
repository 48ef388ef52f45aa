"""Common Voice: a TSV of clips (``client_id``, ``path``, ``sentence`` ...) beside ``clips/``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from talkover.core.errors import DataError
from talkover.trainer.data.importing.entries import Entry, Item, Reason, Refused, refused
from talkover.trainer.data.importing.reading import read_lines

_DEFAULT: Final = "validated.tsv"
_NEEDED: Final = ("client_id", "path", "sentence")
_TRAITS: Final = ("gender", "age", "variant")
_CLIPS: Final = "clips"


def read_common_voice(path: Path) -> Iterator[Item]:
    """Entries of a TSV, or of a folder's ``validated.tsv``.

    Raises:
        DataError: there is no such file, or it has other columns.
    """
    table = path / _DEFAULT if path.is_dir() else path
    if not table.is_file():
        there = ", ".join(sorted(one.name for one in path.glob("*.tsv"))) or "none"
        raise DataError(f"{path} has no {_DEFAULT}; name one of its tables ({there})")
    lines = read_lines(table)
    _, head = next(lines, ("", ""))
    columns = [] if isinstance(head, Refused) else head.split("\t")
    if missing := [name for name in _NEEDED if name not in columns]:
        raise DataError(f"{table} is no table of Common Voice: no column {', '.join(missing)}")
    for where, line in lines:
        yield line if isinstance(line, Refused) else _entry(where, columns, line.split("\t"))


def _entry(where: str, columns: list[str], cells: list[str]) -> Item:
    if len(cells) != len(columns):
        return refused(where, Reason.BAD_LINE, f"{len(cells)} cells in {len(columns)} columns")
    row = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    if not row["path"]:
        return refused(where, Reason.BAD_LINE, "no path")
    return Entry(
        where,
        f"{_CLIPS}/{row['path']}",
        row["sentence"],
        speaker=row["client_id"],
        locale=row.get("locale", ""),
        accent=row.get("accents") or row.get("accent", ""),
        traits={name: row[name] for name in _TRAITS if row.get(name)},
        votes=_votes(row.get("up_votes", ""), row.get("down_votes", "")),
    )


def _votes(for_it: str, against: str) -> tuple[int, int] | None:
    try:
        return int(for_it), int(against)
    except ValueError:
        return None
