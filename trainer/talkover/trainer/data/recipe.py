"""A recipe: a set that needs no storage, since utterance *i* is always the same.

What is drawn for an utterance depends on the recipe's name and seed, its split and its number, on
nothing that was made before; so a set can be made in any order, by any number of processes.
"""

import tomllib
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.accents import accent
from talkover.trainer.data.lines import Line, babble, draw_line, mixed, through
from talkover.trainer.data.mouths import Sound, speak
from talkover.trainer.data.texts import Split, Theme, draw_text
from talkover.trainer.data.throat import Throat
from talkover.trainer.data.timing import TimedWord
from talkover.trainer.overlap.sounds import coloured

Range = tuple[float, float]

_FOLDER: Final = "recipes"
_PADDING: Final = (0.1, 0.4)  # seconds before and after
_TALKERS: Final = (3, 6)


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
            bool(noise["lines"]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """An utterance with all that is known of it.

    Attributes:
        name: Unique.
        pcm: float32 [n] at 16 kHz.
        text: What is said.
        words: When, with their sounds.
        accent: Code.
        voice: Of whom.
        theme: What it is about.
        snr: Of the voice over the noise (dB); None: there is none.
        noise: Which.
        line: It came through.
    """

    name: str
    pcm: Sound
    text: str
    words: tuple[TimedWord, ...]
    accent: str
    voice: str
    theme: Theme
    snr: float | None
    noise: str
    line: Line


def recipes() -> list[str]:
    """Those that come along."""
    found = files(__package__).joinpath(_FOLDER).iterdir()
    return sorted(path.name[:-5] for path in found if path.name.endswith(".toml"))


def utterance(recipe: Recipe, split: Split, number: int, throat: Throat) -> Made:
    """Utterance ``number`` of a split of a recipe.

    Args:
        recipe: What it is made of.
        split: Whose voices and sentences.
        number: From 0 on.
        throat: That speaks.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """
    random = _random(recipe, split, number)
    # In turn, so that any stretch of a set has as much of each.
    chosen = accent(recipe.accents[number % len(recipe.accents)])
    voice = str(random.choice(recipe.voices[split]))
    theme = _theme(recipe, random)
    text = draw_text(theme, split, random)
    said = speak(
        chosen,
        chosen.say(text),
        throat,
        variant=voice,
        pitch=round(random.uniform(*recipe.pitch)),
        pace=float(random.uniform(*recipe.pace)),
    )
    before, after = (round(random.uniform(*_PADDING) * RATE) for _ in range(2))
    clean = np.pad(_levelled(said.pcm, float(random.uniform(*recipe.level))), (before, after))
    snr, noise, sound = _noised(recipe, split, clean, random, throat)
    line = draw_line(random) if recipe.lines else Line()
    return Made(
        f"{recipe.name}-{recipe.seed}-{split}-{number:07d}",
        np.clip(through(line, sound, random), -1.0, 1.0),
        text,
        tuple(_later(word, before) for word in said.words),
        chosen.code,
        voice,
        theme,
        snr,
        noise,
        line,
    )


def _random(recipe: Recipe, split: Split, number: int) -> np.random.Generator:
    name = int.from_bytes(recipe.name.encode()[:16])
    place = list(Split).index(split)
    return np.random.default_rng(np.random.SeedSequence([recipe.seed, name, place, number]))


def _theme(recipe: Recipe, random: np.random.Generator) -> Theme:
    often = np.array(list(recipe.themes.values()))
    return list(recipe.themes)[int(random.choice(len(often), p=often / often.sum()))]


def _noised(
    recipe: Recipe, split: Split, clean: Sound, random: np.random.Generator, throat: Throat
) -> tuple[float | None, str, Sound]:
    if random.random() >= recipe.noisy:
        return None, "", clean
    snr = float(random.uniform(*recipe.snr))
    if random.random() < recipe.babble:
        return snr, "babble", mixed(clean, _babble(recipe, split, len(clean), random, throat), snr)
    slope = float(random.uniform(0.0, 2.0))
    return snr, f"noise {slope:.1f}", mixed(clean, coloured(len(clean), slope, random), snr)


def _babble(
    recipe: Recipe, split: Split, count: int, random: np.random.Generator, throat: Throat
) -> Sound:
    """Voices of the split that say sentences of the split."""
    talkers = []
    for _ in range(int(random.integers(*_TALKERS))):
        chosen = accent(str(random.choice(recipe.accents)))
        text = draw_text(_theme(recipe, random), split, random)
        voice = str(random.choice(recipe.voices[split]))
        talkers.append(speak(chosen, chosen.say(text), throat, variant=voice).pcm)
    return babble(talkers, count, random)


def _levelled(sound: Sound, level: float) -> Sound:
    power = float(np.mean(sound**2)) if len(sound) else 0.0
    return sound * np.float32(10 ** (level / 20) / np.sqrt(power)) if power else sound


def _later(word: TimedWord, by: int) -> TimedWord:
    phones = tuple(replace(p, start=p.start + by, end=p.end + by) for p in word.phones)
    return replace(word, start=word.start + by, end=word.end + by, phones=phones)


def _range(given: Any) -> Range:
    low, high = given
    if not low <= high:
        raise DataError(f"{given} is no range")
    return float(low), float(high)
