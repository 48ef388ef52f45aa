"""Real people: the recorded prompts of the test split as they are, and spliced into switches.

A prompt belongs to a split by the hash of its words: what is learnt from, what guards training and
what is judged on are never the same (``stages.people``).
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np

from talkover.core.audio.prompts import Prompt
from talkover.trainer.data.clean import Clean, in_steps
from talkover.trainer.data.dirt import Made, dirtied
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.switching.splices import RECORDED, draw_spliced, splice
from talkover.trainer.data.switching.tokens import Pattern
from talkover.trainer.data.texts import Split
from talkover.trainer.evaluation.accents import main_language, noisy
from talkover.trainer.evaluation.trained.clips import CLEAN, NOISY, Clip
from talkover.trainer.evaluation.trained.material import DIALECTS, REAL, SPLICED, Material
from talkover.trainer.evaluation.utterances import LANGUAGES
from talkover.trainer.stages.people import heard, prompts_of

_SOUNDS: Final = (CLEAN, NOISY)
_DRAWS: Final = 11  # apart from those of other materials


class Prompts(Material):
    """Recorded prompts in three languages, each clean and with noise or other voices at 5 dB.

    Raises:
        ConfigError: there are none on this machine.
    """

    def __init__(self, seed: int) -> None:
        self._pools = {language: _pool(language, seed) for language in LANGUAGES}
        names = [[prompt.name for prompt in some] for some in self._pools.values()]
        about = "recorded telephone prompts that nobody learnt from, clean and at 5 dB"
        super().__init__(REAL, LANGUAGES, (seed, names), about)
        self._recipe = noisy(Recipe.load(DIALECTS, seed=seed))

    def close(self) -> None:
        """Nothing is open."""

    def numbers(self, count: int) -> Sequence[int]:
        """See ``Material``; each twice, with and without noise."""
        wide = len(LANGUAGES) * len(_SOUNDS)
        sizes = [len(self._pools[language]) for language in LANGUAGES]
        return [
            number
            for number in range(count * wide)
            if number // wide < sizes[number % wide // len(_SOUNDS)]
        ]

    def make(self, number: int) -> tuple[Clip, Sound]:
        """See ``Material``."""
        turn, place = divmod(number, len(LANGUAGES) * len(_SOUNDS))
        language, sound = LANGUAGES[place // len(_SOUNDS)], _SOUNDS[place % len(_SOUNDS)]
        pool = self._pools[language]
        prompt = pool[turn]
        said = tuple((word, language) for word in prompt.text.split())
        whole = heard(prompt)
        clip = Clip(REAL, number, language, sound, said, language, voice=language)
        if sound == CLEAN:
            return clip, whole.pcm
        others = [other for other in range(len(pool)) if other != turn]
        return _under_noise(
            clip, dirtied(self._recipe, whole, others, lambda other: heard(pool[other]).pcm)
        )


class Splices(Material):
    """Recordings of one sentence in two languages, each clean and with noise at 5 dB.

    Raises:
        ConfigError: there are no recordings on this machine.
    """

    def __init__(self, seed: int) -> None:
        about = "code-switches spliced from recordings of people, clean and at 5 dB"
        names = [[prompt.name for prompt in prompts_of(one, Split.TEST)] for one in LANGUAGES]
        super().__init__(SPLICED, [one.value for one in Pattern], (seed, names), about)
        self._seed = seed
        self._recipe = noisy(Recipe.load(DIALECTS, seed=seed))

    def close(self) -> None:
        """Nothing is open."""

    def numbers(self, count: int) -> Sequence[int]:
        """See ``Material``; each twice, with and without noise."""
        return range(count * len(self.conditions) * len(_SOUNDS))

    def make(self, number: int) -> tuple[Clip, Sound]:
        """See ``Material``."""
        turn, place = divmod(number, len(self.conditions) * len(_SOUNDS))
        pattern, sound = Pattern(self.conditions[place // len(_SOUNDS)]), _SOUNDS[place % 2]
        pair = RECORDED[turn % len(RECORDED)]
        drawn = np.random.default_rng([self._seed, _DRAWS, turn, place // len(_SOUNDS)])
        spliced = draw_spliced(pair, pattern, Split.TEST, drawn)
        said = tuple((token.text, token.language) for token in spliced.text.tokens)
        name = f"switches-{self._seed}-{turn}-{pattern}"
        whole = Clean(name, Split.TEST, in_steps(splice(spliced).pcm), spliced.text.text)
        clip = Clip(
            *(SPLICED, number, pattern.value, sound, said, main_language(said)),
            voice=", ".join(spliced.speakers),
        )
        if sound == CLEAN:
            return clip, whole.pcm
        return _under_noise(clip, dirtied(self._recipe, whole, [], _nobody))


def _under_noise(clip: Clip, made: Made) -> tuple[Clip, Sound]:
    return replace(clip, snr=made.snr, noise=made.noise), made.pcm


def _nobody(_number: int) -> Sound:
    raise LookupError("nobody is heard behind a splice")


@cache
def _pool(language: str, seed: int) -> tuple[Prompt, ...]:
    """Prompts of the test split, mixed."""
    found = prompts_of(language, Split.TEST)
    return tuple(random.Random(seed).sample(found, len(found)))  # noqa: S311 - a reproducible draw
