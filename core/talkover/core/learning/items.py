"""Training items: turns with their audio, each counted once."""

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Final

from talkover.core.closing import Closing
from talkover.core.learning.ledger import open_ledger, transaction
from talkover.core.traces.blobs import FolderStore

EXPIRED: Final = "expired"
"""Why items are refused that are past retention."""
_ORPHANED: Final = 3600.0  # s: younger audio may be of a row that is about to be written


class State(StrEnum):
    """Where an item stands."""

    WAITING = "waiting"
    """It has no label yet."""
    READY = "ready"
    REFUSED = "refused"
    """Its row says why, and holds nothing of what was said."""


@dataclass(frozen=True, slots=True)
class Item:
    """A turn as it is counted.

    Attributes:
        session: The call.
        turn: Its number there.
        revision: Of its record.
        caller: The hash that names the caller, if they gave a name.
        written_at: Seconds since 1970 when the turn was over.
        state: Where it stands.
        reason: Why it was refused.
        record: The turn record as JSON, unless it was refused.
        audio: sha256 of its FLAC, unless it was refused.
        seconds: Of the audio.
        label: What was said, as JSON, once that is known.
        run: Which run learnt from it first; None: none yet.
    """

    session: str
    turn: int
    revision: int
    caller: str | None
    written_at: float
    state: State
    reason: str = ""
    record: str | None = None
    audio: str | None = None
    seconds: float = 0.0
    label: str | None = None
    run: str | None = None

    @property
    def name(self) -> str:
        """In manifests."""
        return f"{self.session}-{self.turn}"


class Taken(StrEnum):
    """What became of a record that was handed in."""

    NEW = "new"
    AGAIN = "again"
    """It was counted before, in this revision or a later one."""
    ERASED = "erased"
    """Its caller had everything erased since."""


_COLUMNS: Final = tuple(field.name for field in fields(Item))
_VALUES: Final = ", ".join(f":{name}" for name in _COLUMNS)
_INSERT: Final = f"INSERT OR REPLACE INTO turns ({', '.join(_COLUMNS)}) VALUES ({_VALUES})"  # noqa: S608


class Items(Closing):
    """The training items of a folder; for one thread, beside other threads' and processes' own.

    Args:
        folder: See ``ledger.learning_folder``.

    Raises:
        TraceError: the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = open_ledger(folder)
        self.sounds = FolderStore(folder / "audio")

    def close(self) -> None:
        """Give the files back."""
        self.ledger.close()

    def take(self, item: Item, audio: bytes | None = None) -> Taken:
        """Count a turn, once: when this returns it is on the disk.

        Args:
            item: A new one.
            audio: The FLAC that it names; None if it names none.
        """
        with transaction(self.ledger):  # nobody drops audio meanwhile
            if item.caller is not None and self._erased(item.caller, item.written_at):
                return Taken.ERASED
            known = self._known(item)
            if known is not None and known.revision >= item.revision:
                return Taken.AGAIN
            if audio is not None and item.audio is not None:
                self.sounds.put(item.audio, audio)
            self.ledger.execute(_INSERT, asdict(item))
        if known is not None:
            self.drop_audio([known.audio])
        return Taken.NEW

    def attempt(self, entry: str) -> int:
        """Note that an entry of the stream is tried; how often it was by now."""
        with transaction(self.ledger):
            self.ledger.execute(
                "INSERT INTO attempts VALUES (?, 1, ?) "
                "ON CONFLICT (entry) DO UPDATE SET tries = tries + 1, at = excluded.at",
                (entry, time.time()),
            )
            return self.attempts(entry)

    def attempts(self, entry: str) -> int:
        """How often an entry was tried in vain."""
        row = self.ledger.execute("SELECT tries FROM attempts WHERE entry = ?", (entry,)).fetchone()
        return 0 if row is None else int(row[0])

    def forget_attempts(self, entry: str) -> None:
        """It is dealt with."""
        with transaction(self.ledger):
            self.ledger.execute("DELETE FROM attempts WHERE entry = ?", (entry,))

    def select(self, state: State, *, fresh: bool = False) -> list[Item]:
        """Items in a state, in the order in which they were written; ``fresh``: of no run yet."""
        rows = self.ledger.execute(
            "SELECT * FROM turns WHERE state = ? AND (run IS NULL OR NOT ?) "
            "ORDER BY written_at, session, turn",
            (state, fresh),
        )
        return [_item(row) for row in rows]

    def of_session(self, session: str) -> list[Item]:
        """All turns of a call that were counted, in order."""
        rows = self.ledger.execute(
            "SELECT * FROM turns WHERE session = ? ORDER BY turn", (session,)
        )
        return [_item(row) for row in rows]

    def label(self, item: Item, label: str) -> bool:
        """Say what was said; False if it was erased or is of a later revision by now."""
        return self._change(item, "state = ?, label = ?", (State.READY, label))

    def refuse(self, item: Item, reason: str) -> bool:
        """Forget what was said, and why; False as for ``label``."""
        change = "state = ?, reason = ?, record = NULL, audio = NULL, label = NULL"
        done = self._change(item, change, (State.REFUSED, reason))
        if done:
            self.drop_audio([item.audio])
        return done

    def counts(self) -> dict[str, int]:
        """How many items are in which state; ``fresh`` are those ready that no run has seen."""
        found = dict.fromkeys(State, 0)
        for state, count in self.ledger.execute("SELECT state, count(*) FROM turns GROUP BY state"):
            found[State(state)] = count
        (fresh,) = self.ledger.execute(
            "SELECT count(*) FROM turns WHERE state = ? AND run IS NULL", (State.READY,)
        ).fetchone()
        return {state.value: count for state, count in found.items()} | {"fresh": fresh}

    def reasons(self) -> dict[str, int]:
        """How many were refused for what, the most frequent first."""
        rows = self.ledger.execute(
            "SELECT reason, count(*) FROM turns WHERE state = ? GROUP BY reason "
            "ORDER BY count(*) DESC, reason",
            (State.REFUSED,),
        )
        return dict(map(tuple, rows))

    def drop_audio(self, names: Iterable[str | None]) -> int:
        """Remove recordings that no item needs any more; how many there were."""
        with transaction(self.ledger):  # nobody takes it up again meanwhile
            return sum(self.sounds.delete(name) for name in set(names) if name and self._free(name))

    def expire(self, before: float) -> int:
        """Forget what was said before a time (seconds since 1970); how many items that were.

        Their rows go once they are twice as old: what comes again then is past retention, too.
        """
        rows = self.ledger.execute(
            "SELECT * FROM turns WHERE state != ? AND written_at < ?", (State.REFUSED, before)
        )
        gone = sum(self.refuse(_item(row), EXPIRED) for row in rows.fetchall())
        with transaction(self.ledger):
            long_ago = before - (time.time() - before)
            self.ledger.execute("DELETE FROM turns WHERE written_at < ?", (long_ago,))
            for table in ("erased", "attempts"):
                self.ledger.execute(f"DELETE FROM {table} WHERE at < ?", (before,))  # noqa: S608
        return gone

    def sweep(self) -> int:
        """Remove recordings that a killed process left without a row; how many."""
        found = self.ledger.execute("SELECT DISTINCT audio FROM turns WHERE audio IS NOT NULL")
        known = {name for (name,) in found}
        old = time.time() - _ORPHANED
        gone = 0
        for path in (self.folder / "audio").glob("*/*"):
            if path.stem not in known and path.stat().st_mtime < old:
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _change(self, item: Item, change: str, values: Sequence[str]) -> bool:
        where = "session = ? AND turn = ? AND revision = ?"
        key = (item.session, item.turn, item.revision)
        with transaction(self.ledger):
            statement = f"UPDATE turns SET {change} WHERE {where}"  # noqa: S608 - words of ours
            return self.ledger.execute(statement, (*values, *key)).rowcount > 0

    def _erased(self, caller: str, written_at: float) -> bool:
        row = self.ledger.execute("SELECT at FROM erased WHERE caller = ?", (caller,)).fetchone()
        return row is not None and written_at <= row[0]

    def _known(self, item: Item) -> Item | None:
        row = self.ledger.execute(
            "SELECT * FROM turns WHERE session = ? AND turn = ?", (item.session, item.turn)
        ).fetchone()
        return None if row is None else _item(row)

    def _free(self, audio: str) -> bool:
        used = self.ledger.execute("SELECT 1 FROM turns WHERE audio = ? LIMIT 1", (audio,))
        return used.fetchone() is None


def _item(row: sqlite3.Row) -> Item:
    return Item(**{name: row[name] for name in _COLUMNS} | {"state": State(row["state"])})
