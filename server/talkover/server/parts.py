"""The models that a turn runs on, loaded from one bundle."""

from dataclasses import dataclass

from talkover.core.vad import VoiceModel
from talkover.server.hearing import BatchedListener
from talkover.server.speaking import Voice
from talkover.server.thinking import Brain


@dataclass(frozen=True, slots=True)
class Parts:
    """A bundle in use.

    Attributes:
        bundle_id: Goes into every transcript and turn record.
        vad: Voice activity.
        listener: Words from audio.
        brain: Words from words.
        voice: Audio from words.
    """

    bundle_id: str
    vad: VoiceModel
    listener: BatchedListener
    brain: Brain
    voice: Voice
