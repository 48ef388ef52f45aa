"""Forgetting a caller: what Redis, the blob store, the spool and the training items hold of them.

What is found through something else goes before it, so that one who was interrupted can begin
again: recordings first, the records that name them last.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import redis
import redis.exceptions

from talkover.core.errors import TraceError
from talkover.core.learning.erasing import Erased, erase
from talkover.core.learning.items import Items
from talkover.core.learning.ledger import is_there, learning_folder
from talkover.core.settings import Settings
from talkover.core.traces.blobs import blob_store
from talkover.core.traces.connecting import numbered
from talkover.core.traces.streams import EVENTS, LEARNERS, REFUSED, TURNS
from talkover.server.traces import delivery
from talkover.server.traces.spool import Kind, Spool

_PATIENCE: Final = 10.0  # s for a running server to hand over what it has
_BATCH: Final = 256


@dataclass(frozen=True, slots=True)
class Found:
    """What traces hold of a caller.

    Attributes:
        turns: Ids in the stream of turns.
        refused: Ids in the stream of those that learning gave up.
        sessions: Their calls.
        blobs: Recordings that belong to nobody else.
        events: Of their calls.
        open: Calls without an end: they may be under way.
    """

    turns: list[bytes] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)
    sessions: frozenset[str] = frozenset()
    blobs: frozenset[str] = frozenset()
    events: int = 0
    open: int = 0


def forget(
    client: "redis.Redis", url: str, settings: Settings, caller: str, *, dry_run: bool
) -> tuple[Found, Erased]:
    """Erase a caller everywhere.

    Args:
        client: Of the Redis with the traces.
        url: Its URL.
        settings: Where the rest is.
        caller: The hash that names the caller.
        dry_run: Only say what would be erased.

    Returns:
        What was found among the traces, and among the training items.

    Raises:
        TraceError: something cannot be reached; begin again when it can.
    """
    try:
        if not dry_run:
            empty_spool(settings, url, caller)
        return _forget(client, settings, caller, dry_run=dry_run)
    except (redis.exceptions.RedisError, OSError) as error:
        reason = type(error).__name__
        raise TraceError(f"not all is erased ({reason}); give the same command again") from None


def _forget(
    client: "redis.Redis", settings: Settings, caller: str, *, dry_run: bool
) -> tuple[Found, Erased]:
    folder, store = learning_folder(settings.data_dir), blob_store(settings)
    with contextlib.ExitStack() as stack:
        items = stack.enter_context(Items(folder)) if is_there(folder) else None
        learnt = erase(items, caller, frozenset(), dry_run=True) if items else Erased()
        found = find(client, caller, learnt.sessions, learnt.blobs)
        if not dry_run:
            for blob in found.blobs:
                store.delete(blob)
        if items:
            learnt = erase(items, caller, found.sessions, dry_run=dry_run)
        if not dry_run:
            _forget_records(client, found)
    return found, learnt


def find(
    client: "redis.Redis",
    caller: str,
    sessions: frozenset[str],
    blobs: frozenset[str] = frozenset(),
) -> Found:
    """Look for a caller in the streams.

    Args:
        client: Of the Redis.
        caller: The hash that names them.
        sessions: Calls that are known to be theirs.
        blobs: Recordings that are known to be theirs.
    """
    calls = set(sessions)
    for _, fields in numbered(client, TURNS):
        told = _told(fields)
        if told.get("caller") == caller:
            calls.add(str(told.get("session")))
    turns: list[bytes] = []
    mine: set[str] = set(blobs)
    others: set[str] = set()
    for entry, fields in numbered(client, TURNS):
        told = _told(fields)
        theirs = told.get("caller") == caller or told.get("session") in calls
        (mine if theirs else others).update(dict(told.get("blobs") or {}).values())
        if theirs:
            turns.append(entry)
    refused = [
        entry
        for entry, fields in numbered(client, REFUSED)
        if (told := _told(fields)).get("caller") == caller or told.get("session") in calls
    ]
    lengths: list[Any] = [client.xlen(EVENTS + call) for call in calls]
    under_way = sum(bool(_open(client, call)) for call in calls)
    return Found(
        turns, refused, frozenset(calls), frozenset(mine - others), sum(lengths), under_way
    )


def empty_spool(settings: Settings, url: str, caller: str) -> None:
    """Have Redis take what the spool holds: the server does it, or we do where none runs.

    Raises:
        TraceError: Redis does not take it.
    """
    folder = settings.traces.spool or settings.data_dir / "traces" / "spool"
    if not folder.is_dir():
        return
    end = time.monotonic() + _PATIENCE
    while True:
        with contextlib.suppress(TraceError):  # a server has it
            spool = Spool(folder, settings.traces.spool_megabytes << 20)
            try:
                asyncio.run(_deliver(spool, url))
            finally:
                spool.close()
            return
        if not any(caller.encode() in content for content in _contents(folder)):
            return
        if time.monotonic() > end:
            raise TraceError(
                f"the server still has records of the caller in {folder}, which Redis does not "
                "take; see why, then give the same command again"
            )
        time.sleep(0.1)


def _contents(folder: Path) -> Iterator[bytes]:
    for path in folder.glob("*.log"):
        with contextlib.suppress(FileNotFoundError):  # delivered meanwhile
            yield path.read_bytes()


async def _deliver(spool: Spool, url: str) -> None:
    async with delivery.connect(url) as client:
        to = delivery.Delivery(client)
        for kind in Kind:
            while batch := spool.peek(kind, _BATCH):
                newest = await to.deliver(f"{spool.id}:{kind}", batch)
                if newest > spool.written(kind):
                    spool.rename()
                else:
                    spool.confirm(kind, batch[-1].seq)


def _forget_records(client: "redis.Redis", found: Found) -> None:
    for call in found.sessions:
        client.delete(EVENTS + call)
    for stream, ids in ((REFUSED, found.refused), (TURNS, found.turns)):
        for at in range(0, len(ids), _BATCH):
            some = ids[at : at + _BATCH]
            with contextlib.suppress(redis.exceptions.ResponseError):  # nobody learns from it
                client.xack(stream, LEARNERS, *some)
            client.xdel(stream, *some)
    with contextlib.suppress(redis.exceptions.ResponseError):  # one that keeps no log, or may not
        client.bgrewriteaof()  # what was deleted leaves the log on the disk, too


def _told(fields: dict[bytes, bytes]) -> dict[str, Any]:
    """A record as JSON, of whatever version; nothing where it is none."""
    try:
        told = json.loads(fields.get(b"record", b""))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _open(client: "redis.Redis", call: str) -> bool:
    """The call's events are there, and do not end."""
    last: Any = client.xrevrange(EVENTS + call, count=1)
    return bool(last) and _told(last[0][1]).get("type") != "ended"
