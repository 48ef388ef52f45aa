"""The models that a turn runs on, loaded from one bundle."""

from dataclasses import dataclass

from talkover.server.hearing import BatchedListener, BatchedVoices
from talkover.server.speaking import Voice
from talkover.server.thinking import Brain


@dataclass(frozen=True, slots=True)
class Parts:
    """A bundle in use.

    Attributes:
        bundle_id: Goes into every transcript and turn record.
        voices: Voice activity.
        listener: Words from audio.
        brain: Words from words.
        voice: Audio from words.
    """

    bundle_id: str
    voices: BatchedVoices
    listener: BatchedListener
    brain: Brain
    voice: Voice
