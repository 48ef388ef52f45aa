"""Findings that are kept as they come, a line each, in a file that can be gone on with.

The first line says of what they are, so that those of something else are never gone on with. A line
that a kill broke off is dropped.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from talkover.core.errors import DataError

T = TypeVar("T")


class Kept(Generic[T]):
    """What there is, and what is added to it.

    Args:
        path: Of the file, made if missing; None: nothing is kept.
        head: Tells what the findings are of from anything else.
        to_plain: A finding as what JSON can hold.
        from_plain: The finding again.

    Raises:
        DataError: the file holds findings of something else, or a line of it is damaged.
    """

    def __init__(
        self,
        path: Path | None,
        head: Mapping[str, Any],
        to_plain: Callable[[T], Mapping[str, Any]],
        from_plain: Callable[[dict[str, Any]], T],
    ) -> None:
        self._path = path
        self._to_plain = to_plain
        self.all: list[T] = []
        if path is None:
            return
        wanted = json.dumps(head, ensure_ascii=False)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted + "\n", "utf-8")
        first, *lines = path.read_text("utf-8").splitlines(keepends=True) or [""]
        if first.strip() != wanted:
            raise DataError(
                f"{path} holds readings of something else; name another file, or remove it"
            )
        whole = [line for line in lines if line.endswith("\n")]
        if len(whole) < len(lines):  # broken off in the middle of a line
            path.write_text(first + "".join(whole), "utf-8")
        try:
            self.all = [from_plain(json.loads(line)) for line in whole]
        except (KeyError, TypeError, ValueError):
            raise DataError(f"{path} is damaged; remove it, and read again") from None

    def add(self, some: Sequence[T]) -> None:
        """Keep some more."""
        self.all += some
        if self._path is not None:
            lines = [json.dumps(self._to_plain(one), ensure_ascii=False) + "\n" for one in some]
            with self._path.open("a", encoding="utf-8") as file:
                file.writelines(lines)
