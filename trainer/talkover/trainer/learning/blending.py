"""How much of what calls have taught is served: as much as people allow.

Whoever learns from a few callers forgets a little of everybody else. Between the weights that a run
began with and those that it has learnt, in a straight line, are some that keep most of the one and
of the other (Wortsman et al. 2022, Robust fine-tuning of zero-shot models; their alpha is a share
here). The largest share at which recorded people, whom no run learns from, are understood as before
is what is exported; a language may not pay for what another gains.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from talkover.core.listener import WindowRule
from talkover.trainer.policy.model import Policy
from talkover.trainer.policy.tuning import hold_back
from talkover.trainer.stages.guards import CLEAN, NOISY, Counts, Sets
from talkover.trainer.stages.tables import BlendSettings, GuardSettings
from talkover.trainer.stages.watch import guard_sets, read_sets, stock_rule

Tell = Callable[[str, int], None]
"""Told what is read, and how many more utterances were."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What people allow of a share.

    Attributes:
        share: Of what was learnt.
        clean: Points of word errors more than before, of all people as they are.
        noisy: The same under noise.
        worst: As ``clean``, in the language that loses most.
        fits: Whether that is within the room.
    """

    share: float
    clean: float
    noisy: float
    worst: float
    fits: bool

    def __str__(self) -> str:
        return (
            f"{100 * self.share:.0f} % of what was learnt: {self.clean:+.1f} points of word errors "
            f"of people, {self.noisy:+.1f} under noise, {self.worst:+.1f} in the language that "
            "loses most"
        )


def judged(share: float, sets: Sets, before: Sets, room: BlendSettings) -> Tried:
    """A share, from what was written with it and before. Pure.

    Args:
        share: Of what was learnt.
        sets: What was written with it.
        before: What the weights begun with wrote, of the same sets.
        room: Says how much worse it may be.
    """
    clean, noisy = (_rate(sets, sound) - _rate(before, sound) for sound in (CLEAN, NOISY))
    worst = max(
        one.error_rate - before[name].error_rate
        for name, one in sets.items()
        if name.endswith(CLEAN)
    )
    fits = clean <= room.clean and noisy <= room.noisy and worst <= room.worst
    return Tried(share, clean, noisy, worst, fits)


def material_of(room: BlendSettings, guards: GuardSettings) -> int:
    """Utterances that are read at most."""
    return 2 * len(guards.languages) * room.count * (1 + len(room.shares))


def try_shares(
    policy: Policy,
    began: Policy,
    rule: WindowRule,
    room: BlendSettings,
    guards: GuardSettings,
    tell: Tell = lambda _what, _count: None,
) -> tuple[Tried, ...]:
    """Hold a policy back until people are understood.

    Args:
        policy: That has learnt; left at the share that was tried last.
        began: As it was before, tuned in the same way.
        rule: The windows that the policy has earned.
        room: Shares, and how much worse people may be understood.
        guards: The people, the noise, and the window of what was before.
        tell: Told how far it is.

    Returns:
        What was tried, in its order: the last one fits, or none does.

    Raises:
        ConfigError: there are no recordings of people on this machine.
    """
    people = guard_sets(replace(guards, count=room.count))
    tell("people before", 0)
    before = read_sets(began, people, stock_rule(guards), partial(tell, "people before"))
    tried: list[Tried] = []
    at = 1.0
    for share in room.shares:
        hold_back(policy.model, began.model, share / at)
        at = share
        what = f"people, {100 * share:.0f} % of what was learnt"
        sets = read_sets(policy, people, rule, partial(tell, what))
        tried.append(judged(share, sets, before, room))
        if tried[-1].fits:
            break
    return tuple(tried)


def section_of(said: Mapping[str, Any]) -> str:
    """What a card says of it: Markdown.

    Args:
        said: What the step of a run has kept.
    """
    lines = [f"- {one}" for one in said["tried"]]
    return "\n".join(["## How much of it is served", "", *lines])


def _rate(sets: Sets, sound: str) -> float:
    return sum((one for name, one in sets.items() if name.endswith(sound)), Counts()).error_rate
