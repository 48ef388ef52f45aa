"""The other half of an utterance: noise, voices, music, a room and a line over what is said.

It is drawn by the recipe's seed and the utterance's name, apart from what is said: a set that was
made clean gets the same dirt later, and another one in another epoch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import numpy as np

from talkover.trainer.data.clean import Clean, in_steps
from talkover.trainer.data.lines import Line, babble, draw_line, mixed, through
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.music import draw_music
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.overlap.sounds import coloured, quick_size

GROUP: Final = 50
"""So many utterances are heard behind one another, and are made together."""

_TALKERS: Final = (3, 6)
_DRAWS: Final = 1  # of all draws for an utterance, these; what is said has others

Fetch = Callable[[int], Sound]
"""The clean sound of an utterance, by its number in its set."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """An utterance as it is heard.

    Attributes:
        clean: What is said.
        pcm: float32 [n] at 16 kHz, in steps of 16 bits, as long as that of ``clean``.
        snr: Of the voice over the noise (dB); None: there is none.
        noise: Which.
        line: It came through.
    """

    clean: Clean
    pcm: Sound
    snr: float | None = None
    noise: str = ""
    line: Line = field(default_factory=Line)


def dirtied(
    recipe: Recipe, clean: Clean, others: Sequence[int], fetch: Fetch, *, epoch: int = 0
) -> Made:
    """An utterance with what a recipe lays over it.

    Args:
        recipe: Of which only the noise counts.
        clean: What is said.
        others: Numbers of utterances of its split that may be heard behind it, such as its
            ``neighbours``. Where there are none, noise stands for babble.
        fetch: Their sound.
        epoch: In each the same utterance is heard otherwise.

    Raises:
        DataError: the recipe has music, and there is none here.
    """
    random = _random(recipe, clean.name, epoch)
    snr, noise, sound = _noised(recipe, clean, others, fetch, random)
    line = draw_line(random) if recipe.lines else Line()
    return Made(clean, in_steps(through(line, sound, random)), snr, noise, line)


def neighbours(number: int, count: int | None = None) -> list[int]:
    """The others of an utterance's group; ``count`` are in the set, or no end of them."""
    first = number // GROUP * GROUP
    last = first + GROUP if count is None else min(first + GROUP, count)
    return [other for other in range(first, last) if other != number]


def _random(recipe: Recipe, name: str, epoch: int) -> np.random.Generator:
    place = int.from_bytes(sha256(name.encode()).digest()[:16])
    seeds = np.random.SeedSequence([recipe.seed, place], spawn_key=(_DRAWS, epoch))
    return np.random.default_rng(seeds)


def _noised(
    recipe: Recipe,
    clean: Clean,
    others: Sequence[int],
    fetch: Fetch,
    random: np.random.Generator,
) -> tuple[float | None, str, Sound]:
    if random.random() >= recipe.noisy:
        return None, "", clean.pcm
    count = len(clean.pcm)
    snr, kind = float(random.uniform(*recipe.snr)), random.random()
    if kind >= 1.0 - recipe.music:
        name, noise = draw_music(clean.split, count, random)
    elif kind < recipe.babble and others:
        talkers = min(int(random.integers(*_TALKERS)), len(others))
        chosen = random.choice(others, talkers, replace=False)
        name, noise = "babble", babble([fetch(int(one)) for one in chosen], count, random)
    else:
        slope = float(random.uniform(0.0, 2.0))
        name, noise = f"noise {slope:.1f}", coloured(quick_size(count), slope, random)
    return snr, name, mixed(clean.pcm, noise, snr)
