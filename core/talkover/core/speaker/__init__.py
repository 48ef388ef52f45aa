"""Who speaks: an embedding of a voice, and whether it is the caller's (ONNX Runtime)."""

from talkover.core.speaker.enrolment import Enrolment
from talkover.core.speaker.likelihood import same_speaker
from talkover.core.speaker.runtime import SpeakerRuntime, has_speaker

__all__ = ["Enrolment", "SpeakerRuntime", "has_speaker", "same_speaker"]
