"""The worker that turns the stream of records into training items, until it is told to stop."""

import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Final

import redis
import redis.exceptions
import structlog

from talkover.core.errors import TraceError
from talkover.core.learning.items import Taken
from talkover.core.learning.ledger import STATUS
from talkover.core.records import TurnRecord
from talkover.core.weights.disk import write_atomically
from talkover.trainer.learning.inbox import Backlog, Delivered, Inbox
from talkover.trainer.learning.taking import Taker

_BATCH: Final = 16
_WAIT: Final = 0.5  # s for the next record, between two looks at whether to stop
_EVERY: Final = 5.0  # s between two looks at what others lost, and two writings of the status
_RETRY: Final = (0.2, 10.0)  # s

log = structlog.get_logger()


class Consumer:
    """Takes records one by one; each is acknowledged once it is on the disk.

    Args:
        inbox: Where they come from.
        taker: Where they go.
        tries: After which a record that cannot be taken is given up.
        folder: For its status.
    """

    def __init__(self, inbox: Inbox, taker: Taker, *, tries: int, folder: Path) -> None:
        self._inbox = inbox
        self._taker = taker
        self._tries = tries
        self._folder = folder
        self._looked = 0.0
        self.counts: Counter[str] = Counter()

    def run(self, stop: threading.Event) -> None:
        """Take until told to stop. While Redis is away it is asked again, ever more seldom."""
        delay = _RETRY[0]
        ready = False
        while not stop.is_set():
            try:
                if not ready:
                    self._inbox.open()
                    self._take(self._inbox.mine(), stop)
                    ready = True
                self.step(stop, wait=_WAIT)
                delay = _RETRY[0]
            except (redis.exceptions.RedisError, sqlite3.Error, OSError) as error:
                ready = False  # a Redis that lost its group gives it anew, from the beginning
                log.warning("learning.waiting", reason=type(error).__name__)
                stop.wait(delay)
                delay = min(2 * delay, _RETRY[1])

    def drain(self, stop: threading.Event) -> None:
        """Take all that there is now, and come back.

        Raises:
            TraceError: Redis went away; what was taken stays taken.
        """
        try:
            self._inbox.open()
            self._take(self._inbox.mine(), stop)
            while not stop.is_set() and self.step(stop, wait=0.05):
                pass
            self._tell()
        except redis.exceptions.RedisError as error:
            raise TraceError(
                f"Redis went away ({type(error).__name__}); give the same command again"
            ) from None

    def step(self, stop: threading.Event, *, wait: float) -> int:
        """Take some records, waiting seconds for the first; how many there were."""
        found = 0
        if time.monotonic() - self._looked > _EVERY:
            self._looked = time.monotonic()
            found += self._take(self._inbox.lost(_BATCH), stop)
            self._tell()
        return found + self._take(self._inbox.fresh(_BATCH, wait), stop)

    def _take(self, some: Iterable[Delivered], stop: threading.Event) -> int:
        count = 0
        for one in some:
            if stop.is_set():
                break  # it stays in hand, and comes again
            self._take_one(one)
            count += 1
        return count

    def _take_one(self, one: Delivered) -> None:
        entry, again = one.entry.decode(), one.tries > 1
        try:
            record = TurnRecord.parse(one.record)
        except TraceError as error:
            self._give_up(one, str(error))
            return
        # That it came again is no fault of its own: it may only have been in hand with another
        # that was. Tries are counted here, before one that may be the last of this process.
        if again and self._taker.items.attempt(entry) > self._tries:
            self._give_up(one, "the worker died of it each time")
            return
        try:
            counted = self._taker.take(record, time.time())
        except TraceError as error:
            self._later(one, str(error), again=again)
            return
        self._inbox.done(one)
        if again:
            self._taker.items.forget_attempts(entry)
        new = counted.taken is Taken.NEW
        self.counts[(counted.reason or "kept") if new else counted.taken.value] += 1

    def _later(self, one: Delivered, reason: str, *, again: bool) -> None:
        """It stays in hand, and comes again once that is taken for lost."""
        entry, items = one.entry.decode(), self._taker.items
        tries = items.attempts(entry) if again else items.attempt(entry)
        if tries >= self._tries:
            self._give_up(one, reason)
            return
        self.counts["later"] += 1
        log.info("learning.later", entry=entry, reason=reason)

    def _give_up(self, one: Delivered, reason: str) -> None:
        self._inbox.give_up(one, reason)
        self._taker.items.forget_attempts(one.entry.decode())
        self.counts["given_up"] += 1
        log.warning("learning.given_up", entry=one.entry.decode(), reason=reason)

    def _tell(self) -> None:
        """For ``talkover learn --status``, and for whoever scrapes files."""
        write_status(self._folder, self._inbox.backlog(), self.counts)


def write_status(folder: Path, backlog: Backlog, counts: Counter[str]) -> None:
    """Keep how far the stream is taken in."""
    told = {"at": time.time(), **asdict(backlog), "counts": dict(counts)}
    write_atomically(folder / STATUS, (json.dumps(told, indent=1) + "\n").encode())
