"""Questions said out loud: in all accents, by voices of the test split, over noise and lines."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from talkover.core.clock import RATE
from talkover.core.closing import Closing
from talkover.trainer.data.accents import accent
from talkover.trainer.data.clean import Clean, in_steps, languages_of
from talkover.trainer.data.dirt import Fetch, dirtied, neighbours
from talkover.trainer.data.engines.speaking import Engines
from talkover.trainer.data.engines.voices import VoiceInfo, voice
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.studio import Studio
from talkover.trainer.data.texts import Split
from talkover.trainer.data.timing import TimedWord
from talkover.trainer.seeing.questions.question import Kind, Question

RECIPE: Final = "dialects17x5"
"""Whose voices, engines, noises and lines."""
_PADDING: Final = (0.1, 0.4)  # seconds before and after


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A question as it is heard.

    Attributes:
        pcm: float32 [n] at 16 kHz.
        accent: Code.
        voice: Whose.
        snr: Of the voice over the noise (dB); None: there is none.
        noise: Which.
        words: And when each is heard.
    """

    pcm: Sound
    accent: str
    voice: str
    snr: float | None
    noise: str
    words: tuple[TimedWord, ...]


class Speaker(Closing):
    """Says questions; the same one always sounds the same.

    Args:
        recipe: Whose accents, in turn, and of all else what it draws.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._engines = Engines()
        self._studio: dict[str, Studio] = {}

    def close(self) -> None:
        """Nobody speaks any more."""
        self._engines.close()
        for studio in self._studio.values():
            studio.close()

    def say(self, question: Question) -> Clip:
        """A question out loud.

        Raises:
            ConfigError: an engine that the recipe asks for is not installed.
            WeightsError: a voice's weights are not here.
            DataError: the recipe has music, and there is none here.
        """
        kinds = list(Kind)
        place = question.number * len(kinds) + kinds.index(question.kind)
        return self.utter(question.question, place, question.split)

    def utter(self, text: str, place: int, split: Split) -> Clip:
        """Anything out loud.

        Args:
            text: English.
            place: Decides the accent, in turn, the voice, and what is laid over.
            split: Whose voices and noises.

        Raises:
            ConfigError: as ``say``, and so are the others.
        """
        recipe = self._recipe
        random = np.random.default_rng(np.random.SeedSequence([recipe.seed, place]))
        code = recipe.accents[place % len(recipe.accents)]
        whose = self._voice(split, code, random)
        uttered = self._engines.speak(
            whose,
            accent(code),
            accent(code).say(text),
            pace=float(random.uniform(*recipe.pace)),
            pitch=round(random.uniform(*recipe.pitch)),
        )
        level = 10 ** (float(random.uniform(*recipe.level)) / 20)
        loud = float(np.sqrt(np.mean(uttered.pcm**2))) or 1.0
        around = tuple(round(random.uniform(*_PADDING) * RATE) for _ in range(2))
        said = Clean(
            f"question-{recipe.seed}-{split}-{place:07d}",
            split,
            in_steps(np.pad(uttered.pcm * np.float32(level / loud), around)),
            text,
            tuple(word.later(around[0]) for word in uttered.words),
            "pictures",
            code,
            accent(code).locale,
            languages_of(uttered.words),
            engine=whose.engine,
            voice=whose.name,
            speaker=whose.person,
        )
        made = dirtied(recipe, said, neighbours(place), self._other(split))
        return Clip(made.pcm, code, whose.name, made.snr, made.noise, said.words)

    def _voice(self, split: Split, code: str, random: np.random.Generator) -> VoiceInfo:
        """One of those that the recipe has for the split, and that speak so; eSpeak's always do."""
        place = random.random()
        for guest in self._recipe.guests:
            able = [one for one in guest.voices[split] if code in voice(one).accents]
            if place < guest.share and able:
                return voice(str(random.choice(able)))
            place -= guest.share
        return voice(f"espeak-{random.choice(self._recipe.voices[split])}")

    def _other(self, split: Split) -> Fetch:
        """Sounds of the recipe's own utterances, which are heard behind."""
        if split not in self._studio:
            self._studio[split] = Studio(self._recipe, split)
        studio = self._studio[split]
        return lambda number: studio.clean(number).pcm
