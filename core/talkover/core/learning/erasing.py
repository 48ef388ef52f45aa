"""Forgetting a caller: every item of theirs, its audio, and every line of it in a run's folder."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from talkover.core.learning.items import Items
from talkover.core.learning.ledger import transaction
from talkover.core.learning.runs import Runs
from talkover.core.weights.disk import write_atomically

FORGOTTEN: Final = "stopped, because a caller it was learning from is to be forgotten"
"""What comes of a run that is under way then."""
_MANIFESTS: Final = "*.jsonl"
_SIGNS: Final = ("id", "name", "session", "audio_filepath")
"""Of a line, in which an item's name can stand."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was there of a caller, and is gone now.

    Attributes:
        sessions: Calls.
        blobs: Recordings among the traces, as far as items tell.
        items: Rows, refused ones among them.
        recordings: Audio files.
        lines: In manifests of runs.
        runs: Which learnt from the caller: their weights stay as they are.
    """

    sessions: frozenset[str] = frozenset()
    blobs: frozenset[str] = frozenset()
    items: int = 0
    recordings: int = 0
    lines: int = 0
    runs: tuple[str, ...] = ()


def erase(items: Items, caller: str, sessions: frozenset[str], *, dry_run: bool) -> Erased:
    """Erase a caller's items.

    What comes in later of what was said until now is dropped, should it still be on its way.

    Args:
        items: Of the folder.
        caller: The hash that names the caller.
        sessions: Calls that are known to be theirs.
        dry_run: Only say what would be erased.
    """
    ledger = items.ledger
    rows = ledger.execute("SELECT * FROM turns WHERE caller = ?", (caller,)).fetchall()
    mine = sessions | {row["session"] for row in rows}
    for session in sessions:
        others = "SELECT * FROM turns WHERE session = ? AND caller IS NOT ?"
        rows += ledger.execute(others, (session, caller)).fetchall()
    names = {f"{row['session']}-{row['turn']}" for row in rows}
    sounds = {row["audio"] for row in rows if row["audio"]}
    runs = tuple(sorted({row["run"] for row in rows if row["run"]}))
    lines = _scrub(items.folder / "runs", names, sounds, dry_run=dry_run)
    blobs = frozenset(blob for row in rows if row["record"] for blob in _blobs(row["record"]))
    if dry_run:
        return Erased(mine, blobs, len(rows), len(sounds), lines, runs)
    with transaction(ledger):
        ledger.execute("INSERT OR REPLACE INTO erased VALUES (?, ?)", (caller, time.time()))
        ledger.execute("DELETE FROM turns WHERE caller = ?", (caller,))
        for session in mine:
            ledger.execute("DELETE FROM turns WHERE session = ?", (session,))
    recordings = items.drop_audio(sounds)
    under_way = Runs(ledger).under_way()
    if under_way is not None and under_way in runs:
        Runs(ledger).stop(under_way, FORGOTTEN)
    ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the log has them no longer, either
    return Erased(mine, blobs, len(rows), recordings, lines, runs)


def _blobs(record: str) -> list[str]:
    return list(json.loads(record).get("blobs", {}).values())


def _scrub(folder: Path, names: set[str], sounds: set[str], *, dry_run: bool) -> int:
    """Take lines about items out of the manifests under a folder; how many there were."""
    gone = 0
    for path in sorted(folder.rglob(_MANIFESTS)):
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if not _about(line, names, sounds)]
        gone += len(lines) - len(kept)
        if len(kept) < len(lines) and not dry_run:
            write_atomically(path, b"".join(kept))
    return gone


def _about(line: bytes, names: set[str], sounds: set[str]) -> bool:
    try:
        told = json.loads(line)
    except ValueError:
        return False
    words = set(_words(told))
    return not words.isdisjoint(names) or any(Path(word).stem in sounds for word in words)


def _words(told: object) -> Iterator[str]:
    """Names of the items that a line is about; a batch is kept in one."""
    if isinstance(told, list):
        for one in told:
            yield from _words(one)
    elif isinstance(told, dict):
        yield from (word for sign in _SIGNS if isinstance(word := told.get(sign), str))
