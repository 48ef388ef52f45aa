"""Clips in which nobody says a word: silence, noise and music. Any word is an error."""

from typing import Final

import numpy as np

from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.texts import Split
from talkover.trainer.data.wordless import KINDS, draw_wordless
from talkover.trainer.evaluation.trained.clips import CLEAN, Clip
from talkover.trainer.evaluation.trained.material import SILENCE, Material
from talkover.trainer.evaluation.utterances import LANGUAGES

_DRAWS: Final = 12  # apart from those of other materials


class Wordless(Material):
    """Silence, noise and music of 1 to 10 s; the reader is told one of three languages in turn."""

    def __init__(self, seed: int) -> None:
        super().__init__(SILENCE, KINDS, seed, "nobody says anything")
        self._seed = seed

    def close(self) -> None:
        """Nothing is open."""

    def make(self, number: int) -> tuple[Clip, Sound]:
        """See ``Material``."""
        turn, place = divmod(number, len(KINDS))
        random = np.random.default_rng([self._seed, _DRAWS, number])
        name, pcm = draw_wordless(KINDS[place], random, Split.TEST)
        language = LANGUAGES[turn % len(LANGUAGES)]
        return Clip(SILENCE, number, KINDS[place], CLEAN, (), language, noise=name), pcm
