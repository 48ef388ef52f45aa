"""The tables of the training items, and what is true of them whatever process dies when.

A turn is counted by its session, its number and its revision. Its row is written in one
transaction, after its audio is on the disk and before Redis is told that it was dealt with: so a
record that comes again is known, and one whose row is missing comes again.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from talkover.core.errors import TraceError

VERSION: Final = 1
STATUS: Final = "stream.json"
"""In the folder: how far the stream of records is taken in."""
_FILE: Final = "learning.sqlite"
_PATIENCE: Final = 30.0  # s that one process waits for another's transaction
_TABLES: Final = """
CREATE TABLE turns (
    session TEXT NOT NULL,
    turn INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    caller TEXT,
    written_at REAL NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    record TEXT,
    audio TEXT,
    seconds REAL NOT NULL,
    label TEXT,
    run TEXT,
    PRIMARY KEY (session, turn)
);
CREATE INDEX turns_by_caller ON turns (caller);
CREATE INDEX turns_by_state ON turns (state, run);
CREATE INDEX turns_by_audio ON turns (audio);
CREATE TABLE attempts (entry TEXT PRIMARY KEY, tries INTEGER NOT NULL, at REAL NOT NULL);
CREATE TABLE erased (caller TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE runs (name TEXT PRIMARY KEY, begun REAL NOT NULL, ended REAL, outcome TEXT);
CREATE TABLE steps (
    run TEXT NOT NULL, step TEXT NOT NULL, done REAL NOT NULL, told TEXT NOT NULL,
    PRIMARY KEY (run, step)
);
"""


def learning_folder(data_dir: Path) -> Path:
    """Where the training items of a data folder are."""
    return data_dir.expanduser() / "learning"


def is_there(folder: Path) -> bool:
    """Whether anything was ever learnt in a folder."""
    return (folder / _FILE).is_file()


def open_ledger(folder: Path) -> sqlite3.Connection:
    """A connection to a folder's ledger, made if there is none; for one thread.

    What is deleted is overwritten, and what is committed outlives a power cut.

    Raises:
        TraceError: it cannot be used, or another version of Talkover made it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(folder):
            ledger = sqlite3.connect(folder / _FILE, timeout=_PATIENCE, isolation_level=None)
            try:
                for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
                    ledger.execute(f"PRAGMA {pragma}")
                with transaction(ledger):
                    _migrate(ledger, folder)
            except BaseException:
                ledger.close()
                raise
    except (OSError, sqlite3.Error) as error:
        raise TraceError(f"training items cannot be kept in {folder}: {error}") from None
    ledger.row_factory = sqlite3.Row
    return ledger


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One at a time: SQLite waits for nobody while it changes how it keeps its journal."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def transaction(ledger: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing; no other process writes meanwhile."""
    ledger.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        ledger.execute("ROLLBACK")
        raise
    ledger.execute("COMMIT")


def _migrate(ledger: sqlite3.Connection, folder: Path) -> None:
    (version,) = ledger.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    if version:
        raise TraceError(
            f"the training items in {folder} are of version {version}, and this is {VERSION}; "
            "update Talkover, or move the folder away"
        )
    for statement in _TABLES.split(";"):
        ledger.execute(statement)
    ledger.execute(f"PRAGMA user_version = {VERSION}")
