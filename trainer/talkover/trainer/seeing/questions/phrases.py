"""Questions as somebody would say them. Pure."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from talkover.core.errors import DataError
from talkover.trainer.data.texts import split_of
from talkover.trainer.seeing.questions.draws import Draws

_TRIES: Final = 3_000
_COMMANDS: Final = ("tell", "read", "count", "name", "please", "i ", "i'm")


def ask(kind: str, form: str, slots: Mapping[str, str], draws: Draws) -> str:
    """A question in one of its wordings, of the split of the draws.

    A wording's split is that of ``texts.split_of``, which splits what listeners learn from, too: a
    listener that has learnt from the training split has read no question of the test split.

    Args:
        kind: A table of phrases.toml.
        form: A list in it.
        slots: What stands for the names in braces.
        draws: Of the wording.

    Raises:
        DataError: there is no such form, or no wording of it in this split.
    """
    phrases = _phrases()
    try:
        bodies: list[str] = phrases[kind][form]
    except KeyError:
        raise DataError(f"phrases.toml has no {kind}.{form}") from None
    for _ in range(_TRIES):
        body = draws.one(bodies).format(**slots)
        ending = draws.one(phrases["endings"])
        if ending.split()[-1:] in (["think"], ["say"], ["see"], ["tell"]) and not _plain(body):
            continue  # "tell me ... do you think" is nothing that people say
        if ending and ending.split()[-1] in body.split():
            continue  # nor is "what is new here here"
        said: str = draws.one(phrases["openings"]) + body + ending
        if split_of(said) is draws.split:
            end = "." if body.startswith(_COMMANDS) else "?"
            return said[:1].upper() + said[1:] + end
    raise DataError(f"phrases.toml has no wording of {kind}.{form} for {draws.split}")


def forms(kind: str) -> tuple[str, ...]:
    """The forms in which a kind is asked."""
    return tuple(_phrases()[kind])


def _plain(body: str) -> bool:
    """It can end on "do you think"."""
    asks = ("what", "which", "how", "who")
    return body.startswith(asks) and " you" not in body and "," not in body


@cache
def _phrases() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("phrases.toml").read_text("utf-8"))
