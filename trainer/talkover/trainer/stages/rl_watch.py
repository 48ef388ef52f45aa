"""What a policy must not come to while it is rewarded.

Means over the last steps are looked at, and only when there are that many: a single batch tells
little. When one is wrong, the last good weights are gone back to, and on more softly; too often,
and the stage ends there.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import JsonValue

from talkover.trainer.policy.windows import Windows
from talkover.trainer.stages.rl_settings import RlSettings
from talkover.trainer.stages.step import Look, Verdict, Watch

WATCHED: Final = ("deletions", "repetitions", "kl_token", "entropy", "equal_groups")
Seen = tuple[tuple[float | None, ...], ...]
"""Figures of the last steps, in the order of ``WATCHED``; None: a step had none."""


class RlWatch:
    """Watches the figures of each step, and has another watch look at the weights.

    Args:
        inner: Looks after what was known.
        settings: The limits.
        looks: Whether the inner one ever looks; else weights are good whenever the figures of
            enough steps are.
    """

    def __init__(self, inner: Watch, settings: RlSettings, *, looks: bool) -> None:
        self._inner, self._settings, self._looks = inner, settings, looks
        self._seen: Seen = ()
        self._restored = 0

    @property
    def windows(self) -> Windows:
        """Of the inner watch."""
        return self._inner.windows

    def look(self, step: int, figures: Mapping[str, float], *, last: bool) -> Look:
        """Judge a step; see ``Watch``."""
        full = self._settings.window
        self._seen = (*self._seen, tuple(figures.get(name) for name in WATCHED))[-full:]
        reason = wrong(self._seen, self._settings)
        if reason:
            self._seen = ()
            self._restored += 1
            gone = last or self._restored > self._settings.restores
            return Look(Verdict.STOP if gone else Verdict.BACK, {"restored": 1.0}, reason)
        if not self._looks and (last or step % full == 0):
            return Look(Verdict.GOOD)
        look = self._inner.look(step, figures, last=last)
        if look.verdict in (Verdict.BACK, Verdict.STOP):
            self._seen = ()
        return look

    def state_dict(self) -> dict[str, JsonValue]:
        """What was seen."""
        return {
            "seen": [list(one) for one in self._seen],
            "restored": self._restored,
            "inner": self._inner.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._seen = tuple(tuple(one) for one in state["seen"])
        self._restored = int(state["restored"])
        self._inner.load_state_dict(state["inner"])


def wrong(seen: Seen, settings: RlSettings) -> str:
    """What has gone wrong, with the figure and its limit; empty: nothing. Pure.

    Args:
        seen: The last steps.
        settings: The limits.
    """
    if len(seen) < settings.window:
        return ""
    for place, (name, limit) in enumerate(zip(WATCHED, _limits(settings), strict=True)):
        known = [value for one in seen if (value := one[place]) is not None]
        mean = sum(known) / len(known) if known else None
        if mean is None:
            continue
        if name == "entropy" and mean < limit:
            return f"{name} {mean:.4f}, at least {limit:g}"
        if name != "entropy" and mean > limit:
            return f"{name} {mean:.3f}, at most {limit:g}"
    return ""


def _limits(settings: RlSettings) -> tuple[float, ...]:
    """In the order of ``WATCHED``: of the entropy the least, of the others the most."""
    most = (settings.deletions, settings.repetitions, settings.kl_token)
    return (*most, settings.least_entropy, settings.equal)
