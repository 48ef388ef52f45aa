"""The models that a turn runs on, loaded from one bundle."""

from dataclasses import dataclass

from talkover.server.evidence import Witness
from talkover.server.hearing import BatchedListener, BatchedVoices
from talkover.server.seeing.sights import Seer
from talkover.server.speaking import Voice
from talkover.server.thinking import VoiceVLM


@dataclass(frozen=True, slots=True)
class Parts:
    """A bundle in use.

    Attributes:
        bundle_id: Goes into every transcript and turn record.
        voices: Voice activity.
        listener: Words from audio.
        witness: Who speaks, what for, and whether they are done.
        brain: Words from words.
        voice: Audio from words.
        seer: What is in pictures; None: the bundle has none.
    """

    bundle_id: str
    voices: BatchedVoices
    listener: BatchedListener
    witness: Witness
    brain: VoiceVLM
    voice: Voice
    seer: Seer | None = None
