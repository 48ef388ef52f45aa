"""One caller: the edge around the turn-taking core, the same for every transport."""

from talkover.server.session import wire
from talkover.server.session.gate import Gate, audio_format, check_chunk
from talkover.server.session.session import Session

__all__ = ["Gate", "Session", "audio_format", "check_chunk", "wire"]
