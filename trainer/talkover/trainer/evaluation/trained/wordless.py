"""Clips in which nobody says a word: silence, noise and music. Any word is an error."""

from typing import Final

import numpy as np

from talkover.core.clock import RATE
from talkover.trainer.data.clean import in_steps
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.music import draw_music
from talkover.trainer.data.texts import Split
from talkover.trainer.evaluation.trained.clips import CLEAN, Clip
from talkover.trainer.evaluation.trained.material import SILENCE, Material
from talkover.trainer.evaluation.utterances import LANGUAGES
from talkover.trainer.overlap import sounds
from talkover.trainer.overlap.scenes import at_level

Random = np.random.Generator

KINDS: Final = ("silence", "noise", "music")
_DRAWS: Final = 12  # apart from those of other materials
_LENGTH: Final = (1.0, 10.0)  # seconds
_EMPTY: Final = 0.2  # share of silences without any sound at all
_HUSH: Final = (-90.0, -65.0)  # dBFS of the others: a line that is open, and nobody there
_NOISE: Final = (-50.0, -16.0)
_MUSIC: Final = (-45.0, -16.0)
_STEADY: Final = 0.5  # share of noises that go on; the others knock, rustle and click
_RECORDED: Final = 0.5  # share of music that people have made


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
        count = round(random.uniform(*_LENGTH) * RATE)
        name, pcm = _MAKERS[KINDS[place]](count, random)
        language = LANGUAGES[turn % len(LANGUAGES)]
        clip = Clip(SILENCE, number, KINDS[place], CLEAN, (), language, noise=name)
        return clip, in_steps(pcm)


def _silence(count: int, random: Random) -> tuple[str, Sound]:
    if random.random() < _EMPTY:
        return "nothing", np.zeros(count, np.float32)
    level = random.uniform(*_HUSH)
    slope = random.uniform(0.0, 2.0)
    size = sounds.quick_size(count)
    return f"{level:.0f} dBFS", at_level(sounds.coloured(size, slope, random)[:count], level)


def _noise(count: int, random: Random) -> tuple[str, Sound]:
    level = float(random.uniform(*_NOISE))
    if random.random() < _STEADY:
        slope = random.uniform(0.0, 2.0)
        steady = sounds.coloured(sounds.quick_size(count), slope, random)[:count]
        return f"noise {slope:.1f}", at_level(steady, level)
    makers = {"clicks": sounds.clicks, "bursts": sounds.burst, "coughs": sounds.cough}
    name = str(random.choice(list(makers)))
    sound = np.zeros(count, np.float32)
    for _ in range(int(random.integers(1, 5))):
        one = makers[name](random)[:count]
        begin = int(random.integers(0, count - len(one) + 1))
        sound[begin : begin + len(one)] += one
    return name, at_level(sound, level)


def _music(count: int, random: Random) -> tuple[str, Sound]:
    level = float(random.uniform(*_MUSIC))
    if random.random() < _RECORDED:
        name, sound = draw_music(Split.TEST, count, random)
        return name, at_level(sound, level)
    return "music of formulas", at_level(np.resize(sounds.music(random), count), level)


_MAKERS: Final = {"silence": _silence, "noise": _noise, "music": _music}
