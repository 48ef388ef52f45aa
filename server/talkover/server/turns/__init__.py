"""Turn-taking: who has the floor. Pure: observations in, commands out, on the media clock."""

from talkover.server.turns.ledger import LaneWord, Ledger
from talkover.server.turns.machine import AgentState, CallerTurn, TurnMachine
from talkover.server.turns.messages import (
    Cancel,
    Change,
    Command,
    Heard,
    Listen,
    Observation,
    Pressed,
    Purpose,
    ReplyAudible,
    ReplyOver,
    Stop,
    Tell,
    Think,
    Tick,
    Typed,
    Voice,
)
from talkover.server.turns.policy import TurnPolicy

__all__ = [
    "AgentState",
    "CallerTurn",
    "Cancel",
    "Change",
    "Command",
    "Heard",
    "LaneWord",
    "Ledger",
    "Listen",
    "Observation",
    "Pressed",
    "Purpose",
    "ReplyAudible",
    "ReplyOver",
    "Stop",
    "Tell",
    "Think",
    "Tick",
    "TurnMachine",
    "TurnPolicy",
    "Typed",
    "Voice",
]
