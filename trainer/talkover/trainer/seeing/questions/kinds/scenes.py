"""Questions about things: what, which colour, how many, where, how large, and whether at all."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from talkover.trainer.data.texts import number_words
from talkover.trainer.seeing.questions.draws import Draws
from talkover.trainer.seeing.questions.kinds.draft import Draft, age, small
from talkover.trainer.seeing.questions.kinds.standing import (
    Named,
    composition,
    in_cell,
    name_things,
    stand,
)
from talkover.trainer.seeing.questions.question import Pixels, Placed
from talkover.trainer.seeing.questions.rendering.backgrounds import Size
from talkover.trainer.seeing.questions.rendering.camera import without_colour
from talkover.trainer.seeing.questions.rendering.colours import ALSO, COLOURS, GREY
from talkover.trainer.seeing.questions.rendering.scenes import photograph_scene
from talkover.trainer.seeing.questions.rendering.things import things

_LAYOUT: Final = "scene"
_MOST: Final = 5  # that are counted
_HEIGHTS: Final = {"top": ("above", "up", "upper"), "bottom": ("below", "down", "lower")}


def objects(draws: Draws, reason: str) -> Draft:
    """What is this? What is the red thing?"""
    size = small(draws)
    if not reason and draws.chance(0.5):
        placed = _standing(draws, 1, size)
        return _of(draws, placed, size, "what", {}, placed[0].name)
    placed = _standing(draws, draws.whole(2, 4), size)
    asked = draws.one(placed)
    colour = asked.colour if not reason else _other_colour(draws, placed)
    return _of(draws, placed, size, "coloured", {"colour": colour}, asked.name)


def colours(draws: Draws, reason: str) -> Draft:
    """What colour is the cup?"""
    size = small(draws)
    placed = _standing(draws, draws.whole(1, 4), size)
    asked = draws.one(placed)
    thing = _other_thing(draws, placed) if reason == "absent" else asked.name
    drawn = _of(draws, placed, size, "of", {"thing": thing}, asked.colour)
    if reason == "grey":
        return drawn._replace(
            pictures=tuple(map(without_colour, drawn.pictures)),
            placed=tuple(replace(one, colour=GREY) for one in drawn.placed),
        )
    return drawn._replace(accepted=ALSO[asked.colour])


def counts(draws: Draws, _reason: str) -> Draft:
    """How many cups are there?"""
    size = small(draws)
    number = draws.whole(1, _MOST)

    def draw() -> list[Placed]:
        others = name_things(draws, draws.whole(0, 3) + 1)
        (counted, colour), others = others[0], others[1:]
        same = draws.chance(0.5)
        those = [(counted, colour if same else draws.one(list(COLOURS))) for _ in range(number)]
        return stand(draws, [*those, *others], size)

    placed = draws.until(draw, composition)
    thing = things()[placed[0].name]
    slots = {"plural": thing.plural}
    return _of(draws, placed, size, "of", slots, number_words(number))._replace(
        accepted=(str(number),)
    )


def positions(draws: Draws, reason: str) -> Draft:
    """Left or right, top or bottom? What is left of the cup?"""
    form = draws.one(("side", "height", "beside"))
    size = small(draws)
    grid = {"side": (2, 2), "height": (2, 2), "beside": (draws.whole(2, 3), 1)}[form]
    placed = draws.until(lambda: _in_grid(draws, grid, size), composition)
    absent = _other_thing(draws, placed)
    if form == "beside":
        place = draws.whole(0, len(placed) - 2)
        left, right = placed[place], placed[place + 1]
        asked, answer, side = draws.one(((left, right.name, "right"), (right, left.name, "left")))
        slots = {
            "thing": absent if reason else asked.name,
            "side": draws.one((f"to the {side}", side)),
        }
        return _of(draws, placed, size, form, slots, answer)
    asked = draws.one(placed)
    if form == "side":
        answer = "left" if asked.x < 0.5 else "right"
    else:
        answer = "top" if asked.y < 0.5 else "bottom"
    slots = {"thing": absent if reason else asked.name}
    drawn = _of(draws, placed, size, form, slots, answer)
    return drawn._replace(accepted=_HEIGHTS.get(answer, ()))


def sizes(draws: Draws, reason: str) -> Draft:
    """Which is the biggest, which the smallest? The cup or the key?"""
    form = "pair" if reason else draws.one(("biggest", "smallest", "pair"))
    size = small(draws)
    count = 2 if form == "pair" else 3
    large, little = draws.between(0.82, 0.92), draws.between(0.36, 0.46)
    rest = (
        little * draws.between(1.0, 1.2) if form == "biggest" else large * draws.between(0.85, 1.0)
    )
    fills = [large, little, rest][:count]

    def draw() -> list[Placed]:
        cells = draws.several([(0, 0), (0, 1), (1, 0), (1, 1)], count)
        named = name_things(draws, count)
        return [
            in_cell(draws, one, cell, (2, 2), size, fill)
            for one, cell, fill in zip(named, cells, fills, strict=True)
        ]

    placed = draws.until(draw, composition)
    answer = placed[1 if form == "smallest" else 0].name
    pair = draws.several([placed[0].name, placed[1].name], 2)
    if reason:
        pair[draws.whole(0, 1)] = _other_thing(draws, placed)
    return _of(draws, placed, size, form, {"thing": pair[0], "other": pair[1]}, answer)


def presence(draws: Draws, _reason: str) -> Draft:
    """Is there an umbrella?"""
    size = small(draws)
    placed = _standing(draws, draws.whole(1, 4), size)
    there = draws.chance(0.5)
    name = draws.one(placed).name if there else _other_thing(draws, placed)
    slots = {"a": things()[name].with_article}
    answer = "yes" if there else "no"
    return _of(draws, placed, size, "of", slots, answer)._replace(accepted=())


def look(draws: Draws, placed: Sequence[Placed], size: Size) -> Pixels:
    """A picture of things before a background of the split."""
    return photograph_scene(placed, size, draws.layout(_LAYOUT), draws)


def _standing(draws: Draws, count: int, size: Size) -> list[Placed]:
    return draws.until(lambda: stand(draws, name_things(draws, count), size), composition)


def _in_grid(draws: Draws, grid: tuple[int, int], size: Size) -> list[Placed]:
    """In a row all places are taken; else two to four of them."""
    cells = [(x, y) for y in range(grid[1]) for x in range(grid[0])]
    if grid[1] > 1:
        cells = draws.several(cells, draws.whole(2, 4))
    named: list[Named] = name_things(draws, len(cells))
    return [in_cell(draws, one, cell, grid, size) for one, cell in zip(named, cells, strict=True)]


def _other_thing(draws: Draws, placed: Sequence[Placed]) -> str:
    there = {one.name for one in placed}
    return draws.one([name for name in things() if name not in there])


def _other_colour(draws: Draws, placed: Sequence[Placed]) -> str:
    there = {one.colour for one in placed}
    return draws.one([name for name in COLOURS if name not in there])


def _of(
    draws: Draws,
    placed: Sequence[Placed],
    size: Size,
    form: str,
    slots: dict[str, str],
    answer: str,
) -> Draft:
    """With the other names of the thing that is the answer, if one is."""
    also = things()[answer].also if answer in things() else ()
    pictures, ages = (look(draws, placed, size),), (age(draws),)
    return Draft(form, slots, answer, pictures, ages, also, tuple(placed))
