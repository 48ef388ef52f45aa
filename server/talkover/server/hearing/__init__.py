"""Hearing: the listener shared by all sessions, batched and off the event loop."""

from talkover.server.hearing.listener import BatchedListener

__all__ = ["BatchedListener"]
