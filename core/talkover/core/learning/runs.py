"""Runs of learning: what each learns from, and which of its steps are done."""

import json
import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from talkover.core.learning.items import State
from talkover.core.learning.ledger import transaction


class Runs:
    """The runs in a ledger. At most one is under way.

    Args:
        ledger: Of the thread that asks.
    """

    def __init__(self, ledger: sqlite3.Connection) -> None:
        self._ledger = ledger

    def under_way(self) -> str | None:
        """The run that was begun and has not ended."""
        row = self._ledger.execute("SELECT name FROM runs WHERE ended IS NULL").fetchone()
        return None if row is None else str(row[0])

    def begin(self, name: str) -> int:
        """Begin a run with all items that are ready and of no run yet; how many they are.

        It is begun wholly or not at all: each item is of one run.
        """
        with transaction(self._ledger):
            self._ledger.execute(
                "INSERT INTO runs (name, begun) VALUES (?, ?)", (name, time.time())
            )
            return self._ledger.execute(
                "UPDATE turns SET run = ? WHERE state = ? AND run IS NULL", (name, State.READY)
            ).rowcount

    def stop(self, name: str, why: str) -> None:
        """End a run that came to nothing; its items wait for the next one."""
        with transaction(self._ledger):
            self._end(name, why)
            self._ledger.execute("UPDATE turns SET run = NULL WHERE run = ?", (name,))

    def end(self, name: str, outcome: str) -> None:
        """Say what came of a run."""
        with transaction(self._ledger):
            self._end(name, outcome)

    def finish(self, name: str, step: str, told: Mapping[str, Any]) -> None:
        """A step of a run is done, and says what later ones need to know."""
        with transaction(self._ledger):
            self._ledger.execute(
                "INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?)",
                (name, step, time.time(), json.dumps(dict(told))),
            )

    def told(self, name: str) -> dict[str, dict[str, Any]]:
        """What the steps that are done have said, in the order in which they were."""
        rows = self._ledger.execute(
            "SELECT step, told FROM steps WHERE run = ? ORDER BY done, rowid", (name,)
        )
        return {row["step"]: json.loads(row["told"]) for row in rows}

    def list(self) -> "list[dict[str, Any]]":
        """All runs, the latest first: name, begun, ended, outcome, and how many items are of it."""
        rows = self._ledger.execute(
            "SELECT runs.*, (SELECT count(*) FROM turns WHERE run = name) AS items FROM runs "
            "ORDER BY begun DESC, name"
        )
        return [dict(row) for row in rows]

    def _end(self, name: str, outcome: str) -> None:
        change = "UPDATE runs SET ended = ?, outcome = ? WHERE name = ?"
        self._ledger.execute(change, (time.time(), outcome, name))
