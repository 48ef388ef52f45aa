"""English as speakers of the other language say it: accents like ours, by language."""

from functools import cache
from importlib.resources import files
from typing import Final

from talkover.core.errors import DataError
from talkover.trainer.data.accents import Accent, accent, read_accent

_FOLDER: Final = "foreign"
_OF_OURS: Final = {"hi": "indian"}


@cache
def foreign(language: str) -> Accent:
    """The English of its speakers.

    Args:
        language: ISO 639-1.

    Raises:
        DataError: it is not described, or its file is damaged; the message names it.
    """
    if language in _OF_OURS:
        return accent(_OF_OURS[language])
    path = files(__package__).joinpath(_FOLDER, f"{language}.toml")
    if not path.is_file():
        raise DataError(f"the English of {language!r} speakers is not described in {_FOLDER}/")
    return read_accent(f"foreign-{language}", path.read_text("utf-8"))
