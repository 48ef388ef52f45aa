"""The agent's side of the floor: every method in every state."""

import itertools

import pytest

from talkover.server.turns import (
    AgentState,
    CallerTurn,
    Cancel,
    Change,
    Discard,
    Duck,
    Resume,
    Stop,
    Tell,
    Unduck,
)
from talkover.server.turns.agent import AgentFloor

TURN = CallerTurn(7, 0, 0, 0)

ACTS = {
    "withdraw": lambda floor: floor.withdraw(5),
    "duck": lambda floor: floor.duck(5),
    "unduck": lambda floor: floor.unduck(5),
    "hold": lambda floor: floor.hold(5),
    "resume": lambda floor: floor.resume(5),
    "give_up": lambda floor: floor.give_up(),
    "silence": lambda floor: floor.silence(5),
    "audible": lambda floor: floor.audible(5, 7),
    "over": lambda floor: floor.over(5, 7),
    "audible other": lambda floor: floor.audible(5, 8),
    "over other": lambda floor: floor.over(5, 8),
}


def floor_in(state, *, ducked=False):
    floor = AgentFloor()
    if state is not AgentState.QUIET:
        floor.answer(TURN)
    if state in (AgentState.SPEAKING, AgentState.HELD):
        list(floor.audible(0, 7))
    if ducked:
        list(floor.duck(0))
    if state is AgentState.HELD:
        list(floor.hold(0))
    return floor


Q, T, S, H = AgentState.QUIET, AgentState.THINKING, AgentState.SPEAKING, AgentState.HELD


def tell(change):
    return Tell(5, change, 7)


EXPECTED = {
    (T, "withdraw"): ([Cancel(7), tell(Change.CALLER_CONTINUED)], Q),
    (S, "duck"): ([Duck(7), tell(Change.DUCKED)], S),
    (S, "hold"): ([Stop(7), tell(Change.BARGE_IN)], H),
    (H, "resume"): ([tell(Change.RESUMED), Resume(7)], S),
    (H, "give_up"): ([Discard(7)], Q),
    (T, "silence"): ([Cancel(7), tell(Change.AGENT_FINISHED)], Q),
    (S, "silence"): ([Stop(7), tell(Change.BARGE_IN), Discard(7)], Q),
    (H, "silence"): ([Discard(7)], Q),
    (T, "audible"): ([tell(Change.AGENT_STARTED)], S),
    (T, "over"): ([tell(Change.AGENT_FINISHED)], Q),
    (S, "over"): ([tell(Change.AGENT_FINISHED)], Q),
}
"""Whatever is not here does nothing."""


CASES = [
    (state, act)
    for state, act in itertools.product((Q, T, S, H), ACTS)
    if act != "withdraw" or state in (Q, T)  # what was audible is never withdrawn
]


@pytest.mark.parametrize(("state", "act"), CASES)
def test_each_act_does_in_each_state_what_it_should_and_nothing_else(state, act):
    floor = floor_in(state)
    commands, then = EXPECTED.get((state, act), ([], state))
    assert list(ACTS[act](floor)) == commands
    assert floor.state is then
    assert (floor.answered is None) == (then is Q)


def test_a_duck_ends_once_whatever_ends_it():
    for act, ending in (("unduck", [Unduck(7), tell(Change.UNDUCKED)]), ("duck", [])):
        floor = floor_in(S, ducked=True)
        assert list(ACTS[act](floor)) == ending
    floor = floor_in(S, ducked=True)
    assert list(floor.over(5, 7))[:1] == [Unduck(7)]
    floor = floor_in(S, ducked=True)
    list(floor.hold(5))
    assert not floor.ducked, "a stop is the end of a duck"
