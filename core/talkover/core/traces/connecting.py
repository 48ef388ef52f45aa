"""Reading Redis, a page at a time, without waiting for ever."""

from collections.abc import Iterator
from typing import Any, Final

import redis

from talkover.core.errors import ConfigError, TraceError
from talkover.core.redis_url import redis_url
from talkover.core.settings import load_settings

PAGE: Final = 500
_TIMEOUT: Final = 3.0


def connect(url: str | None, *, patience: float | None = None) -> "redis.Redis":
    """The Redis with the traces.

    Args:
        url: Default: as set, or the server's own.
        patience: Seconds that an answer may take; None: for ever, as for who waits for news.

    Raises:
        ConfigError: that is no URL.
        TraceError: nothing answers there.
    """
    where = url or redis_url(load_settings())
    try:
        client = redis.Redis.from_url(
            where, socket_connect_timeout=_TIMEOUT, socket_timeout=patience, protocol=2
        )
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


def numbered(client: "redis.Redis", stream: str) -> Iterator[tuple[bytes, dict[bytes, bytes]]]:
    """All entries of a stream with their ids, a page at a time."""
    start = "-"
    while True:
        page: Any = client.xrange(stream, min=start, count=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        start = "(" + page[-1][0].decode()


def entries(client: "redis.Redis", stream: str) -> Iterator[dict[bytes, bytes]]:
    """All entries of a stream."""
    for _, fields in numbered(client, stream):
        yield fields
