"""What is said about bundles, in Redis and by the pointer on the disk, and what this server says.

All servers take the same stream in the same order, so they end on the same bundle. While Redis is
away the pointer, which is replaced atomically, leads this machine's servers; when it is back,
nothing that was said meanwhile is missed. A server that starts takes the newest promotion or
rollback, unless the pointer was moved after it.
"""

import asyncio
import contextlib
import os
import random
import secrets
from collections import deque
from datetime import UTC, datetime
from typing import Any, Final

import redis.asyncio
import redis.exceptions
import structlog

from talkover.core.bundles.announcement import (
    FIELD,
    MAX_ENTRIES,
    STREAM,
    Announcement,
    Kind,
    newest_settled,
)
from talkover.core.errors import BundleError, TalkoverError
from talkover.server.inference import run_aside
from talkover.server.swap.generation import COMING, Generation, Goal, State, Verdict
from talkover.server.swap.house import House
from talkover.server.swap.shelf import Shelf

_BLOCK: Final = 1_000  # ms; less than the client's own timeout
_MOST: Final = 100  # entries at once
_POLL: Final = 1.0  # seconds between two looks at the pointer
_RETRY: Final = (0.5, 5.0)
_WAITING: Final = 32

_GOALS: Final[dict[str, Goal]] = {
    "offer": Goal.OFFERED,
    "canary": Goal.CANARY,
    "promote": Goal.CURRENT,
    "rollback": Goal.CURRENT,
}

log = structlog.get_logger()


class Follower:
    """Keeps a house and what is said about bundles together.

    What this server says waits for Redis, and what it serves for the disk: 32 of either at most;
    then the oldest is given up.

    Args:
        house: Is told.
        shelf: Of this machine.
        client: Of the Redis; owned by the caller.
    """

    def __init__(self, house: House, shelf: Shelf, client: "redis.asyncio.Redis") -> None:
        self.name = f"server-{os.getpid()}-{secrets.token_hex(4)}"
        self._house = house
        self._shelf = shelf
        self._client = client
        self._connected = False
        self._unsaid: deque[Announcement] = deque(maxlen=_WAITING)
        self._served: deque[tuple[str, str]] = deque(maxlen=_WAITING)
        self._work = asyncio.Event()
        self._disk = asyncio.Lock()
        self._promised: dict[str, str] = {}
        house.on_verdict = self._on_verdict
        house.listeners.append(self._on_change)

    async def run(self) -> None:
        """Until it is cancelled. A server whose settings name a bundle hears nobody."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write(), name="bundles-write")
            if self._shelf.pinned is None:
                group.create_task(self._listen(), name="bundles-listen")
                group.create_task(self._watch_pointer(), name="bundles-pointer")

    # What this server says

    def announce(self, kind: Kind, bundle: str, *, share: float = 1.0, reason: str = "") -> None:
        """Tell the other servers. Returns at once."""
        self._unsaid.append(
            Announcement(kind=kind, bundle=bundle, share=share, reason=reason[:500], by=self.name)
        )
        self._work.set()

    def keep(self, bundle: str, reason: str) -> None:
        """As soon as it is served, it is what a restart shall begin with. Returns at once."""
        if self._house.generations.current.bundle == bundle:
            self._served.append((bundle, reason))
            self._work.set()
        else:
            self._promised = {bundle: reason}

    async def settle(self, bundle: str, reason: str) -> None:
        """What is served, and was verified for that, is what a restart shall begin with."""
        async with self._disk:
            try:
                await run_aside(lambda: self._shelf.settle(bundle, reason=reason, by=self.name))
            except (TalkoverError, OSError) as error:
                log.warning("swap.not_kept", bundle=bundle, reason=str(error))

    async def go_back(self, leave: str, reason: str) -> str:
        """Leave a bundle for the one before it; its id.

        Raises:
            BundleError: there is none that is whole, or the settings name what is served.
        """
        async with self._disk:
            return await run_aside(lambda: self._shelf.go_back(leave, reason=reason, by=self.name))

    def _on_change(self, generation: Generation, before: State) -> None:
        del before
        reason = self._promised.pop(generation.bundle, None)
        if generation.state is State.CURRENT and reason is not None:
            self.keep(generation.bundle, reason)
        elif reason is not None and generation.state in COMING:
            self._promised[generation.bundle] = reason  # it is still on its way

    def _on_verdict(self, verdict: Verdict) -> None:
        if verdict.kind == "canary":
            return  # every server's shadow sees other turns
        self.keep(verdict.bundle, verdict.reason)
        self.announce(verdict.kind, verdict.bundle, reason=verdict.reason)

    async def _write(self) -> None:
        wait = _RETRY[0]
        while True:
            if not self._served and not self._unsaid:
                self._work.clear()
                await self._work.wait()
            while self._served:
                await self.settle(*self._served.popleft())
            try:
                while self._unsaid:
                    said = self._unsaid[0]
                    fields: dict[Any, Any] = {FIELD: said.to_json()}
                    await self._client.xadd(STREAM, fields, maxlen=MAX_ENTRIES, approximate=True)
                    with contextlib.suppress(ValueError):  # it was given up meanwhile
                        self._unsaid.remove(said)
                wait = _RETRY[0]
            except (redis.exceptions.RedisError, OSError):
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                wait = min(2 * wait, _RETRY[1])

    # What others say

    async def _listen(self) -> None:
        last: bytes | None = None
        wait = _RETRY[0]
        while True:
            try:
                if last is None:
                    last = await self._catch_up()
                self._connected = True
                found: Any = await self._client.xread({STREAM: last}, count=_MOST, block=_BLOCK)
                for _, entries in found or ():
                    for entry, fields in entries:
                        last = entry
                        self._take(fields)
                wait = _RETRY[0]
            except (redis.exceptions.RedisError, OSError):
                self._connected = False
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                wait = min(2 * wait, _RETRY[1])

    async def _catch_up(self) -> bytes:
        """Take up what was settled while this server was down; where to listen from."""
        entries: Any = await self._client.xrevrange(STREAM, count=MAX_ENTRIES)
        settled = newest_settled(fields for _, fields in entries)
        if settled is not None and settled.at > await asyncio.to_thread(self._moved_at):
            self._obey(settled)
        return bytes(entries[0][0]) if entries else b"0-0"

    def _moved_at(self) -> datetime:
        """When this machine's pointer was moved."""
        with contextlib.suppress(OSError):
            moved = (self._shelf.store.root / "current").stat().st_mtime
            return datetime.fromtimestamp(moved, UTC)
        return datetime.min.replace(tzinfo=UTC)

    def _take(self, fields: dict[bytes, bytes]) -> None:
        try:
            said = Announcement.parse(fields.get(FIELD.encode(), b""))
        except BundleError as error:
            log.warning("swap.unreadable", reason=str(error))
            return
        if said.by != self.name:
            self._obey(said)

    def _obey(self, said: Announcement) -> None:
        log.info("swap.told", kind=said.kind, bundle=said.bundle, reason=said.reason, by=said.by)
        goal, back = _GOALS[said.kind], said.kind == "rollback"
        why = ": ".join(part for part in (said.by, said.reason) if part)
        if back:
            self._house.drop(said.reason)
        if goal is Goal.CURRENT:
            self.keep(said.bundle, why)
        share = said.share if said.kind == "canary" else None
        self._house.offer(said.bundle, goal, share=share, why=why, known=back)

    async def _watch_pointer(self) -> None:
        """Follow the disk while Redis is away."""
        store = self._shelf.store
        seen = await asyncio.to_thread(store.pointer)
        while True:
            await asyncio.sleep(_POLL)
            found = await asyncio.to_thread(store.pointer)
            moved, seen = found != seen, found
            if moved and found is not None and not self._connected:
                self._house.offer(found, Goal.CURRENT, why="made current here", known=True)
