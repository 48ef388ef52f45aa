"""A projector that has learnt to look before the brain is asked: cheap, and most of what it needs.

A brain learns from a question in a second of a slow core; a reader of two small layers in its place
does in a fiftieth of that. It is shown the same rows and the same words, and names the first token
of the answer. At the same time the rows are drawn towards the embeddings of what they show, so that
the brain finds words where it finds rows. Where it is known what stands where, each row has to be
near the words for the thing and the colour in its place, or near the word for nothing; elsewhere,
one of a picture's rows near the answer's token (multiple-instance learning, Dietterich et al.
1997). The reader is thrown away.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import nn

from talkover.core.brain.tokens import ChatTokens
from talkover.trainer.seeing.lessons import Lessons
from talkover.trainer.seeing.projection import Projection
from talkover.trainer.seeing.questions.question import Placed
from talkover.trainer.seeing.questions.rendering.colours import COLOURS, GREY
from talkover.trainer.seeing.questions.rendering.things import things

_WIDTH: Final = 192
_HEADS: Final = 4
_LAYERS: Final = 2
_NEAR: Final = 0.5
"""How much it counts that one row is near to the answer."""
_NAMED: Final = 1.0
"""How much it counts that each is near to the words for what is in its place."""
_EMPTY: Final = 0.3
"""How much the places without a thing count together, against those with one."""
_NOTHING: Final = "nothing"
_ORDER: Final = 2  # what is drawn
_UNKNOWN: Final = -100


class Warming(NamedTuple):
    """How it is done.

    Attributes:
        examples: In a step.
        rate: Learning rate at its highest; it falls to nothing.
        seed: Of all that is drawn.
    """

    examples: int
    rate: float
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """A lesson with one picture, without what is written in it.

    Attributes:
        features: float16 [places, d].
        question: Tokens.
        answer: The first token of the answer.
        placed: What stands in the picture; empty: none of it is known.
    """

    features: torch.Tensor
    question: tuple[int, ...]
    answer: int
    placed: tuple[Placed, ...] = ()


class Guess(NamedTuple):
    """What a reader makes of some glances.

    Attributes:
        loss: In nats.
        right: Whether each answer is the one it would name: bool [items].
    """

    loss: torch.Tensor
    right: torch.Tensor


class Names:
    """Words as rows should be near to them.

    Args:
        words: In the order of their numbers.
        tokens: Of the brain.
        embeddings: The brain's.
    """

    def __init__(self, words: Iterable[str], tokens: ChatTokens, embeddings: torch.Tensor) -> None:
        self.numbers = {word: number for number, word in enumerate(words)}
        means = [embeddings[list(tokens.encode(f" {word}"))].mean(dim=0) for word in self.numbers]
        self.table = torch.stack(means)
        """float32 [words, width]."""


class Reader(nn.Module):
    """In the place of the brain.

    Args:
        projection: Learns, and stays.
        embeddings: The brain's, frozen: float32 [vocabulary, width].
        answers: Tokens that answers begin with.
        tokens: Of the brain.
    """

    def __init__(
        self,
        projection: Projection,
        embeddings: torch.Tensor,
        answers: Sequence[int],
        tokens: ChatTokens,
    ) -> None:
        super().__init__()
        self.projection = projection
        self._embeddings = embeddings
        self._things = Names([_NOTHING, *things()], tokens, embeddings)
        self._colours = Names([*COLOURS, GREY], tokens, embeddings)
        self._answers = torch.tensor(sorted(set(answers)))
        width = embeddings.shape[1]
        self._size = float(embeddings.square().mean().sqrt())
        self.given = nn.Linear(width, _WIDTH)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                _WIDTH, _HEADS, 2 * _WIDTH, dropout=0.0, batch_first=True, norm_first=True
            )
            for _ in range(_LAYERS)
        )
        self.said = nn.Linear(_WIDTH, width)

    def forward(self, glances: Sequence[Glance]) -> Guess:
        """Name the answers."""
        rows = self.projection(torch.stack([one.features for one in glances]).float())
        longest = max(len(one.question) for one in glances)
        ids = torch.tensor(
            [[*one.question, *[0] * (longest - len(one.question))] for one in glances]
        )
        lengths = torch.tensor([len(one.question) for one in glances])
        read = torch.cat([rows, self._embeddings[ids]], dim=1) / self._size
        padded = torch.arange(longest)[None] >= lengths[:, None]
        padded = torch.cat([padded.new_zeros(rows.shape[:2]), padded], dim=1)
        x = self.given(read)
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=padded)
        # The last word of the question has read all else.
        last = rows.shape[1] + lengths - 1
        spoken = self.said(x[torch.arange(len(glances)), last])
        choices = self._embeddings[self._answers] / self._size
        goal = torch.searchsorted(self._answers, torch.tensor([one.answer for one in glances]))
        scale = choices.shape[1] ** -0.5
        logits = scale * spoken @ choices.T
        near = (scale * (rows / self._size) @ choices.T).logsumexp(dim=1)
        loss = nn.functional.cross_entropy(logits, goal)
        loss = loss + _NEAR * nn.functional.cross_entropy(near, goal)
        loss = loss + _NAMED * self._misnamed(rows, glances)
        return Guess(loss, logits.argmax(-1) == goal)

    def _misnamed(self, rows: torch.Tensor, glances: Sequence[Glance]) -> torch.Tensor:
        """How far rows are from the words for what is in their places, in nats."""
        known = [item for item, one in enumerate(glances) if one.placed]
        if not known:
            return rows.new_zeros(())
        cells = self.projection.cells
        named = torch.zeros(len(known), cells[0] * cells[1], dtype=torch.long)
        coloured = torch.full_like(named, _UNKNOWN)
        for item, number in enumerate(known):
            for one in glances[number].placed:
                cell = place_of(one, cells)
                named[item, cell] = self._things.numbers[one.name]
                coloured[item, cell] = self._colours.numbers[one.colour]
        shown = (rows[known] / self._size).flatten(0, 1)
        goal, empty = named.flatten(), (named == 0).flatten()
        losses = nn.functional.cross_entropy(
            self._likeness(shown, self._things), goal, reduction="none"
        )
        colours = nn.functional.cross_entropy(
            self._likeness(shown, self._colours), coloured.flatten(), ignore_index=_UNKNOWN
        )
        return losses[~empty].mean() + _EMPTY * losses[empty].mean() + colours

    def _likeness(self, rows: torch.Tensor, names: Names) -> torch.Tensor:
        """Of rows [n, width] to words: [n, words]."""
        found: torch.Tensor = rows @ names.table.T / self._size / rows.shape[1] ** 0.5
        return found


def place_of(one: Placed, cells: tuple[int, int]) -> int:
    """The number of the place in which a thing's middle is, row by row.

    Args:
        one: The thing.
        cells: Rows and columns.
    """
    row, column = (
        min(max(int(share * count), 0), count - 1)
        for share, count in zip((one.y, one.x), cells, strict=True)
    )
    return row * cells[1] + column


def warm(
    projection: Projection,
    embeddings: torch.Tensor,
    glances: Sequence[Glance],
    tokens: ChatTokens,
    steps: int,
    how: Warming,
) -> Iterator[dict[str, float]]:
    """Teach a projector with a reader.

    Args:
        projection: Learns.
        embeddings: Of the brain.
        glances: To learn from.
        tokens: Of the brain.
        steps: In all.
        how: See there.

    Yields:
        Figures of each step.
    """
    with torch.random.fork_rng():
        torch.manual_seed(how.seed)
        reader = Reader(projection, embeddings, [one.answer for one in glances], tokens)
    learnt = [one for one in reader.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(learnt, lr=how.rate, weight_decay=0.01)
    falling = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, how.rate, total_steps=steps, pct_start=0.1
    )
    for step in range(steps):
        random = np.random.default_rng([how.seed, step, _ORDER])
        some = [glances[int(one)] for one in random.integers(0, len(glances), how.examples)]
        optimiser.zero_grad()
        guess = reader(some)
        guess.loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        falling.step()
        right = float(guess.right.float().mean())
        yield {"loss warming": float(guess.loss.detach()), "right warming": right}


def glances_of(lessons: Lessons, tokens: ChatTokens, numbers: Sequence[int]) -> list[Glance]:
    """Of lessons, those with one picture in which the answer is not written."""
    found: list[Glance] = []
    for number in numbers:
        lesson = lessons.get(number)
        told = lesson.told
        if len(told.notes) == 1 and told.answer.casefold() not in told.notes[0].casefold():
            question = tuple(tokens.encode(told.question))
            answer = tokens.reply(told.answer)[0]
            features = torch.from_numpy(lesson.features[0])
            found.append(Glance(features, question, answer, told.placed))
    return found
