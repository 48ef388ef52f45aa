"""The turn-taking core's observations as plain data, for the trace, and back for replay."""

import re
from typing import Any, Final

from talkover.server.turns import (
    Heard,
    Observation,
    Pressed,
    ReplyAudible,
    ReplyOver,
    Tick,
    Typed,
    Voice,
)

_KINDS: Final = {
    kind.__name__: kind for kind in (Voice, Tick, Heard, Typed, Pressed, ReplyAudible, ReplyOver)
}
_WORDY: Final = re.compile(r"\w")


def dump(observation: Observation, *, words: bool) -> list[Any]:
    """An observation as JSON: its kind, then its fields in order.

    Without ``words`` (no consent) every letter becomes an x. What is left, how many words and
    what they end in, is all that the core looks at, so that the call can still be replayed.
    """
    kind = type(observation)
    fields = [getattr(observation, name) for name in kind.__slots__]  # asdict takes 10 times longer
    if not words and isinstance(observation, Heard | Typed):
        fields[-1] = _WORDY.sub("x", observation.text)
    return [kind.__name__, *fields]


def load(data: list[Any]) -> Observation:
    """The observation that ``dump`` was given, but for letters.

    Raises:
        KeyError: of no known kind.
        TypeError: with other fields.
    """
    kind, *fields = data
    return _KINDS[kind](*fields)
