"""A plan as sound: two lanes of the same length, nothing where nobody speaks but noise."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE
from talkover.trainer.data.conversations.segments import Kind, Lane, Plan, Segment, Who
from talkover.trainer.data.lines import Line, through
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Range
from talkover.trainer.overlap.scenes import at_level
from talkover.trainer.overlap.sounds import coloured

Random = np.random.Generator

AGENT_LEVEL: Final = -23.0
"""dBFS."""
_FADE: Final = 0.01  # seconds, where somebody is cut off
_BYSTANDER: Final = (-15.0, -3.0)  # dB against the caller
_TELEVISION: Final = (-24.0, -10.0)
_ASIDE: Final = -3.0  # who turns away from the microphone
_LISTENING: Final = -3.0
_ECHO: Final = (-32.0, -14.0)  # dB against the agent's own lane
_QUIET: Final = (15.0, 45.0)  # dB that noise is below the caller
_DECAY: Final = (0.2, 0.7)  # seconds of a room's echo


@dataclass(frozen=True, slots=True)
class Mix:
    """How loud it all is.

    Attributes:
        caller: dBFS of the caller's speech.
        bystander: Against the caller (dB).
        television: Against the caller (dB).
        echo: Of the agent's lane in the caller's (dB).
        noise: On the caller's lane, below the caller (dB); None: there is none.
        slope: Of the noise, see ``coloured``.
        decay: Seconds in which the caller's room loses 60 dB.
    """

    caller: float = -24.0
    bystander: float = -9.0
    television: float = -16.0
    echo: float = -22.0
    noise: float | None = None
    slope: float = 1.0
    decay: float = 0.4


def draw_mix(level: Range, random: Random) -> Mix:
    """Levels of a conversation; ``level`` is the caller's (dBFS)."""
    return Mix(
        float(random.uniform(*level)),
        float(random.uniform(*_BYSTANDER)),
        float(random.uniform(*_TELEVISION)),
        float(random.uniform(*_ECHO)),
        float(random.uniform(*_QUIET)),
        float(random.uniform(0.0, 1.5)),
        float(random.uniform(*_DECAY)),
    )


def render(plan: Plan, mix: Mix, random: Random) -> NDArray[np.float32]:
    """Both lanes, float32 [2, n] at 16 kHz: the caller's, then the agent's.

    Args:
        plan: Who speaks when.
        mix: How loud.
        random: Of the room and the noise.
    """
    lanes = np.zeros((len(Lane), plan.length), np.float32)
    caller, agent = lanes
    for segment in plan.segments:
        if segment.kind is Kind.ECHO:
            continue
        lane = agent if segment.lane is Lane.AGENT else caller
        lane[segment.start : segment.end] += _sound(segment, mix, random)
    if plan.echo is not None:
        _add_echo(lanes, plan, mix, random)
    if mix.noise is not None:
        level = np.float32(10 ** ((mix.caller - mix.noise) / 20))
        caller += coloured(plan.length, mix.slope, random) * level
    return np.clip(lanes, -1.0, 1.0)


def _sound(segment: Segment, mix: Mix, random: Random) -> Sound:
    """As loud as it is there, as long as it lasts."""
    sound = at_level(segment.spoken.pcm, _level(segment, mix))[: segment.end - segment.start]
    if segment.who in (Who.BYSTANDER, Who.TELEVISION):
        sound = through(Line(decay=mix.decay, near=0.4), sound, random)
    if segment.cut:
        count = min(round(_FADE * RATE), len(sound))
        sound = sound.copy()
        sound[len(sound) - count :] *= np.linspace(1.0, 0.0, count, dtype=np.float32)
    return sound


def _level(segment: Segment, mix: Mix) -> float:
    aside = {Kind.BACKCHANNEL: _LISTENING, Kind.SIDE_TALK: _ASIDE}.get(segment.kind, 0.0)
    match segment.who:
        case Who.AGENT:
            return AGENT_LEVEL + aside
        case Who.CALLER:
            return mix.caller + aside
        case Who.BYSTANDER:
            return mix.caller + mix.bystander
        case Who.TELEVISION:
            return mix.caller + mix.television


def _add_echo(lanes: NDArray[np.float32], plan: Plan, mix: Mix, random: Random) -> None:
    """What the caller's microphone hears of the agent, through the room."""
    line = Line(decay=mix.decay, near=0.5)
    gain = np.float32(10 ** (mix.echo / 20))
    for one in plan.on(Lane.CALLER):
        if one.kind is Kind.ECHO:
            begin = one.start - (plan.echo or 0)
            said = lanes[1, begin : begin + one.end - one.start]
            lanes[0, one.start : one.end] += through(line, said, random) * gain
