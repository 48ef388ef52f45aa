"""The brain: a small language model on ONNX Runtime, one token at a time."""

from talkover.core.brain.config import BrainConfig
from talkover.core.brain.runtime import BrainRuntime, Generation
from talkover.core.brain.sampling import Sampling
from talkover.core.brain.sight import Shown
from talkover.core.brain.tokens import Message

__all__ = ["BrainConfig", "BrainRuntime", "Generation", "Message", "Sampling", "Shown"]
