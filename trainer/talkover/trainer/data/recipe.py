"""A recipe: a set that needs no storage, since utterance *i* is always the same.

What is drawn for an utterance depends on the recipe's name and seed, its split and its number, on
nothing that was made before; so a set can be made in any order, by any number of processes. It is
drawn twice: what is said (``clean``), and what lies over it (``dirt``).
"""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Self

from talkover.core.errors import DataError
from talkover.trainer.data.accents import accent
from talkover.trainer.data.texts import Split, Theme

Range = tuple[float, float]

_FOLDER: Final = "recipes"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a set is made of; the fields are those of its file.

    Attributes:
        name: Of the file.
        seed: Of all that is drawn.
        accents: As often as one another.
        themes: How often, against one another.
        voices: eSpeak's variants by split.
        pitch: Of eSpeak, 0 to 99.
        pace: Against others of the accent.
        level: Of the voice (dBFS).
        noisy: Share of utterances with noise.
        snr: Of those (dB).
        babble: Share of noises that is made of other voices.
        music: Share of noises that is recorded music.
        lines: Whether there are rooms and telephones.
    """

    name: str
    seed: int
    accents: tuple[str, ...]
    themes: dict[Theme, float]
    voices: dict[Split, tuple[str, ...]]
    pitch: Range
    pace: Range
    level: Range
    noisy: float
    snr: Range
    babble: float
    music: float
    lines: bool

    @classmethod
    def load(cls, name: str, *, seed: int = 0) -> Self:
        """One that comes along, by its name, or a file.

        Raises:
            DataError: there is none, or it cannot be used; the message names it.
        """
        path = Path(name)
        if path.suffix == ".toml":
            found = path.read_text("utf-8") if path.is_file() else None
        else:
            inside = files(__package__).joinpath(_FOLDER, f"{name}.toml")
            found = inside.read_text("utf-8") if inside.is_file() else None
        if found is None:
            raise DataError(
                f"no recipe {name!r}; there are {', '.join(recipes())}, or give a .toml"
            )
        try:
            return cls._read(path.stem if path.suffix else name, seed, tomllib.loads(found))
        except (KeyError, TypeError, ValueError, DataError) as error:
            raise DataError(f"recipe {name} cannot be used: {error}") from None

    @classmethod
    def _read(cls, name: str, seed: int, data: dict[str, Any]) -> Self:
        for code in data["accents"]:
            accent(code)
        voices = {Split(split): tuple(some) for split, some in data["voices"].items()}
        everybody = [voice for some in voices.values() for voice in some]
        if len(set(everybody)) < len(everybody):
            raise DataError("a voice is in two splits")
        speaker, noise = data["speaker"], data["noise"]
        if not 0 <= noise["babble"] + noise["music"] <= 1:
            raise DataError("babble and music are shares of the noises, and more than all of them")
        return cls(
            name,
            seed,
            tuple(data["accents"]),
            {Theme(theme): float(often) for theme, often in data["themes"].items()},
            voices,
            _range(speaker["pitch"]),
            _range(speaker["pace"]),
            _range(speaker["level"]),
            float(noise["share"]),
            _range(noise["snr"]),
            float(noise["babble"]),
            float(noise["music"]),
            bool(noise["lines"]),
        )


def recipes() -> list[str]:
    """Those that come along."""
    found = files(__package__).joinpath(_FOLDER).iterdir()
    return sorted(path.name[:-5] for path in found if path.name.endswith(".toml"))


def _range(given: Any) -> Range:
    low, high = given
    if not low <= high:
        raise DataError(f"{given} is no range")
    return float(low), float(high)
