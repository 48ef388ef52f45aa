"""Sound in which nobody says a word: silence, noise and music."""

from typing import Final

import numpy as np

from talkover.core.clock import RATE
from talkover.trainer.data.clean import Clean, in_steps
from talkover.trainer.data.dirt import Made
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.music import draw_music
from talkover.trainer.data.texts import Split
from talkover.trainer.overlap import sounds
from talkover.trainer.overlap.scenes import at_level

Random = np.random.Generator

KINDS: Final = ("silence", "noise", "music")
_LENGTH: Final = (1.0, 10.0)  # seconds
_EMPTY: Final = 0.2  # share of silences without any sound at all
_HUSH: Final = (-90.0, -65.0)  # dBFS of the others: a line that is open, and nobody there
_NOISE: Final = (-50.0, -16.0)
_MUSIC: Final = (-45.0, -16.0)
_STEADY: Final = 0.5  # share of noises that go on; the others knock, rustle and click
_RECORDED: Final = 0.5  # share of music that people have made
_DRAWS: Final = 13  # of all draws for an utterance, these; evaluation has others


class Nobody:
    """Silence, noise and music of 1 to 10 s in turn, as the source of a stream.

    Args:
        languages: One of which the listener is told, in turn.
        split: Whose music.
        seed: Of all that is drawn.
    """

    count = None
    chunk = 8

    def __init__(self, languages: tuple[str, ...], split: Split, seed: int) -> None:
        self._languages, self._split, self._seed = languages, split, seed

    def make(self, number: int, epoch: int) -> Made:
        """Clip ``number``; see ``Source``."""
        random = np.random.default_rng([self._seed, _DRAWS, number, epoch])
        turn, place = divmod(number, len(KINDS))
        name, pcm = draw_wordless(KINDS[place], random, self._split)
        language = self._languages[turn % len(self._languages)]
        said = Clean(f"nobody/{number}", self._split, pcm, "", languages=(language,))
        return Made(said, pcm, noise=name)

    def close(self) -> None:
        """Nothing is open between two clips."""


def draw_wordless(kind: str, random: Random, split: Split) -> tuple[str, Sound]:
    """A clip without words.

    Args:
        kind: One of ``KINDS``.
        random: Where it is drawn from.
        split: Whose music.

    Returns:
        What it is; float32 [n] at 16 kHz, in steps of 16 bits.

    Raises:
        DataError: there is no recorded music here.
    """
    count = round(random.uniform(*_LENGTH) * RATE)
    name, pcm = _MAKERS[kind](count, random, split)
    return name, in_steps(pcm)


def _silence(count: int, random: Random, _split: Split) -> tuple[str, Sound]:
    if random.random() < _EMPTY:
        return "nothing", np.zeros(count, np.float32)
    level = random.uniform(*_HUSH)
    slope = random.uniform(0.0, 2.0)
    size = sounds.quick_size(count)
    return f"{level:.0f} dBFS", at_level(sounds.coloured(size, slope, random)[:count], level)


def _noise(count: int, random: Random, _split: Split) -> tuple[str, Sound]:
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


def _music(count: int, random: Random, split: Split) -> tuple[str, Sound]:
    level = float(random.uniform(*_MUSIC))
    if random.random() < _RECORDED:
        name, sound = draw_music(split, count, random)
        return name, at_level(sound, level)
    return "music of formulas", at_level(np.resize(sounds.music(random), count), level)


_MAKERS: Final = {"silence": _silence, "noise": _noise, "music": _music}
