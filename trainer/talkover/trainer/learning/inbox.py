"""The stream of turn records, of which each entry comes again until it is said to be dealt with.

Consumer groups deliver at least once. What a worker that died had in hand goes to another one once
it was silent for longer than the slowest record takes; an entry that fails again and again, or
takes the worker with it each time, ends in a stream of its own, with the reason.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import redis
import redis.exceptions

from talkover.core.traces.streams import LEARNERS, REFUSED, TURNS

MAX_REFUSED: Final = 1_000
"""Entries that were given up and are kept; the oldest go first."""
_GONE: Final = 24 * 3600.0  # s after which an idle worker's name is forgotten
_COUNTED: Final = 10_000  # entries that are counted one by one where Redis does not know how many


@dataclass(frozen=True, slots=True)
class Delivered:
    """An entry in hand.

    Attributes:
        entry: Its id.
        record: The turn record as JSON.
        tries: How often it was delivered, this time included.
    """

    entry: bytes
    record: bytes
    tries: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is still to be dealt with.

    Attributes:
        waiting: Entries that nobody was given yet.
        pending: Entries that somebody has in hand.
        age_seconds: Of the oldest of both; 0: there is none.
        refused: Entries that were given up and are kept.
    """

    waiting: int
    pending: int
    age_seconds: float
    refused: int


class Inbox:
    """The turn records, as one worker of the group sees them.

    Args:
        client: Of the Redis.
        worker: The worker's name: what a process of the same name had in hand is its own again.
        idle: Seconds of silence after which a worker has lost what it had in hand.
    """

    def __init__(self, client: "redis.Redis", worker: str, idle: float) -> None:
        self._client = client
        self._worker = worker
        self._idle = round(idle * 1_000)

    def open(self) -> None:
        """See that the group is there, from the stream's beginning; forget workers long gone.

        Raises:
            redis.RedisError: Redis is away, or refuses.
        """
        try:
            self._client.xgroup_create(TURNS, LEARNERS, id="0", mkstream=True)
        except redis.exceptions.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        consumers: Any = self._client.xinfo_consumers(TURNS, LEARNERS)
        for one in consumers:
            if not one["pending"] and one["idle"] > _GONE * 1_000:
                self._client.xgroup_delconsumer(TURNS, LEARNERS, one["name"])

    def mine(self) -> Iterator[Delivered]:
        """What a process of this name was given and did not deal with before it died."""
        start = b"0"
        while page := self._read({TURNS: start}, count=16):
            start = page[-1].entry
            yield from page

    def lost(self, count: int) -> list[Delivered]:
        """Take over what silent workers had in hand, at most ``count`` entries."""
        answer: Any = self._client.xautoclaim(
            TURNS, LEARNERS, self._worker, min_idle_time=self._idle, count=count
        )
        return self._delivered(answer[1])

    def fresh(self, count: int, wait: float) -> list[Delivered]:
        """Entries that nobody was given yet, at most ``count``; waits seconds for the first."""
        return self._read({TURNS: b">"}, count=count, block=max(1, round(wait * 1_000)))

    def done(self, one: Delivered) -> None:
        """It is dealt with, and durably so."""
        self._client.xack(TURNS, LEARNERS, one.entry)

    def give_up(self, one: Delivered, reason: str) -> None:
        """Set it aside with the reason, whole or not at all."""
        fields: Any = {"record": one.record, "entry": one.entry, "reason": reason}
        with self._client.pipeline(transaction=True) as both:
            both.xadd(REFUSED, fields, maxlen=MAX_REFUSED, approximate=True)
            both.xack(TURNS, LEARNERS, one.entry)
            both.execute()

    def backlog(self) -> Backlog:
        """How far the group is behind."""
        groups: Any = self._client.xinfo_groups(TURNS)
        group = next(one for one in groups if one["name"] == LEARNERS.encode())
        last = group["last-delivered-id"]
        ahead: Any = self._client.xrange(TURNS, min=b"(" + last, count=1)
        waiting = group.get("lag")
        if waiting is None:  # something in the middle was deleted
            waiting = len(self._client.xrange(TURNS, min=b"(" + last, count=_COUNTED))  # type: ignore[arg-type]
        pending: Any = self._client.xpending(TURNS, LEARNERS)
        oldest = [entry for entry in (pending["min"], *(one[0] for one in ahead)) if entry]
        age = max((time.time() - int(entry.split(b"-")[0]) / 1_000 for entry in oldest), default=0)
        refused: Any = self._client.xlen(REFUSED)
        return Backlog(int(waiting), int(pending["pending"]), max(0.0, float(age)), int(refused))

    def _read(self, streams: Any, count: int, block: int | None = None) -> list[Delivered]:
        answer: Any = self._client.xreadgroup(
            LEARNERS, self._worker, streams, count=count, block=block
        )
        return self._delivered(answer[0][1]) if answer else []

    def _delivered(self, entries: list[tuple[bytes, dict[bytes, bytes] | None]]) -> list[Delivered]:
        """With how often each was delivered; entries deleted meanwhile are dealt with."""
        found = []
        for entry, fields in entries:
            if not fields:
                self._client.xack(TURNS, LEARNERS, entry)
                continue
            pending: Any = self._client.xpending_range(TURNS, LEARNERS, entry, entry, 1)
            tries = int(pending[0]["times_delivered"]) if pending else 1
            found.append(Delivered(entry, fields.get(b"record", b""), tries))
        return found
