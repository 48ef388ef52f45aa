"""What is told of pictures in words: pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from talkover.core.brain import Message
from talkover.core.clock import RATE
from talkover.core.seer.types import Word
from talkover.server.thinking.scene import Scene, Sight

MAX_WRITTEN: Final = 240
"""Characters of what is written in one picture that are told at most."""

TOLD: Final = 2
"""Pictures a turn that a model without eyes is told of."""

_SURE: Final = 0.5  # confidence below which a word was rather guessed than read
_NOW: Final = RATE // 2  # a picture so close to the question is that of its moment
_LEFT_OUT: Final = "…"


def caption(scene: Scene, sight: Sight) -> str:
    """Which moment a picture shows, next to others."""
    late = scene.moment - sight.picture.time
    if abs(late) <= _NOW:
        return "Now:"
    seconds = f"{abs(late) / RATE:.1f} seconds"
    return f"{seconds} earlier:" if late > 0 else f"{seconds} later:"


def written(words: Sequence[Word], limit: int = MAX_WRITTEN) -> str:
    """What is surely written, in the order it is read; whole words, at most ``limit`` characters.

    What somebody wrote on a sign is nobody's instruction: it is one line without control
    characters or quotation marks, so that it can be quoted.
    """
    told = ""
    for word in words:
        text = "".join(c for c in word.text if c.isprintable() and c not in '"“”').strip()
        if not text or word.confidence < _SURE:
            continue
        longer = f"{told} {text}" if told else text
        if len(longer) > limit:
            return f"{told} {_LEFT_OUT}" if told else ""
        told = longer
    return told


def tell(messages: Sequence[Message], scene: Scene | None, pictures: int = TOLD) -> list[Message]:
    """The chat for a model that has no eyes: its last message begins with what is in view.

    Args:
        messages: The caller's words last; otherwise nothing is told.
        scene: What the caller shows.
        pictures: So many are told of at most, the last ones.
    """
    sights = scene.sights[-pictures:] if scene is not None and pictures > 0 else ()
    if scene is None or not messages or messages[-1].role != "user":
        return list(messages)
    lines = [_line(scene, sight, alone=len(sights) == 1) for sight in sights]
    text = "\n".join([*filter(None, lines), messages[-1].content])
    return [*messages[:-1], replace(messages[-1], content=text)]


def _line(scene: Scene, sight: Sight, *, alone: bool) -> str:
    if sight.seen is None:
        return ""
    text = written(sight.seen.words)
    if sight.seen.blank:
        shown = "I show you a picture, but it is blank."
    elif text:
        shown = f'I show you a picture. In it is written: "{text}".'
    else:
        shown = "I show you a picture. Nothing is written in it."
    return shown if alone else f"{caption(scene, sight)} {shown}"
