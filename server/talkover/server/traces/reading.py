"""Reading what calls left behind, out of Redis."""

from collections.abc import Iterator
from typing import Any, Final

import redis

from talkover.core.errors import ConfigError, TraceError
from talkover.core.records import SessionEvent
from talkover.core.redis_url import redis_url
from talkover.core.settings import load_settings
from talkover.core.traces.streams import EVENTS

PAGE: Final = 500


def connect(url: str | None) -> "redis.Redis":
    """The Redis with the traces.

    Args:
        url: Default: as set, or the server's own.

    Raises:
        ConfigError: that is no URL.
        TraceError: nothing answers there.
    """
    where = url or redis_url(load_settings())
    try:
        client = redis.Redis.from_url(where, socket_connect_timeout=3, protocol=2)
    except ValueError:
        raise ConfigError("not a Redis URL; write redis://, rediss:// or unix://") from None
    try:
        client.ping()
    except (redis.RedisError, OSError) as error:
        embedded = " (it runs while `talkover serve` does)" if where.startswith("unix") else ""
        place = where.rpartition("@")[2]  # without the password
        raise TraceError(
            f"no Redis answers at {place}{embedded}; start it, or give its --redis URL "
            f"({type(error).__name__})"
        ) from None
    return client


def entries(client: "redis.Redis", stream: str) -> Iterator[dict[bytes, bytes]]:
    """All entries of a stream, a page at a time."""
    start = "-"
    while True:
        page: Any = client.xrange(stream, min=start, count=PAGE)
        for _, fields in page:
            yield fields
        if len(page) < PAGE:
            return
        start = "(" + page[-1][0].decode()


def session_events(client: "redis.Redis", session: str) -> list[SessionEvent]:
    """The events of a call, as they were written; none if it is not known.

    Raises:
        TraceError: one cannot be read.
    """
    return [SessionEvent.parse(fields[b"record"]) for fields in entries(client, EVENTS + session)]


def sessions(client: "redis.Redis") -> list[str]:
    """The calls whose events are kept, in the order of their ids."""
    found: Any = client.scan_iter(match=f"{EVENTS}*", count=PAGE)
    return sorted(key.decode().removeprefix(EVENTS) for key in found)
