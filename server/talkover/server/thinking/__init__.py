"""Thinking: what the agent answers, from what was heard to what can be said."""

from talkover.core.brain import Message
from talkover.server.thinking.embedded import OnnxBrain
from talkover.server.thinking.endpoint import EndpointBrain
from talkover.server.thinking.history import History, Turn
from talkover.server.thinking.prompt import INSTRUCTIONS, build_messages
from talkover.server.thinking.scene import Scene, Senses, Sight, TimedWord
from talkover.server.thinking.speakable import Speakable
from talkover.server.thinking.voicevlm import VoiceVLM

__all__ = [
    "INSTRUCTIONS",
    "EndpointBrain",
    "History",
    "Message",
    "OnnxBrain",
    "Scene",
    "Senses",
    "Sight",
    "Speakable",
    "TimedWord",
    "Turn",
    "VoiceVLM",
    "build_messages",
]
