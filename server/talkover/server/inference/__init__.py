"""Where blocking inference happens: worker threads that never hold up the event loop."""

from talkover.server.inference.aside import run_aside
from talkover.server.inference.priority import NICE
from talkover.server.inference.seat import Seat
from talkover.server.inference.worker import Worker

__all__ = ["NICE", "Seat", "Worker", "run_aside"]
