"""Thinking: what the agent answers, from what was heard to what can be said."""

from talkover.core.brain import Message
from talkover.server.thinking.brain import Brain
from talkover.server.thinking.embedded import OnnxBrain
from talkover.server.thinking.endpoint import EndpointBrain
from talkover.server.thinking.history import History, Turn
from talkover.server.thinking.prompt import INSTRUCTIONS, build_messages
from talkover.server.thinking.speakable import Speakable

__all__ = [
    "INSTRUCTIONS",
    "Brain",
    "EndpointBrain",
    "History",
    "Message",
    "OnnxBrain",
    "Speakable",
    "Turn",
    "build_messages",
]
