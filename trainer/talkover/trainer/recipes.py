"""Recipes by name: TOML files that come along with a package, or any other; one like another."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from talkover.core.errors import ConfigError, DataError

_FOLDER: Final = "recipes"
_SUFFIX: Final = ".toml"
_LIKE: Final = "like"


def recipes_of(package: str) -> list[str]:
    """Names of the recipes that come along with a package."""
    found = files(package).joinpath(_FOLDER).iterdir()
    return sorted(path.name[: -len(_SUFFIX)] for path in found if path.name.endswith(_SUFFIX))


def name_of(recipe: str) -> str:
    """What a recipe is called that was asked for by its name, or by its file."""
    path = Path(recipe)
    return path.stem if path.suffix == _SUFFIX else recipe


def text_of(recipe: str, package: str, what: str) -> str:
    """What is written in a recipe.

    Args:
        recipe: The name of one that comes along, or a file.
        package: With which it does.
        what: A recipe of this package is called, for messages.

    Raises:
        DataError: there is none.
    """
    path = Path(recipe)
    if path.suffix == _SUFFIX and path.is_file():
        return path.read_text("utf-8")
    known = recipes_of(package)
    if recipe not in known:
        raise DataError(f"no {what} {recipe!r}; there are {', '.join(known)}, or give a .toml")
    return files(package).joinpath(_FOLDER, recipe + _SUFFIX).read_text("utf-8")


def read_tables(text: str, package: str, what: str) -> dict[str, Any]:
    """The tables of a recipe; where it is ``like`` another, that one's with its own in them.

    Args:
        text: What is written in it.
        package: With which others come along.
        what: A recipe of this package is called, for messages.

    Raises:
        DataError: there is none that it could be like, or that is itself like another.
        TOMLDecodeError: it is no TOML.
    """
    own = tomllib.loads(text)
    name = own.pop(_LIKE, None)
    if name is None:
        return own
    other = tomllib.loads(text_of(str(name), package, what))
    if _LIKE in other:
        raise DataError(f"{name} is itself like another; name that one")
    return _over(other, own)


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = {**below, **above}
    for name, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(name), dict):
            both[name] = _over(below[name], value)
    return both


def check(table: str, settings: object, name: str, fits: bool, allowed: str) -> None:
    """Refuse a value of a recipe's table that is out of its range.

    Args:
        table: Its name, for people.
        settings: The table.
        name: Of the value.
        fits: Whether it is in its range.
        allowed: The range, for people.

    Raises:
        ConfigError: it does not fit.
    """
    if not fits:
        raise ConfigError(f"{table}: {name} = {getattr(settings, name)!r}; set it to {allowed}")
