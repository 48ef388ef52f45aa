"""Telling servers about bundles. Needs ``redis``, as servers and the trainer have it."""

import redis

from talkover.core.bundles.announcement import FIELD, MAX_ENTRIES, STREAM, Announcement
from talkover.core.errors import TraceError


def announce(client: "redis.Redis", announcement: Announcement) -> None:
    """Append to the stream, whose oldest entries make room.

    Raises:
        TraceError: Redis is away or refuses.
    """
    try:
        client.xadd(STREAM, {FIELD: announcement.to_json()}, maxlen=MAX_ENTRIES, approximate=True)
    except (redis.RedisError, OSError) as error:
        raise TraceError(
            f"Redis does not take the announcement ({type(error).__name__}); announce it again "
            "when it is back"
        ) from None
