"""The listener: speech in, words with times out (Whisper on ONNX Runtime)."""

from talkover.core.listener.config import LONGEST, ListenerConfig, WindowRule
from talkover.core.listener.graph import VARIANTS, Variant
from talkover.core.listener.runtime import ListenerRuntime
from talkover.core.listener.types import Hypothesis, ListenRequest, Transcript, Word

__all__ = [
    "LONGEST",
    "VARIANTS",
    "Hypothesis",
    "ListenRequest",
    "ListenerConfig",
    "ListenerRuntime",
    "Transcript",
    "Variant",
    "WindowRule",
    "Word",
]
