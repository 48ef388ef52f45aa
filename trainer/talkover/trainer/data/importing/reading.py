"""Text files of a source, line by line; a damaged line is an item too."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Final

from talkover.core.errors import DataError
from talkover.trainer.data.importing.entries import Reason, Refused, refused

_LONGEST: Final = 1 << 20
"""Bytes of a line."""
_MOST: Final = 1 << 16
"""Bytes of a file that is one transcript."""


def read_lines(path: Path) -> Iterator[tuple[str, str | Refused]]:
    """Lines that are not empty, and where they are; gzipped or not.

    Raises:
        DataError: the file cannot be read to its end.
    """
    for where, raw in _raw_lines(path):
        if len(raw) > _LONGEST:
            yield where, refused(where, Reason.BAD_LINE, f"longer than {_LONGEST} bytes")
            continue
        line = decoded(raw, where)
        if isinstance(line, Refused) or line.strip():
            yield where, line if isinstance(line, Refused) else line.rstrip("\r\n")


def read_json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any] | Refused]]:
    """Objects of a JSONL file, and where they are.

    Raises:
        DataError: the file cannot be read to its end.
    """
    for where, line in read_lines(path):
        if isinstance(line, Refused):
            yield where, line
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            yield where, refused(where, Reason.BAD_LINE, "no JSON")
            continue
        if isinstance(found, dict):
            yield where, found
        else:
            yield where, refused(where, Reason.BAD_LINE, "no JSON object")


def read_text(path: Path, where: str) -> str | Refused:
    """A file that is one transcript."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST + 1)
    except OSError as error:
        return refused(where, Reason.MISSING, f"{error.strerror or error}")
    if len(raw) > _MOST:
        return refused(where, Reason.BAD_LINE, f"longer than {_MOST} bytes")
    return decoded(raw, where)


def decoded(raw: bytes, where: str) -> str | Refused:
    """Bytes as UTF-8, with a byte-order mark or without."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return refused(where, Reason.BAD_ENCODING, f"byte {error.start} is not UTF-8")


def number(value: Any) -> float | None:
    """A finite number, of a number or of its digits; None of anything else."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if -1e9 < found < 1e9 else None


def text_of(value: Any) -> str:
    """A text, or a whole number as one; empty of anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def _raw_lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """Lines and where they are; the rest of one that is too long is passed over."""
    with _opened(path) as file:
        for place in count(1):
            raw = file.readline(_LONGEST + 1)
            if not raw:
                return
            last = raw
            while len(last) > _LONGEST and not last.endswith(b"\n"):
                last = file.readline(_LONGEST + 1)
            yield f"{path.name}:{place}", raw


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as packed:
                yield packed
        else:
            with path.open("rb") as plain:
                yield plain
    except (OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read to its end ({error}); fetch it again") from None
