"""Whether a turn is over, from its sound (ONNX Runtime)."""

from talkover.core.ending.runtime import EndingRuntime, has_ending

__all__ = ["EndingRuntime", "has_ending"]
