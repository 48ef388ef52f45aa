"""Questions about what is written: numbers, signs, lists, charts and screens."""

from typing import Final

from talkover.trainer.seeing.questions.draws import Draws
from talkover.trainer.seeing.questions.kinds.draft import Draft, age, large
from talkover.trainer.seeing.questions.question import Pixels
from talkover.trainer.seeing.questions.rendering.backgrounds import Size
from talkover.trainer.seeing.questions.rendering.boards import photograph_board, photograph_display
from talkover.trainer.seeing.questions.rendering.charts import Bars, draw_chart
from talkover.trainer.seeing.questions.rendering.screens import Window, draw_list, draw_window

_PENCE: Final = ("00", "20", "25", "40", "50", "60", "75", "80", "90")
_CODES: Final = "BCDEFHKMNPRTVX"
_HEADS: Final = {
    "room": ("Rooms", "Who is where", "Directory", "Floor plan"),
    "extension": ("Extensions", "Telephone list", "Staff", "Call list"),
    "price": ("Menu", "Today", "Price list", "Specials"),
}


def digits(draws: Draws, reason: str) -> Draft:
    """What number does it say? Off: it shows nothing."""
    number = draws.digits(draws.whole(2, 5))
    shown = "" if reason else number
    return Draft("number", {}, number, (display(draws, shown, large(draws)),), (age(draws),))


def words(draws: Draws, reason: str) -> Draft:
    """What does the sign say? Blank: nothing."""
    text = draws.texts("sign", 1)[0]
    picture = board(draws, "" if reason else text, large(draws))
    return Draft("sign", {}, text.lower(), (picture,), (age(draws),))


def labels(draws: Draws, reason: str) -> Draft:
    """Which room is she in? How much is the soup?"""
    form = draws.one(tuple(_HEADS))
    count = draws.whole(3, 5)
    keys = draws.texts("item" if form == "price" else "name", count + 1)
    shown, other = keys[:count], keys[count]
    values = [_value(draws, form) for _ in shown]
    asked = draws.whole(0, count - 1)
    rows = list(zip(shown, values, strict=True))
    title = draws.one(_HEADS[form])
    picture = draw_list(rows, title, large(draws), draws.layout("list"), draws)
    key = other if reason else shown[asked]
    slots = {"text": key.lower() if form == "price" else key}
    return Draft(form, slots, values[asked], (picture,), (age(draws),), _also(values[asked]))


def charts(draws: Draws, reason: str) -> Draft:
    """Which is the highest, which the lowest? How much is one of them?"""
    form = "value" if reason else draws.one(("highest", "lowest", "value"))
    count = draws.whole(3, 5)
    names = draws.texts("category", count + 1)
    shown, other = names[:count], names[count]
    steps = draws.several(list(range(2, 11)), count)
    unit = draws.one((1, 2, 5, 10))
    values = [unit * step * 3 + draws.whole(0, unit) for step in steps]
    bars = Bars(shown, values, draws.texts("title", 1)[0])
    picture = draw_chart(bars, large(draws), draws.layout("chart"), draws)
    pictures, ages = (picture,), (age(draws),)
    if form == "value":
        asked = draws.whole(0, count - 1)
        name = other if reason else shown[asked]
        return Draft(form, {"text": name}, str(values[asked]), pictures, ages)
    most = max(values) if form == "highest" else min(values)
    return Draft(form, {}, shown[values.index(most)].lower(), pictures, ages)


def screens(draws: Draws, reason: str) -> Draft:
    """Which window, which message, which code, which button? Absent: there is no message."""
    form = draws.one(("message", "code") if reason else ("title", "message", "code", "button"))
    count = draws.whole(2, 3)
    buttons = draws.texts("button", count)
    dialog = not reason and (form in ("message", "code") or draws.chance(0.4))
    message = draws.texts("message", 1)[0]
    code = draws.digits(draws.whole(2, 3))
    letter = draws.one(_CODES) if draws.chance(0.4) else ""
    title = draws.texts("title", 1)[0]
    chosen = draws.whole(0, count - 1)
    coded = form == "code" or draws.chance(0.5)
    window = Window(
        title,
        message if dialog else "",
        letter + code if dialog and coded else "",
        buttons,
        chosen,
    )
    picture = draw_window(window, large(draws), draws.layout("window"), draws)
    answer = {"title": title, "message": message, "code": letter + code, "button": buttons[chosen]}
    also = (f"{message} error {letter}{code}",) if form == "message" and coded else ()
    return Draft(
        form, {}, answer[form].lower(), (picture,), (age(draws),), tuple(map(str.lower, also))
    )


def display(draws: Draws, number: str, size: Size) -> Pixels:
    """A picture of something that shows a number, or nothing."""
    return photograph_display(number, size, draws.layout("display"), draws)


def board(draws: Draws, text: str, size: Size) -> Pixels:
    """A picture of a sign."""
    return photograph_board(text, size, draws.layout("board"), draws)


def _value(draws: Draws, form: str) -> str:
    if form == "price":
        return f"{draws.whole(1, 19)}.{draws.one(_PENCE)}"
    return draws.digits(3 if form == "room" else 4)


def _also(value: str) -> tuple[str, ...]:
    """A price of no pence, without them."""
    whole, _, pence = value.partition(".")
    return (whole,) if pence == "00" else ()
