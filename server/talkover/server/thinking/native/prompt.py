"""A chat with pictures and sound as tokens, the way Qwen2.5-Omni was taught to read it: pure.

Every picture and every sound stands in the prompt as a run of one placeholder token between two
marks; the model puts what it sees and hears in their place (Xu et al. 2025, Qwen2.5-Omni Technical
Report).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from talkover.core.brain import Message
from talkover.core.brain.tokens import ChatTokens
from talkover.server.thinking.scene import Scene, Sight
from talkover.server.thinking.telling import caption


@dataclass(frozen=True, slots=True)
class Marks:
    """Tokens that no text can produce.

    Attributes:
        picture: Placeholder, and what stands before and after a run of it.
        sound: The same.
    """

    picture: tuple[int, int, int]
    sound: tuple[int, int, int]


def build_prompt(
    tokens: ChatTokens,
    marks: Marks,
    messages: Sequence[Message],
    pictures: Sequence[tuple[str, int]],
    sound: int,
) -> list[int]:
    """The chat, its last message beginning with what is shown and heard.

    Args:
        tokens: The model's own, in the ChatML format.
        marks: Around pictures and sound.
        messages: The caller's words last.
        pictures: The moment of each, in words (or nothing), and its count of placeholders.
        sound: Placeholders of the sound; 0: there is none.

    Returns:
        Token ids, the answer opened at the end.
    """
    ids = tokens.prompt(messages[:-1], reply=False)
    frame = tokens.prompt([Message(messages[-1].role, "")], reply=False)
    closing = 1 + len(tokens.encode("\n"))  # the end of a message, and a new line
    ids += frame[:-closing]
    for told, count in pictures:
        ids += [*tokens.encode(told), *_run(marks.picture, count)]
    if sound > 0:
        ids += _run(marks.sound, sound)
    ids += [*tokens.encode(messages[-1].content), *frame[-closing:]]
    return ids + tokens.prompt([])


def captions(scene: Scene, sights: Sequence[Sight]) -> list[str]:
    """The moment of each picture, where there are several."""
    return [caption(scene, sight) if len(sights) > 1 else "" for sight in sights]


def unheard(messages: Sequence[Message], scene: Scene) -> list[Message]:
    """The chat without the words that the model will hear for itself.

    What a caller said before, in the same message, stays: that sound is gone.
    """
    last = messages[-1]
    words = " ".join(word.text for word in scene.words)
    if not words or last.role != "user":
        return list(messages)
    return [*messages[:-1], Message("user", last.content.removesuffix(words).rstrip())]


def _run(mark: tuple[int, int, int], count: int) -> list[int]:
    placeholder, begin, end = mark
    return [begin, *[placeholder] * count, end]
