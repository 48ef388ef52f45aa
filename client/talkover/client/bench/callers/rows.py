"""Turns of callers, a line of JSON each, as they come."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Self

from talkover.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A turn of a caller.

    Attributes:
        at: When its words were final, seconds since 1970.
        session: Of the call.
        turn: Of the session; -1: nobody noticed that something was said.
        name: Of the recording.
        accent: Of the caller.
        locale: Of the caller, BCP 47.
        bundle: Whose listener heard it.
        said: What was said.
        heard: What was understood.
        words: That were said, normalised.
        errors: Words that differ.
        wait: Seconds from the end of the recording to its last words; None: there were none.
        corrected: The caller said what was right.
    """

    at: float
    session: str
    turn: int
    name: str
    accent: str
    locale: str
    bundle: str
    said: str
    heard: str
    words: int
    errors: int
    wait: float | None
    corrected: bool

    @property
    def bounded(self) -> int:
        """Errors, at most as many as words: one loop does not hide all else."""
        return min(self.errors, self.words)

    @classmethod
    def parse(cls, line: str) -> Self:
        """From a line.

        Raises:
            TypeError, ValueError: it is none.
        """
        return cls(**json.loads(line))


def write_row(file: IO[str], row: Row) -> None:
    """Append a row; it is there for whoever reads the file meanwhile."""
    file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
    file.flush()


def read_rows(paths: Iterable[Path]) -> list[Row]:
    """All rows of files, in the order of time; a last line that is half written is left out.

    Raises:
        ConfigError: a line is no row.
    """
    rows = []
    for path in paths:
        content = path.read_text("utf-8") if path.is_file() else ""
        whole = content[: content.rfind("\n") + 1]
        try:
            rows += [Row.parse(line) for line in whole.splitlines() if line.strip()]
        except (TypeError, ValueError):
            raise ConfigError(f"{path} holds other things than turns; move it away") from None
    return sorted(rows, key=lambda row: row.at)
