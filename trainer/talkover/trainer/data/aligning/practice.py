"""Speech to practise aligning on: when every word and sound is heard is known to the sample."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import Final

import numpy as np

from talkover.core.clock import RATE
from talkover.trainer.data.accents import Accent, accent, accents
from talkover.trainer.data.clean import Clean, clean, in_steps, languages_of
from talkover.trainer.data.dirt import dirtied, neighbours
from talkover.trainer.data.engines.speaking import Engines
from talkover.trainer.data.engines.voices import VoiceInfo
from talkover.trainer.data.lines import Sound
from talkover.trainer.data.mouths import Utterance, mouth_of
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.switching import PAIRS, Pattern, draw, foreign, say
from talkover.trainer.data.texts import Split, draw_text
from talkover.trainer.data.throat import Throat

RECIPE: Final = "dialects17"
"""Whose accents, voices and sentences are practised on."""
_PADDING: Final = 0.3  # seconds before and after
_PACE: Final = (0.9, 1.15)


def by_espeak(
    recipe: Recipe,
    split: Split,
    count: int,
    *,
    tick: Callable[[], None] = lambda: None,
) -> list[Clean]:
    """The first utterances of a recipe's split, without noise; accents come in turn."""
    found = []
    with Throat() as throat:
        for number in range(count):
            found.append(clean(recipe, split, number, throat))
            tick()
    return found


def by_switchers(
    recipe: Recipe,
    split: Split,
    count: int,
    *,
    tick: Callable[[], None] = lambda: None,
) -> list[Clean]:
    """Code-switched sentences of a split by eSpeak; pairs and patterns come in turn."""
    kinds = list(product(PAIRS, Pattern))
    found = []
    with Throat() as throat:
        for number in range(count):
            name = f"{recipe.name}-{recipe.seed}-{split}-switched-{number:07d}"
            random = np.random.default_rng([recipe.seed, *name.encode()])
            pair, pattern = kinds[number % len(kinds)]
            text = draw(pair, pattern, split, random)
            chosen = foreign(pair.partition("-")[0])
            voice = str(random.choice(recipe.voices[split]))
            pitch = round(random.uniform(*recipe.pitch))
            said = say(text, throat, accent=chosen, variant=voice, pitch=pitch)
            found.append(_padded(name, split, text.text, said, chosen, "espeak", voice))
            tick()
    return found


def by_voices(
    recipe: Recipe,
    voices: Sequence[VoiceInfo],
    split: Split,
    count: int,
    engines: Engines,
    *,
    tick: Callable[[], None] = lambda: None,
) -> list[Clean]:
    """Sentences of a recipe's split by voices of other engines; voices come in turn.

    Raises:
        ConfigError: an engine is not installed.
        WeightsError: a voice's weights are not here.
    """
    found = []
    for number in range(count):
        voice = voices[number % len(voices)]
        found.append(_said_by(recipe, voice, split, number, engines))
        tick()
    return found


def heard_as(one: Clean) -> list[tuple[str, int, int]]:
    """What is heard, sound by sound, with begin and end in samples.

    eSpeak's sounds are those of the accent, though it may say another one for want of it.
    """
    code = one.accent
    instead = mouth_of(accent(code)).missing if one.engine == "espeak" and code in accents() else {}
    phones = [phone for word in one.words for phone in word.phones]
    return [(instead.get(phone.symbol, phone.symbol), phone.start, phone.end) for phone in phones]


def under_noise(
    recipe: Recipe, all_clean: Sequence[Clean], *, snr: float, epoch: int = 0
) -> list[Sound]:
    """Utterances under noises and voices that are as loud as that (dB), without rooms and lines."""
    noisy = replace(recipe, noisy=1.0, snr=(snr, snr), music=0.0, lines=False)
    return [heard_in(noisy, all_clean, place, epoch=epoch) for place in range(len(all_clean))]


def heard_in(recipe: Recipe, all_clean: Sequence[Clean], place: int, *, epoch: int = 0) -> Sound:
    """One of them with what a recipe lays over it: float32 [n] at 16 kHz."""
    others = neighbours(place, len(all_clean))
    one = all_clean[place]
    return dirtied(recipe, one, others, lambda other: all_clean[other].pcm, epoch=epoch).pcm


def _said_by(
    recipe: Recipe, voice: VoiceInfo, split: Split, number: int, engines: Engines
) -> Clean:
    name = f"{recipe.name}-{recipe.seed}-{split}-{voice.name}-{number:07d}"
    random = np.random.default_rng([recipe.seed, *name.encode()])
    chosen = accent(str(random.choice([code for code in recipe.accents if code in voice.accents])))
    theme = list(recipe.themes)[int(random.integers(len(recipe.themes)))]
    text = draw_text(theme, split, random)
    said = engines.speak(voice, chosen, chosen.say(text), pace=float(random.uniform(*_PACE)))
    return _padded(name, split, text, said, chosen, voice.engine, voice.name)


def _padded(
    name: str, split: Split, text: str, said: Utterance, by: Accent, engine: str, voice: str
) -> Clean:
    pad = round(_PADDING * RATE)
    words = tuple(word.later(pad) for word in said.words)
    return Clean(
        *(name, split, in_steps(np.pad(said.pcm, pad)), text, words),
        accent=by.code,
        locale=by.locale,
        languages=languages_of(words),
        engine=engine,
        voice=voice,
    )
