"""From the brain's words to the agent's speech: clauses, and the voice that says them."""

from talkover.server.speaking.clauses import ClauseSplitter
from talkover.server.speaking.voice import PiperVoice, Voice

__all__ = ["ClauseSplitter", "PiperVoice", "Voice"]
