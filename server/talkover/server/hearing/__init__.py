"""Hearing: voices and words, for all sessions together, batched and off the event loop."""

from talkover.server.hearing.listener import BatchedListener
from talkover.server.hearing.voices import REPLAY, BatchedVoices, Judged, VoiceStream

__all__ = ["REPLAY", "BatchedListener", "BatchedVoices", "Judged", "VoiceStream"]
