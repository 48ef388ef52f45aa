"""The clean half of an utterance: what is said and by whom, with silence around it, at a level.

It has the precision of the files that keep it, so that what lies over it comes out the same whether
it has just been spoken or is read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from talkover.core.audio import to_float, to_int16
from talkover.core.clock import RATE
from talkover.trainer.data.engines.speaking import Engines
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.saying import Mouths, say_in_accent, say_switching
from talkover.trainer.data.switching.tokens import Pattern
from talkover.trainer.data.texts import Split
from talkover.trainer.data.throat import Throat
from talkover.trainer.data.timing import TimedWord

_PADDING: Final = (0.1, 0.4)  # seconds before and after
_DRAWS: Final = 0  # of all draws for an utterance, these; what lies over it has others


@dataclass(frozen=True, slots=True, eq=False)
class Clean:
    """What is said, with all that is known of it; empty where a set does not tell.

    Attributes:
        name: Unique.
        split: What it may be used for.
        pcm: float32 [n] at 16 kHz, in steps of 16 bits.
        text: What is said.
        words: When (samples), with their sounds and languages.
        theme: What it is about.
        accent: Code; of the English words.
        locale: Where they speak so (BCP 47).
        languages: That are spoken (ISO 639-1), sorted.
        pattern: How it goes from one to another.
        engine: That speaks.
        voice: Name.
        speaker: Who; nobody is in two splits.
    """

    name: str
    split: Split
    pcm: Sound
    text: str
    words: tuple[TimedWord, ...] = ()
    theme: str = ""
    accent: str = ""
    locale: str = ""
    languages: tuple[str, ...] = ()
    pattern: str = ""
    engine: str = ""
    voice: str = ""
    speaker: str = ""


def clean(
    recipe: Recipe, split: Split, number: int, throat: Throat, others: Engines | None = None
) -> Clean:
    """The clean half of utterance ``number`` of a split of a recipe.

    Args:
        recipe: What it is made of.
        split: Whose voices and sentences.
        number: From 0 on.
        throat: eSpeak NG.
        others: Other engines, if the recipe has voices of theirs.

    Raises:
        ConfigError: an engine that the recipe asks for is not installed, or not given.
        WeightsError: a voice's weights are not here.
    """
    random = _random(recipe, split, number)
    mouths = Mouths(throat, others)
    # In turn, so that any stretch of a set has as much of each.
    turn, place = divmod(number, len(recipe.conditions))
    condition = recipe.conditions[place]
    if isinstance(condition, Pattern):
        pair = recipe.pairs[turn % len(recipe.pairs)]
        said = say_switching(recipe, split, condition, pair, mouths, random)
    else:
        said = say_in_accent(recipe, split, condition, mouths, random)
    level = float(random.uniform(*recipe.level))
    before, after = (round(random.uniform(*_PADDING) * RATE) for _ in range(2))
    return Clean(
        f"{recipe.name}-{recipe.seed}-{split}-{number:07d}",
        split,
        in_steps(np.pad(_levelled(said.utterance.pcm, level), (before, after))),
        said.text,
        tuple(word.later(before) for word in said.utterance.words),
        said.theme.value,
        said.accent.code,
        said.accent.locale,
        languages_of(said.utterance.words),
        said.pattern,
        said.voice.engine,
        said.voice.name,
        said.voice.person,
    )


def languages_of(words: Sequence[TimedWord]) -> tuple[str, ...]:
    """Each once, sorted."""
    return tuple(sorted({word.language for word in words}))


def in_steps(sound: Sound) -> Sound:
    """What a file of 16 bits keeps of a sound."""
    return to_float(to_int16(sound))


def _random(recipe: Recipe, split: Split, number: int) -> np.random.Generator:
    name = int.from_bytes(recipe.name.encode()[:16])
    place = list(Split).index(split)
    entropy = [recipe.seed, name, place, number]
    return np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(_DRAWS,)))


def _levelled(sound: Sound, level: float) -> Sound:
    power = float(np.mean(sound**2)) if len(sound) else 0.0
    return sound * np.float32(10 ** (level / 20) / np.sqrt(power)) if power else sound
