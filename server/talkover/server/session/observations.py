"""The turn-taking core's observations as plain data, for the trace, and back for replay."""

import re
from typing import Any, Final

from talkover.server.turns import (
    Classified,
    Ending,
    Heard,
    Observation,
    Pressed,
    ReplyAudible,
    ReplyOver,
    Speaker,
    Tick,
    Typed,
    Voice,
    Words,
)

_OBSERVATIONS: Final = (
    Voice,
    Tick,
    Heard,
    Ending,
    Speaker,
    Classified,
    Typed,
    Pressed,
    ReplyAudible,
    ReplyOver,
)
_KINDS: Final = {kind.__name__: kind for kind in _OBSERVATIONS}
_WORDY: Final = re.compile(r"\w")


def dump(observation: Observation, *, words: bool) -> list[Any]:
    """An observation as JSON: its kind, then its fields in order.

    Without ``words`` (no consent) every letter becomes an x. What is left, and what was weighed
    of the words before, is all that the core looks at, so that the call can still be replayed.
    """
    kind = type(observation)
    fields = [_plain(getattr(observation, name)) for name in kind.__slots__]  # quicker than asdict
    if not words and isinstance(observation, Heard | Typed):
        fields[list(kind.__slots__).index("text")] = _WORDY.sub("x", observation.text)
    return [kind.__name__, *fields]


def _plain(value: Any) -> Any:
    if isinstance(value, Words):
        return [getattr(value, name) for name in Words.__slots__]
    return value


def load(data: list[Any]) -> Observation:
    """The observation that ``dump`` was given, but for letters.

    Raises:
        KeyError: of no known kind.
        TypeError: with other fields.
    """
    kind, *fields = data
    if kind == "Heard" and fields and isinstance(fields[-1], list):
        fields[-1] = Words(*fields[-1])
    return _KINDS[kind](*fields)
