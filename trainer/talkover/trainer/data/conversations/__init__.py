"""Conversations on two lanes: who says what, of what kind, and when, as chosen.

::

    plan = plan_conversation(Rates(), people, random)   # who, what kind, when: no sound is made
    lanes = render(plan, Mix(), random)                 # float32 [2, n]: caller, agent
    scenes = list(overlaps(plan, lanes, Mix()))         # for the overlap classifier
"""

from talkover.trainer.data.conversations.overlaps import overlaps
from talkover.trainer.data.conversations.plan import plan_conversation
from talkover.trainer.data.conversations.rates import Rates
from talkover.trainer.data.conversations.render import Mix, draw_mix, render
from talkover.trainer.data.conversations.segments import (
    Kind,
    Lane,
    Plan,
    Segment,
    Source,
    Spoken,
    Who,
)

__all__ = [
    "Kind",
    "Lane",
    "Mix",
    "Plan",
    "Rates",
    "Segment",
    "Source",
    "Spoken",
    "Who",
    "draw_mix",
    "overlaps",
    "plan_conversation",
    "render",
]
