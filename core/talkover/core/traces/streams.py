"""The streams of Redis that calls are written to, and who reads them."""

from typing import Final

TURNS: Final = "talkover:turns"
"""Entries of ``record``: a turn record as JSON."""
EVENTS: Final = "talkover:events:"
"""Followed by the session's id. Entries of ``record``: an event as JSON."""
LEARNERS: Final = "learners"
"""The consumer group on ``TURNS`` of those that learn."""
REFUSED: Final = "talkover:turns:dead"
"""Entries of ``TURNS`` that learning gave up: ``record``, ``entry`` (its id there), ``reason``."""
