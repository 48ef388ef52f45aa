"""Which questions a step learns from, how held-out ones are answered, and what chat is kept by."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from talkover.core.brain import Message
from talkover.core.brain.tokens import ChatTokens
from talkover.trainer.data.texts import Split, Theme, draw_text
from talkover.trainer.seeing.lessons import Lesson, Lessons
from talkover.trainer.seeing.model import Asked, Seer

_CHATS: Final = 2
_ORDER, _CHAT = 0, 1  # what is drawn


@dataclass(frozen=True, slots=True)
class Exam:
    """How held-out questions are answered.

    An answer is right if it is the expected one, to the letter: others that would be as right do
    not count here.

    Attributes:
        right: Share.
        blind: Share by the same model without the pictures.
        majority: Share that the most frequent answer of each kind would have.
        kinds: Right ones and all, by kind.
    """

    right: float
    blind: float
    majority: float
    kinds: dict[str, tuple[int, int]]

    def figures(self) -> dict[str, float]:
        """To be told with those of a step."""
        return {"right held": self.right, "right blind": self.blind}


def order(step: int, examples: int, questions: int, seed: int) -> list[int]:
    """The questions of a step: each once before any comes again, in another order each time.

    Args:
        step: From 0.
        examples: In a step.
        questions: In all.
        seed: Of the orders.
    """
    found: list[int] = []
    for place in range(step * examples, (step + 1) * examples):
        turn, index = divmod(place, questions)
        shuffled = np.random.default_rng([seed, turn, _ORDER]).permutation(questions)
        found.append(int(shuffled[index]))
    return found


def in_parts(asked: Sequence[Asked], size: int) -> Iterator[list[Asked]]:
    """A few at a time, those of like length together: so little is padded."""
    by_length = sorted(asked, key=lambda one: len(one.prompt) + len(one.answer))
    for at in range(0, len(by_length), size):
        yield by_length[at : at + size]


def chats(tokens: ChatTokens, step: int, seed: int) -> list[list[int]]:
    """What somebody says and an assistant says, as tokens: not about pictures."""
    random = np.random.default_rng([seed, step, _CHAT])

    def says() -> str:
        theme = Theme.EVERYDAY if random.random() < 0.5 else Theme.CALL_CENTRE
        return draw_text(theme, Split.TRAIN, random)

    return [
        tokens.prompt([Message("user", says()), Message("assistant", says())], reply=False)
        for _ in range(_CHATS)
    ]


def examine(
    model: Seer,
    tokens: ChatTokens,
    held: Lessons,
    count: int,
    *,
    size: int = 8,
    tick: Callable[[], None] = lambda: None,
) -> Exam:
    """Ask held-out questions, with their pictures and without."""
    lessons = [held.get(number) for number in range(count)]
    seen = _answered(model, tokens, lessons, size, blind=False, tick=tick)
    blind = _answered(model, tokens, lessons, size, blind=True, tick=tick)
    kinds = sorted({one.told.kind for one in lessons})
    answers = {
        kind: [
            (one.told.answer, ok)
            for one, ok in zip(lessons, seen, strict=True)
            if one.told.kind == kind
        ]
        for kind in kinds
    }
    most = sum(Counter(said for said, _ in some).most_common(1)[0][1] for some in answers.values())
    return Exam(
        right=sum(seen) / count,
        blind=sum(blind) / count,
        majority=most / count,
        kinds={kind: (sum(ok for _, ok in some), len(some)) for kind, some in answers.items()},
    )


@torch.no_grad()
def _answered(
    model: Seer,
    tokens: ChatTokens,
    lessons: Sequence[Lesson],
    size: int,
    *,
    blind: bool,
    tick: Callable[[], None],
) -> list[bool]:
    right: list[bool] = []
    for at in range(0, len(lessons), size):
        some = lessons[at : at + size]
        positions = model.sight.positions
        right += model(
            [one.asked(tokens, positions, model.names, blind=blind) for one in some]
        ).right.tolist()
        tick()
    return right
