"""Where models run: named, niced threads with bounded queues, and batching across sessions."""

from talkover.server.inference.worker import Worker

__all__ = ["Worker"]
