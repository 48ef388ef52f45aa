"""Who stands where in a picture of things. Pure."""

from collections.abc import Sequence
from typing import Final

from talkover.trainer.seeing.questions.draws import Draws
from talkover.trainer.seeing.questions.question import Placed
from talkover.trainer.seeing.questions.rendering.backgrounds import Size
from talkover.trainer.seeing.questions.rendering.colours import COLOURS
from talkover.trainer.seeing.questions.rendering.things import things

Named = tuple[str, str]
"""A thing and its colour."""

_GRIDS: Final = {1: ((1, 1),), 2: ((2, 1), (1, 2)), 3: ((3, 1), (2, 2)), 4: ((2, 2), (3, 2))}
_MANY: Final = ((3, 2),)
_MORE: Final = ((3, 3), (4, 2))
_FILLS: Final = (0.66, 0.84)
"""Of its cell, a thing."""


def name_things(draws: Draws, count: int, *, without: Sequence[str] = ()) -> list[Named]:
    """Different things, each in a colour of its own.

    Args:
        draws: Of them.
        count: At most as many as there are colours.
        without: Things that are not among them.
    """
    names = draws.several([name for name in things() if name not in without], count)
    return list(zip(names, draws.several(list(COLOURS), count), strict=True))


def stand(draws: Draws, named: Sequence[Named], size: Size) -> list[Placed]:
    """Things anywhere, none behind another.

    Args:
        draws: Of the places.
        named: At most nine.
        size: Of the picture.
    """
    count = len(named)
    columns, rows = draws.one(_GRIDS.get(count, _MANY if count <= 6 else _MORE))
    cells = [(x, y) for x in range(columns) for y in range(rows)]
    return [
        in_cell(draws, one, cell, (columns, rows), size)
        for one, cell in zip(named, draws.several(cells, count), strict=True)
    ]


def in_cell(
    draws: Draws,
    named: Named,
    cell: tuple[int, int],
    grid: tuple[int, int],
    size: Size,
    fill: float | None = None,
) -> Placed:
    """A thing somewhere in a cell of a grid.

    Args:
        draws: Of the place.
        named: The thing.
        cell: Column and row, from the left and the top.
        grid: Columns and rows.
        size: Of the picture.
        fill: Share of the cell that it takes up; None: it is drawn.
    """
    columns, rows = grid
    room = min(size[0] / columns, size[1] / rows)
    side = room * (fill or draws.between(*_FILLS))
    loose_x = max(0.0, (size[0] / columns - side) / size[0] / 2 - 0.02)
    loose_y = max(0.0, (size[1] / rows - side) / size[1] / 2 - 0.02)
    return Placed(
        *named,
        (cell[0] + 0.5) / columns + draws.between(-loose_x, loose_x),
        (cell[1] + 0.5) / rows + draws.between(-loose_y, loose_y),
        side / min(size),
    )


def composition(placed: Sequence[Placed]) -> tuple[object, ...]:
    """What two pictures that are alike have in common: what stands where, nearly."""
    rounded = ((one.name, one.colour, round(one.x * 4), round(one.y * 4)) for one in placed)
    return ("scene", *sorted(rounded))
