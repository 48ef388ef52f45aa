"""The voice: text in, speech and word times out (a Piper voice on ONNX Runtime)."""

from talkover.core.voice.runtime import SpokenClause, SpokenWord, VoiceRuntime

__all__ = ["SpokenClause", "SpokenWord", "VoiceRuntime"]
