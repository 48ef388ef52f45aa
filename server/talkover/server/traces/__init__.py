"""What calls leave behind: turn records and events in Redis, audio in a blob store."""

from talkover.core.redis_url import default_url
from talkover.server.traces.redis_server import EmbeddedRedis
from talkover.server.traces.writer import Blobs, TraceStats, TraceWriter

__all__ = ["Blobs", "EmbeddedRedis", "TraceStats", "TraceWriter", "default_url"]
