"""What calls leave behind: turn records and events in Redis, audio in a blob store."""

from talkover.server.traces.redis_server import EmbeddedRedis, default_url
from talkover.server.traces.writer import TraceStats, TraceWriter

__all__ = ["EmbeddedRedis", "TraceStats", "TraceWriter", "default_url"]
