"""A conversation's overlaps as the overlap classifier is shown them (``trainer.overlap``). Pure."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio import to_int16
from talkover.core.clock import RATE
from talkover.trainer.data.conversations.render import Mix
from talkover.trainer.data.conversations.segments import Kind, Lane, Plan, Segment, Who
from talkover.trainer.data.recipe import Range
from talkover.trainer.overlap.scenes import LENGTH, ONSET, Scene, at_level

_KINDS: Final = frozenset({Kind.BARGE_IN, Kind.BACKCHANNEL, Kind.SIDE_TALK})
_KNOWN: Final = 3 * RATE  # samples of the caller's voice
_ENOUGH: Final = RATE // 2
_RESIDUE: Final[Range] = (-40.0, -10.0)
"""dB of an echo on the caller's lane that are a residue of 0 and of 1."""


def overlaps(plan: Plan, lanes: NDArray[np.float32], mix: Mix) -> Iterator[Scene]:
    """What begins on the caller's lane while the agent speaks, and is no echo.

    What begins while somebody else in the caller's room is still speaking is left out: it has no
    onset that could be noticed.

    Args:
        plan: Who does what.
        lanes: What ``render`` made of it, float32 [2, n].
        mix: With this.
    """
    room = [one for one in plan.on(Lane.CALLER) if one.kind is not Kind.ECHO]
    for one in room:
        agent = next((a for a in plan.on(Lane.AGENT) if a.start <= one.start < a.end), None)
        before = any(o.start < one.start and o.end > one.start - ONSET for o in room)
        if agent is not None and not before and one.kind in _KINDS:
            yield _scene(one, agent, plan, lanes[0], mix)


def _scene(one: Segment, agent: Segment, plan: Plan, lane: NDArray[np.float32], mix: Mix) -> Scene:
    begin = one.start - ONSET
    heard = np.zeros(LENGTH, np.float32)
    cut = lane[max(begin, 0) : begin + LENGTH]
    heard[max(-begin, 0) :][: len(cut)] = cut
    return Scene(
        to_int16(heard),
        one.kind.value,
        one.who.value,
        one.words[0].language if one.words else "en",
        min(ONSET + one.end - one.start, LENGTH),
        mix.caller,
        0.0 if plan.echo is None else float(np.interp(mix.echo, _RESIDUE, (0.0, 1.0))),
        agent.text,
        _known(one, plan, mix),
    )


def _known(one: Segment, plan: Plan, mix: Mix) -> NDArray[np.int16] | None:
    """What the caller last said in a turn before."""
    said = [
        turn.spoken.pcm
        for turn in plan.on(Lane.CALLER)
        if turn.who is Who.CALLER and turn.kind is Kind.TURN and turn.end <= one.start
    ]
    fitting = [pcm for pcm in said if len(pcm) >= _ENOUGH]
    return to_int16(at_level(fitting[-1][:_KNOWN], mix.caller)) if fitting else None
