"""What words say about turns: backchannel or interruption, an echo, finished or not."""

from talkover.core.words.echo import echoes
from talkover.core.words.ending import Floor, completeness, floor
from talkover.core.words.evidence import WordEvidence, weigh

__all__ = ["Floor", "WordEvidence", "completeness", "echoes", "floor", "weigh"]
