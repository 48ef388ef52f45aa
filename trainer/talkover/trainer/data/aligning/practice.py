"""Speech to practise aligning on: when every word and sound is heard is known to the sample."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from talkover.trainer.data.aligning.phonemes import accent_of
from talkover.trainer.data.clean import Clean
from talkover.trainer.data.dirt import dirtied, neighbours
from talkover.trainer.data.lines import Sound
from talkover.trainer.data.mouths import mouth_of
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.studio import Studio
from talkover.trainer.data.switching.tokens import ENGLISH
from talkover.trainer.data.texts import Split

RECIPE: Final = "aligner"
"""Whose accents, voices and sentences are practised on."""


def spoken(
    recipe: Recipe, split: Split, count: int, *, tick: Callable[[], None] = lambda: None
) -> list[Clean]:
    """The first utterances of a recipe's split, without noise.

    Raises:
        ConfigError: an engine that the recipe asks for is not installed.
        WeightsError: a voice's weights are not here.
    """
    found = []
    with Studio(recipe, split) as studio:
        for number in range(count):
            found.append(studio.clean(number))
            tick()
    return found


def heard_as(one: Clean) -> list[tuple[str, int, int]]:
    """What is heard, sound by sound, with begin and end in samples.

    eSpeak's English sounds are those of the accent, though it may say another for want of one.
    """
    instead = mouth_of(accent_of(one.accent)).missing if one.engine == "espeak" else {}
    return [
        (
            instead.get(phone.symbol, phone.symbol) if word.language == ENGLISH else phone.symbol,
            phone.start,
            phone.end,
        )
        for word in one.words
        for phone in word.phones
    ]


def heard_in(recipe: Recipe, said: Sequence[Clean], place: int, *, epoch: int = 0) -> Sound:
    """One of several utterances with what a recipe lays over it: float32 [n] at 16 kHz.

    Args:
        recipe: Of which only the noise counts.
        said: Of which some may be heard behind it.
        place: Which.
        epoch: In each it is heard otherwise.

    Raises:
        DataError: the recipe has music, and there is none here.
    """
    others = neighbours(place, len(said))
    return dirtied(recipe, said[place], others, lambda other: said[other].pcm, epoch=epoch).pcm


def at_level(recipe: Recipe, snr: float) -> Recipe:
    """A recipe of coloured noises and voices that are as loud as that (dB), and no lines."""
    return replace(recipe, noisy=1.0, snr=(snr, snr), music=0.0, lines=False)
