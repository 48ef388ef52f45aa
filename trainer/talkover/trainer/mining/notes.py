"""What was heard so far, kept batch by batch: listening goes on where it was broken off."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from talkover.core.weights.disk import write_atomically
from talkover.trainer.mining.listened import Listened


class Notes:
    """A file of what was heard: a line that says of what, then one for each batch.

    Args:
        path: The file; one that is of anything else is begun anew.
        head: Whose listening it is, and to what: as JSON has it.
    """

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        self._path = path
        first = (json.dumps(head, ensure_ascii=False) + "\n").encode()
        lines = _whole(path.read_bytes()) if path.exists() else []
        if not lines or lines[0] != first:
            lines = [first]
        write_atomically(path, lines)
        self.batches: list[list[Listened]] = [
            [Listened.of(one) for one in json.loads(line)] for line in lines[1:]
        ]

    def add(self, batch: Sequence[Listened]) -> None:
        """Keep a batch; it is on the disk when this is done."""
        line = json.dumps([one.told() for one in batch], ensure_ascii=False) + "\n"
        with self._path.open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
        self.batches.append(list(batch))


def _whole(content: bytes) -> list[bytes]:
    """Lines that were written to their end: a kill leaves half of the last."""
    return [line for line in content.splitlines(keepends=True) if line.endswith(b"\n")]
