"""What bundles are judged on: little, of everything, and all of it from validation splits.

What a gate decides upon again and again cannot be what is reported in the end, so the test split is
never heard here; nor is the training split.
"""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from talkover.core.clock import RATE
from talkover.trainer.data.clean import in_steps
from talkover.trainer.data.dirt import Made
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.studio import Studio
from talkover.trainer.data.switching.tokens import Pattern
from talkover.trainer.data.texts import Split
from talkover.trainer.overlap import sounds
from talkover.trainer.overlap.scenes import at_level
from talkover.trainer.stages.example import Example
from talkover.trainer.stages.people import heard, prompts_of
from talkover.trainer.stages.tables import LANGUAGES

RECIPE: Final = "dialects17x5"
Tick = Callable[[], None]
"""Told that a step of the work is done."""

_NOISY: Final = 0.5
_SNR: Final = (5.0, 30.0)  # dB
_WORDLESS: Final = (1.5, 4.0)  # seconds
_LEVELS: Final = (-60.0, -20.0)  # dBFS
_DRAWS: Final = 21  # apart from those of other materials


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is heard; each by every bundle.

    Attributes:
        spoken: Made utterances: accents and code-switches in turn. Half of them have noise over
            them, less than in training: what nobody understands tells no bundle from another.
        people: Recorded prompts of real people, clean, languages in turn.
        wordless: Sounds in which nobody says anything.
        switched: More code-switches, for what is said of switched words alone: those that come in
            turn hold about thirty, of which two are more than the gate lets through.
    """

    spoken: int = 44
    people: int = 18
    wordless: int = 4
    switched: int = 30


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What is heard.

    Attributes:
        spoken: Accents and code-switches.
        people: Real people.
        wordless: Sounds without a word.
        switched: More code-switches.
    """

    spoken: tuple[Example, ...]
    people: tuple[Example, ...]
    wordless: tuple[Sound, ...]
    switched: tuple[Example, ...] = ()

    @property
    def count(self) -> int:
        """Sounds."""
        return sum(map(len, (self.spoken, self.people, self.wordless, self.switched)))


def gather(amount: Amount, *, seed: int, tick: Tick = lambda: None) -> Material:
    """Make what is heard; a sound depends on the seed and its number alone.

    Args:
        amount: How much.
        seed: Of all that is drawn.
        tick: Told after each sound.

    Raises:
        ConfigError: an engine is not installed, or there are no recordings of people.
        DataError: there is no music here.
    """
    return Material(
        spoken(amount.spoken, seed=seed, tick=tick),
        people(amount.people, seed=seed, tick=tick),
        tuple(_wordless(seed, number) for number in range(amount.wordless)),
        _switched(amount.switched, after=amount.spoken, seed=seed, tick=tick),
    )


def spoken(
    count: int, *, seed: int, noisy: bool = True, tick: Tick = lambda: None
) -> tuple[Example, ...]:
    """Made utterances of the validation split.

    Args:
        count: How many; any beginning has as much of each accent and pattern.
        seed: Of all that is drawn.
        noisy: Half of them with noise over them; else clean.
        tick: Told after each.

    Raises:
        ConfigError: an engine is not installed.
        DataError: there is no music here.
    """
    return _said(_recipe(seed, noisy=noisy), range(count), tick)


def _switched(count: int, *, after: int, seed: int, tick: Tick) -> tuple[Example, ...]:
    """The first code-switches that come after so many utterances."""
    recipe = _recipe(seed, noisy=True)
    turns = recipe.conditions
    numbers = (
        one for one in itertools.count(after) if isinstance(turns[one % len(turns)], Pattern)
    )
    return _said(recipe, itertools.islice(numbers, count), tick)


def _recipe(seed: int, *, noisy: bool) -> Recipe:
    share = _NOISY if noisy else 0.0
    return replace(Recipe.load(RECIPE, seed=seed), noisy=share, snr=_SNR, lines=False)


def _said(recipe: Recipe, numbers: Iterable[int], tick: Tick) -> tuple[Example, ...]:
    found = []
    with Studio(recipe, Split.VALIDATION) as studio:
        for number in numbers:
            found.append(Example.of(studio.utterance(number)))
            tick()
    return tuple(found)


def people(count: int, *, seed: int, tick: Tick = lambda: None) -> tuple[Example, ...]:
    """Recorded prompts of the validation split, languages in turn.

    Args:
        count: How many; fewer where there are not so many.
        seed: Of the draw.
        tick: Told after each.

    Raises:
        ConfigError: there are none on this machine.
    """
    random = np.random.default_rng([seed, _DRAWS])
    pools = []
    for language in LANGUAGES:
        prompts = prompts_of(language, Split.VALIDATION)
        pools.append([prompts[int(place)] for place in random.permutation(len(prompts))])
    in_turn = [one for some in itertools.zip_longest(*pools) for one in some if one is not None]
    found = []
    for prompt in in_turn[:count]:
        said = heard(prompt)
        found.append(Example.of(Made(said, said.pcm)))
        tick()
    return tuple(found)


def _wordless(seed: int, number: int) -> Sound:
    """Noise that goes on, knocks and clicks, music of formulas, in turn."""
    random = np.random.default_rng([seed, _DRAWS, number])
    count = round(random.uniform(*_WORDLESS) * RATE)
    makers: tuple[Callable[[], Sound], ...] = (
        lambda: sounds.coloured(sounds.quick_size(count), random.uniform(0.0, 2.0), random),
        lambda: sounds.clicks(random),
        lambda: sounds.music(random),
    )
    sound = np.resize(makers[number % len(makers)](), count).astype(np.float32)
    return in_steps(at_level(sound, float(random.uniform(*_LEVELS))))
