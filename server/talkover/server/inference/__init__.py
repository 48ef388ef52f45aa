"""Where models run: named, niced threads with bounded queues, and batching across sessions."""

from talkover.server.inference.worker import NICE, Worker

__all__ = ["NICE", "Worker"]
