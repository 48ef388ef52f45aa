"""What operators see: Prometheus metrics, in base units, each with its help."""

from talkover.server.observing.metrics import Metrics

__all__ = ["Metrics"]
