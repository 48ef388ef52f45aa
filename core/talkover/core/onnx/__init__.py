"""ONNX graphs assembled by hand: exactly the operators we mean, and no exporter in between."""

from talkover.core.onnx.builder import MICROSOFT, GraphBuilder, save

__all__ = ["MICROSOFT", "GraphBuilder", "save"]
