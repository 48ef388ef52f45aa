"""What is known about the caller's sound besides its words.

The echo canceller is pure: audio in, evidence out. The witness runs small models off the loop.
"""

from talkover.server.evidence.echo import EchoCanceller, EchoHop, EchoPolicy
from talkover.server.evidence.witness import Witness

__all__ = ["EchoCanceller", "EchoHop", "EchoPolicy", "Witness"]
