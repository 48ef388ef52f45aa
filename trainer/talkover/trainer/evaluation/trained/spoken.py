"""Sentences of a recipe's test split by its test voices; and by an engine nobody learnt from."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from talkover.core.errors import DataError
from talkover.trainer.data.engines.voices import voice
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Guest, Recipe
from talkover.trainer.data.studio import Studio
from talkover.trainer.data.texts import Split
from talkover.trainer.evaluation.accents import main_language
from talkover.trainer.evaluation.trained.clips import MIXED, Clip
from talkover.trainer.evaluation.trained.material import DIALECTS, ENGINE, Material

UNHEARD: Final = "flite"
"""The engine that is kept out of training: it speaks in most accents, with the recorded sounds of
four people, and no other engine is made as it is."""

_PEOPLE: Final = ("flite-slt", "flite-rms", "flite-kal16", "flite-awb")
"""A voice of each of its people."""
_LEAST: Final = 4


class Spoken(Material):
    """A recipe's test split, with all that the recipe lays over it.

    Args:
        name: Of the set.
        recipe: What it is made of.
        about: In a phrase.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """

    def __init__(self, name: str, recipe: Recipe, about: str) -> None:
        super().__init__(name, [str(one) for one in recipe.conditions], recipe, about)
        self._recipe = recipe
        self._studio = Studio(recipe, Split.TEST)

    def close(self) -> None:
        """Nobody speaks any more."""
        self._studio.close()

    def numbers(self, count: int) -> Sequence[int]:
        """See ``Material``; where there are few conditions, more of each."""
        return range(count * max(len(self.conditions), _LEAST))

    def make(self, number: int) -> tuple[Clip, Sound]:
        """See ``Material``."""
        made = self._studio.utterance(number)
        words = tuple((word.text, word.language) for word in made.clean.words)
        clip = Clip(
            self.name,
            number,
            self.conditions[number % len(self.conditions)],
            MIXED,
            words,
            main_language(words),
            made.snr,
            made.noise,
            made.clean.voice,
        )
        return clip, made.pcm


def dialects(seed: int) -> Spoken:
    """Seventeen accents and five code-switch patterns at mixed noise."""
    about = "17 accents and 5 code-switch patterns, held-out voices and texts, mixed noise"
    return Spoken(DIALECTS, Recipe.load(DIALECTS, seed=seed), about)


def unheard(seed: int, learnt: Sequence[str]) -> Spoken:
    """The same noise over sentences by ``UNHEARD`` alone.

    Args:
        seed: Of all that is drawn.
        learnt: Data recipes that a reader has learnt from.

    Raises:
        DataError: all of its people were heard in training.
    """
    recipes = [Recipe.load(name) for name in learnt]
    known = {person for recipe in recipes for person in _people(recipe)}
    voices = tuple(name for name in _PEOPLE if voice(name).person not in known)
    if not voices:
        raise DataError(
            f"a reader has learnt from everybody who speaks by {UNHEARD}; leave out --sets {ENGINE}"
        )
    base = Recipe.load(DIALECTS, seed=seed)
    able = {code for name in voices for code in voice(name).accents}
    recipe = replace(
        base,
        name="unheard",
        accents=tuple(code for code in base.accents if code in able),
        guests=(Guest(UNHEARD, 1.0, {**dict.fromkeys(Split, ()), Split.TEST: voices}),),
        patterns=(),
    )
    others = " (training heard others of its voices)" if _speaks(recipes) else ""
    return Spoken(ENGINE, recipe, f"{UNHEARD}: {', '.join(voices)}; mixed noise{others}")


def _people(recipe: Recipe) -> set[str]:
    """Whom a model that learns from a recipe hears, or is looked at with while it learns."""
    splits = (Split.TRAIN, Split.VALIDATION)
    return {
        voice(name).person
        for guest in recipe.guests
        for split in splits
        for name in guest.voices[split]
    }


def _speaks(recipes: Sequence[Recipe]) -> bool:
    return any(
        guest.engine == UNHEARD and guest.share > 0 and guest.voices[Split.TRAIN]
        for recipe in recipes
        for guest in recipe.guests
    )
