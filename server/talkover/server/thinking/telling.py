"""What is told of pictures in words: pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from talkover.core.brain import Message
from talkover.core.brain.sight import note_of
from talkover.core.clock import RATE
from talkover.server.thinking.scene import Scene, Sight

PICTURES: Final = 2
"""Pictures a turn that a small model is shown, or one without eyes is told of."""

_NOW: Final = RATE // 2  # a picture so close to the question is that of its moment
_QUOTES: Final = str.maketrans(dict.fromkeys('"“”'))


def caption(scene: Scene, sight: Sight) -> str:
    """Which moment a picture shows, next to others."""
    late = scene.moment - sight.picture.time
    if abs(late) <= _NOW:
        return "Now:"
    seconds = f"{abs(late) / RATE:.1f} seconds"
    return f"{seconds} earlier:" if late > 0 else f"{seconds} later:"


def last(scene: Scene | None, pictures: int) -> tuple[Sight, ...]:
    """The last so many pictures of a scene, in order of their times."""
    return scene.sights[-pictures:] if scene is not None and pictures > 0 else ()


def tell(messages: Sequence[Message], scene: Scene | None) -> list[Message]:
    """The chat for a model that has no eyes: its last message begins with what is written in view.

    How it is put was tried on SmolLM2-135M with eight questions: of what is written it answered
    five of six, and of what is not it said that it could not see it. Told that a picture is shown,
    it made things up.

    Args:
        messages: The caller's words last; otherwise nothing is told.
        scene: What the caller shows; pictures that nobody looked at are passed over.
    """
    sights = last(scene, PICTURES)
    if scene is None or not messages or messages[-1].role != "user":
        return list(messages)
    lines = [
        line if len(sights) == 1 else f"{caption(scene, sight)} {line}"
        for sight in sights
        if (line := _line(sight))
    ]
    return [
        *messages[:-1],
        replace(messages[-1], content="\n".join([*lines, messages[-1].content])),
    ]


def _line(sight: Sight) -> str:
    if sight.seen is None:
        return ""
    if sight.seen.blank:
        return "You cannot see my picture. It is blank."
    # What somebody wrote on a sign is quoted, and cannot end its quotation.
    note = note_of(sight.seen.words).translate(_QUOTES)
    return f'The picture says "{note}".' if note else "You cannot see my picture."
