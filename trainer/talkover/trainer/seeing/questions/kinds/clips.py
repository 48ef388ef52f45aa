"""Questions about what was before, and about what is now."""

from typing import Final

from talkover.trainer.seeing.questions.draws import Draws
from talkover.trainer.seeing.questions.kinds.draft import Draft, large, small
from talkover.trainer.seeing.questions.kinds.standing import composition, name_things, stand
from talkover.trainer.seeing.questions.kinds.written import board, display
from talkover.trainer.seeing.questions.question import Pixels, Placed
from talkover.trainer.seeing.questions.rendering.backgrounds import Size
from talkover.trainer.seeing.questions.rendering.camera import draw_shot
from talkover.trainer.seeing.questions.rendering.colours import ALSO, COLOURS
from talkover.trainer.seeing.questions.rendering.scenes import photograph_scene
from talkover.trainer.seeing.questions.rendering.things import things

_BEFORE: Final = (2.0, 5.0)
_AFTER: Final = (0.1, 0.9)
"""Seconds before the end of the question: what is asked about came less than a second ago."""


def changes(draws: Draws, reason: str) -> Draft:
    """What colour was it? What did I take away, what did I add? Unseen: nobody saw the first."""
    form = draws.one(("colour", "gone", "new", "number"))
    drafted = _number_before(draws) if form == "number" else _things_before(draws, form)
    if reason == "unseen":
        return drafted._replace(pictures=drafted.pictures[1:], ages=drafted.ages[1:])
    return drafted


def moments(draws: Draws, _reason: str) -> Draft:
    """What am I holding up now? What did I show you first?"""
    form = draws.one(("thing", "number", "word", "first"))
    count = draws.whole(2, 3)
    ages = _ages(draws, count)
    if form == "number":
        numbers = _numbers(draws, count)
        size = large(draws)
        pictures = tuple(display(draws, number, size) for number in numbers)
        return Draft(form, {}, numbers[-1], pictures, ages)
    if form == "word":
        texts = draws.texts("sign", count)
        size = large(draws)
        pictures = tuple(board(draws, text, size) for text in texts)
        return Draft(form, {}, texts[-1].lower(), pictures, ages)
    size = small(draws)

    def draw() -> list[list[Placed]]:
        return [stand(draws, [one], size) for one in name_things(draws, count)]

    scenes = draws.until(draw, lambda some: composition([one for scene in some for one in scene]))
    answer = scenes[0 if form == "first" else -1][0].name
    return Draft(form, {}, answer, _same_place(draws, scenes, size), ages, things()[answer].also)


def _things_before(draws: Draws, form: str) -> Draft:
    size = small(draws)
    count = draws.whole(2, 3)
    placed = draws.until(lambda: stand(draws, name_things(draws, count), size), composition)
    asked = draws.whole(0, count - 1)
    one = placed[asked]
    ages = _ages(draws, 2)
    if form == "colour":
        taken = {other.colour for other in placed}
        now = draws.one([name for name in COLOURS if name not in taken])
        later = [*placed]
        later[asked] = Placed(one.name, now, one.x, one.y, one.size)
        pictures = _same_place(draws, [placed, later], size)
        return Draft(form, {"thing": one.name}, one.colour, pictures, ages, ALSO[one.colour])
    fewer = [other for other in placed if other is not one]
    scenes = [placed, fewer] if form == "gone" else [fewer, placed]
    pictures = _same_place(draws, scenes, size)
    return Draft(form, {}, one.name, pictures, ages, things()[one.name].also)


def _number_before(draws: Draws) -> Draft:
    first, second = _numbers(draws, 2)
    size = large(draws)
    pictures = (display(draws, first, size), display(draws, second, size))
    return Draft("number", {}, first, pictures, _ages(draws, 2))


def _numbers(draws: Draws, count: int) -> list[str]:
    """All different."""
    found: list[str] = []
    while len(found) < count:
        number = draws.digits(draws.whole(2, 4))
        found += [number] * (number not in found)
    return found


def _same_place(draws: Draws, scenes: list[list[Placed]], size: Size) -> tuple[Pixels, ...]:
    """Pictures of one place by one camera."""
    layout, shot = draws.layout("scene"), draw_shot(draws)
    state = layout.random.bit_generator.state
    found = []
    for scene in scenes:
        layout.random.bit_generator.state = state
        found.append(photograph_scene(scene, size, layout, draws, shot))
    return tuple(found)


def _ages(draws: Draws, count: int) -> tuple[float, ...]:
    """From the oldest: the last picture came less than a second ago, those before earlier."""
    old = sorted((draws.between(*_BEFORE) for _ in range(count - 1)), reverse=True)
    return (*old, draws.between(*_AFTER))
