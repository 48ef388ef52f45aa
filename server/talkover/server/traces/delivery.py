"""From the spool to Redis: each record once, and in order.

What is guaranteed: a record that the spool has taken is in its stream at least once, in the order
of its lane, whatever process dies when. It is there exactly once as long as Redis keeps what it
has confirmed: every batch is one atomic script that appends only numbers above the mark it keeps
for this spool's lane, and moves the mark with them, so a batch whose answer got lost is skipped
when it comes again. A Redis that forgets (``appendfsync everysec`` and a power cut) forgets
records together with the mark; the embedded one syncs before it confirms.

A Redis Cluster is not supported: one script touches several keys.
"""

from collections.abc import Sequence
from typing import Final

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript

from talkover.core.traces.streams import TURNS
from talkover.server.traces.spool import Numbered

MARK: Final = "talkover:spool:"

MAX_TURNS: Final = 50_000
MAX_EVENTS: Final = 20_000
"""Of one session."""
EVENTS_LIVE: Final = 14 * 24 * 3600
"""Seconds after its last event that a session's events are kept."""
_MARK_LIVES: Final = 365 * 24 * 3600
_TIMEOUT: Final = 3.0

_APPEND: Final = """
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
local mark = before
for i = 2, #KEYS do
  local at = 4 * i - 6
  local seq, longest, life = tonumber(ARGV[at]), ARGV[at + 1], tonumber(ARGV[at + 2])
  if seq > mark then
    redis.call('XADD', KEYS[i], 'MAXLEN', '~', longest, '*', 'record', ARGV[at + 3])
    if life > 0 then redis.call('EXPIRE', KEYS[i], life) end
    mark = seq
  end
end
if mark > before then redis.call('SET', KEYS[1], string.format('%d', mark), 'EX', ARGV[1]) end
return before
"""
"""Keys: the mark, and a stream for each entry. Arguments: how long the mark lives, and for each
entry its number, the stream's length, its life (0: for ever) and the record."""


def connect(url: str) -> "redis.asyncio.Redis":
    """A client that gives up soon and never retries by itself: the spool is the retry."""
    return redis.asyncio.Redis.from_url(
        url,
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        max_connections=2,
        retry=Retry(NoBackoff(), 0),
        decode_responses=False,
    )


class Delivery:
    """Appends batches to the streams.

    Args:
        client: Of the Redis; owned by the caller.
    """

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._append: AsyncScript = client.register_script(_APPEND)

    async def deliver(self, mark: str, batch: Sequence[Numbered]) -> int:
        """Append what Redis does not have yet of a batch in order.

        Args:
            mark: Names the lane, among all spools.
            batch: Consecutive entries of it.

        Returns:
            The newest number that Redis had before.

        Raises:
            redis.RedisError, OSError: it is away or refuses; try the same batch again later.
        """
        keys = [MARK + mark, *(one.entry.stream for one in batch)]
        values: list[int | bytes] = [_MARK_LIVES]
        for one in batch:
            limits = (MAX_TURNS, 0) if one.entry.stream == TURNS else (MAX_EVENTS, EVENTS_LIVE)
            values += [one.seq, *limits, one.entry.data]
        return int(await self._append(keys=keys, args=values))
