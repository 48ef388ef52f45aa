"""The projector's head learns to name what stands where, before the brain is asked anything.

All that it needs is known of pictures that we have drawn ourselves. What nobody can make out (it is
dark, blurred, or something is before it) is to be named as nothing, so that nobody tells of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import torch
from torch.nn.functional import cross_entropy, smooth_l1_loss

from talkover.core.brain.naming import MEASURES
from talkover.core.brain.sight import Sight
from talkover.core.seer.runtime import SeerRuntime
from talkover.trainer.seeing.lessons import Lessons
from talkover.trainer.seeing.projection import Projection
from talkover.trainer.seeing.questions.question import Kind, Placed
from talkover.trainer.seeing.questions.rendering.colours import COLOURS, GREY
from talkover.trainer.seeing.questions.rendering.things import things
from talkover.trainer.seeing.warming import Warming

_BEYOND: Final = 0.15
"""Of a place, beyond its edges: a middle that is nearer is its thing's, too."""
_MEASURED: Final = 5.0
"""How much it counts where exactly a thing is, and how large."""
_DROPPED: Final = 0.2
_MIRRORED: Final = 0.5
_DECAY: Final = 0.05
_DRAWS: Final = 3
_IGNORED: Final = -100
_CLIPS: Final = (Kind.CHANGES, Kind.MOMENTS)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A picture of which all that can be told is known.

    Attributes:
        features: float16 [places, d].
        placed: What stands in it.
    """

    features: torch.Tensor
    placed: tuple[Placed, ...]


class Goal(NamedTuple):
    """What the head should say of pictures.

    Attributes:
        things: Numbers, 0 for nothing: int64 [pictures, positions].
        colours: Numbers; ``_IGNORED`` where nothing is: the same.
        measures: float32 [pictures, positions, MEASURES].
    """

    things: torch.Tensor
    colours: torch.Tensor
    measures: torch.Tensor


def sight_of(eyes: SeerRuntime, *, pool: int, names: bool) -> Sight:
    """What a projector behind such eyes takes, and names.

    Args:
        eyes: Whose features it takes.
        pool: Places that it joins to one, along rows and along columns.
        names: Whether it names things.
    """
    return Sight(
        grid=eyes.config.grid,
        features=eyes.config.width,
        pool=pool,
        things=tuple(things()) if names else (),
        colours=(*COLOURS, GREY) if names else (),
    )


def views_of(lessons: Lessons, numbers: Sequence[int]) -> list[View]:
    """Of lessons, the pictures of which all is known: of clips, it is not."""
    found: list[View] = []
    for number in numbers:
        lesson = lessons.get(number)
        if lesson.told.kind not in _CLIPS:
            found.append(View(torch.from_numpy(lesson.features[0]), lesson.told.placed))
    return found


def goal_of(views: Sequence[View], sight: Sight) -> Goal:
    """What the head should say. Pure.

    Args:
        views: Of pictures.
        sight: Names and places.
    """
    rows, columns = sight.cells
    shape = (len(views), rows, columns)
    things = torch.zeros(shape, dtype=torch.long)
    colours = torch.full(shape, _IGNORED)
    measures = torch.zeros(*shape, MEASURES)
    for number, view in enumerate(views):
        for one in view.placed:
            for row in _near(one.y * rows, rows):
                for column in _near(one.x * columns, columns):
                    at = (number, row, column)
                    things[at] = 1 + sight.things.index(one.name)
                    colours[at] = sight.colours.index(one.colour)
                    down, right = one.y * rows - row - 0.5, one.x * columns - column - 0.5
                    measures[at] = torch.tensor((down, right, one.size))
    return Goal(things.flatten(1), colours.flatten(1), measures.flatten(1, 2))


def mirrored(view: View, sight: Sight) -> View:
    """A view the other way round: the eyes hardly tell a mirrored picture's places from these."""
    rows, columns = sight.grid
    features = view.features.view(rows, columns, -1).flip(1).flatten(0, 1)
    return View(features, tuple(replace(one, x=1 - one.x) for one in view.placed))


def learn_names(
    projection: Projection,
    sight: Sight,
    views: Sequence[View],
    steps: int,
    how: Warming,
) -> Iterator[dict[str, float]]:
    """Teach the head.

    Args:
        projection: Whose head learns.
        sight: Names and places.
        views: To learn from.
        steps: In all.
        how: See there.

    Yields:
        Figures of each step.
    """
    head = projection.head()
    optimiser = torch.optim.AdamW(head, lr=how.rate, weight_decay=_DECAY)
    falling = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, how.rate, total_steps=steps, pct_start=0.1
    )
    for step in range(steps):
        random = np.random.default_rng([how.seed, step, _DRAWS])
        drawn = [views[int(one)] for one in random.integers(0, len(views), how.examples)]
        some = [mirrored(one, sight) if random.random() < _MIRRORED else one for one in drawn]
        with torch.random.fork_rng():
            torch.manual_seed(int(random.integers(2**62)))
            features = torch.stack([one.features for one in some]).float()
            named = projection.named(features, dropped=_DROPPED)
        goal = goal_of(some, sight)
        optimiser.zero_grad()
        loss = loss_of(named, goal, sight)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(head, 1.0)
        optimiser.step()
        falling.step()
        yield {"loss naming": float(loss.detach()), "named right": _right(named, goal, sight)}
    optimiser.zero_grad()


def loss_of(named: torch.Tensor, goal: Goal, sight: Sight) -> torch.Tensor:
    """In nats a picture, and what is wrong with the measures.

    Args:
        named: What the head says: [pictures, positions, names].
        goal: What it should.
        sight: Names.
    """
    kinds = 1 + len(sight.things)
    things, colours = named[..., :kinds], named[..., kinds:-MEASURES]
    there = goal.things > 0
    loss = cross_entropy(things.flatten(0, 1), goal.things.flatten(), reduction="sum")
    loss = loss + cross_entropy(
        colours.flatten(0, 1), goal.colours.flatten(), ignore_index=_IGNORED, reduction="sum"
    )
    far = smooth_l1_loss(
        named[..., -MEASURES:][there], goal.measures[there], beta=0.1, reduction="sum"
    )
    return (loss + _MEASURED * far) / len(named)


def _right(named: torch.Tensor, goal: Goal, sight: Sight) -> float:
    """Share of the places with a thing that are given its name and its colour."""
    kinds = 1 + len(sight.things)
    there = goal.things > 0
    if not there.any():
        return 1.0
    things = named[..., :kinds].argmax(-1) == goal.things
    colours = named[..., kinds:-MEASURES].argmax(-1) == goal.colours
    return float((things & colours)[there].float().mean())


def _near(middle: float, count: int) -> list[int]:
    """Places in a row that a middle (in places) is in, or just beyond."""
    return [place for place in range(count) if place - _BEYOND <= middle <= place + 1 + _BEYOND]
