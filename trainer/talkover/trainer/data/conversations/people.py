"""A recipe's people in conversation: each keeps voice and accent, and says what is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from talkover.core.clock import RATE
from talkover.core.words.hums import hummed
from talkover.trainer.data.accents import Accent, accent
from talkover.trainer.data.conversations.segments import Kind, Spoken, Who
from talkover.trainer.data.mouths import Sound, speak
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split, Theme, draw_text
from talkover.trainer.data.throat import Throat
from talkover.trainer.data.timing import TimedWord
from talkover.trainer.overlap import sounds
from talkover.trainer.overlap.texts import Kind as TextKind
from talkover.trainer.overlap.texts import Split as TextSplit
from talkover.trainer.overlap.texts import texts
from talkover.trainer.overlap.voices import trim

Random = np.random.Generator

_SENTENCES: Final = {Who.AGENT: (2, 5), Who.CALLER: (1, 3)}
_SHORT: Final = 0.5  # share of those who break in that say a word or two
_TEXTS: Final = {
    Split.TRAIN: TextSplit.TRAIN,
    Split.VALIDATION: TextSplit.VALIDATION,
    Split.TEST: TextSplit.HELD_OUT,
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a conversation.

    Attributes:
        accent: Theirs.
        variant: Of eSpeak's voice.
        pitch: Of eSpeak, 0 to 99.
        pace: Against others of the accent.
    """

    accent: Accent
    variant: str
    pitch: int
    pace: float


class People:
    """A source of speech: one person for each part, drawn from a recipe.

    Args:
        recipe: Its accents, voices, themes, pitch and pace count.
        split: Whose voices and sentences.
        throat: That speaks for all of them.
        random: Decides who is who, and what they say.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """

    def __init__(self, recipe: Recipe, split: Split, throat: Throat, random: Random) -> None:
        self._split = split
        self._throat = throat
        self._random = random
        self._themes = list(recipe.themes)
        often = np.array(list(recipe.themes.values()))
        self._often = often / often.sum()
        voices = random.permutation(recipe.voices[split])
        self.cast = {
            who: Person(
                accent(str(random.choice(recipe.accents))),
                str(voices[place % len(voices)]),
                round(random.uniform(*recipe.pitch)),
                float(random.uniform(*recipe.pace)),
            )
            for place, who in enumerate(Who)
        }

    def __call__(self, who: Who, kind: Kind) -> Spoken:
        """The next thing that somebody says of a kind.

        Raises:
            ConfigError: eSpeak NG is not installed, or failed.
        """
        person = self.cast[who]
        text = self._TEXTS_OF[kind](self, who)
        name = f"espeak-{person.variant}"
        if hummed(text) is not None:
            pcm = trim(sounds.hum(self._random))
            return Spoken(pcm, (TimedWord(text, 0, len(pcm), ()),), name, person.accent.code)
        said = speak(
            person.accent,
            person.accent.say(text),
            self._throat,
            variant=person.variant,
            pitch=person.pitch,
            pace=person.pace,
        )
        return Spoken(*_bare(said.pcm, said.words), name, person.accent.code)

    def _turn(self, who: Who) -> str:
        count = int(self._random.integers(*_SENTENCES[who]))
        themes = [self._themes[self._random.choice(len(self._themes), p=self._often)]] * count
        return " ".join(self._sentence(theme) for theme in themes)

    def _sentence(self, theme: Theme) -> str:
        return draw_text(theme, self._split, self._random)

    def _barge_in(self, _who: Who) -> str:
        return self._pick("short" if self._random.random() < _SHORT else "long")

    def _backchannel(self, _who: Who) -> str:
        return self._pick("back")

    def _aside(self, _who: Who) -> str:
        return self._pick("side")

    def _pick(self, kind: TextKind) -> str:
        found = [said.text for said in texts(kind, _TEXTS[self._split]) if said.language == "en"]
        return found[int(self._random.integers(len(found)))]

    _TEXTS_OF: Final[dict[Kind, Callable[["People", Who], str]]] = {
        Kind.TURN: _turn,
        Kind.BARGE_IN: _barge_in,
        Kind.BACKCHANNEL: _backchannel,
        Kind.SIDE_TALK: _aside,
    }


def _bare(pcm: Sound, words: tuple[TimedWord, ...]) -> tuple[Sound, tuple[TimedWord, ...]]:
    """Without the silence before the first word and behind the last one."""
    spoken = [word for word in words if word.end > word.start]
    if not spoken:
        return pcm[: RATE // 100], words
    begin, end = spoken[0].start, spoken[-1].end
    return pcm[begin:end], tuple(word.later(-begin) for word in words)
