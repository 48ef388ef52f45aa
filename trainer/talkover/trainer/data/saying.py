"""What a recipe has somebody say: in an accent, or in two languages."""

from typing import NamedTuple

import numpy as np

from talkover.core.errors import ConfigError
from talkover.trainer.data.accents import Accent, accent
from talkover.trainer.data.engines.speaking import Engines
from talkover.trainer.data.engines.voices import VoiceInfo, voice
from talkover.trainer.data.mouths import Utterance, speak
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.switching.foreign import foreign
from talkover.trainer.data.switching.mouth import say
from talkover.trainer.data.switching.patterns import draw
from talkover.trainer.data.switching.tokens import Pattern
from talkover.trainer.data.texts import Split, Theme, draw_text
from talkover.trainer.data.throat import Throat

Random = np.random.Generator


class Said(NamedTuple):
    """What is said, and by whom.

    Attributes:
        utterance: As it comes from the engine.
        text: As it is written.
        theme: What it is about.
        accent: Of its English.
        voice: Whose.
        pattern: How it goes from one language to another; empty: it stays in one.
    """

    utterance: Utterance
    text: str
    theme: Theme
    accent: Accent
    voice: VoiceInfo
    pattern: str = ""


class Mouths(NamedTuple):
    """All that speaks.

    Attributes:
        throat: eSpeak NG.
        others: Other engines; None: there are none, and the recipe asks for none.
    """

    throat: Throat
    others: Engines | None = None


def say_in_accent(recipe: Recipe, split: Split, code: str, mouths: Mouths, random: Random) -> Said:
    """A sentence of English in an accent, by some engine.

    Raises:
        ConfigError: an engine that the recipe asks for is not installed.
        WeightsError: a voice's weights are not here.
    """
    chosen = accent(code)
    who = _voice(recipe, split, code, random)
    theme = _theme(recipe, random)
    text = draw_text(theme, split, random)
    pitch, pace = _manner(recipe, random)
    words = chosen.say(text)
    if who.engine == "espeak":
        uttered = speak(chosen, words, mouths.throat, variant=who.own, pitch=pitch, pace=pace)
    elif mouths.others is None:
        raise ConfigError(f"the recipe asks for {who.name}, and there is nothing to say it with")
    else:
        uttered = mouths.others.speak(who, chosen, words, pitch=pitch, pace=pace)
    return Said(uttered, text, theme, chosen, who)


def say_switching(
    recipe: Recipe, split: Split, pattern: Pattern, pair: str, mouths: Mouths, random: Random
) -> Said:
    """A sentence of two languages, by eSpeak, which has both.

    Raises:
        ConfigError: eSpeak NG is not installed, or too old.
    """
    text = draw(pair, pattern, split, random)
    other, _, _ = pair.partition("-")
    native = random.random() >= recipe.foreign
    chosen = accent(str(random.choice(recipe.accents))) if native else foreign(other)
    who = voice(f"espeak-{random.choice(recipe.voices[split])}")
    pitch, pace = _manner(recipe, random)
    throat = mouths.throat
    uttered = say(text, throat, accent=chosen, variant=who.own, pitch=pitch, pace=pace)
    return Said(uttered, text.text, text.theme, chosen, who, pattern.value)


def _voice(recipe: Recipe, split: Split, code: str, random: Random) -> VoiceInfo:
    """eSpeak's, where the engine that was drawn has nobody for this split and accent."""
    place = random.random()
    for guest in recipe.guests:
        if place < guest.share:
            able = [name for name in guest.voices[split] if code in voice(name).accents]
            if able:
                return voice(str(random.choice(able)))
            break
        place -= guest.share
    return voice(f"espeak-{random.choice(recipe.voices[split])}")


def _theme(recipe: Recipe, random: Random) -> Theme:
    often = np.array(list(recipe.themes.values()))
    return list(recipe.themes)[int(random.choice(len(often), p=often / often.sum()))]


def _manner(recipe: Recipe, random: Random) -> tuple[int, float]:
    """Pitch and pace."""
    return round(random.uniform(*recipe.pitch)), float(random.uniform(*recipe.pace))
