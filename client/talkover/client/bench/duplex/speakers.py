"""Who calls, and what each of them can say. Each belongs to one split alone.

Synthetic voices say our texts. Real people say what is recorded of them: Asterisk's speakers read
prompts, hedgewars' actors have short calls, laughs, coughs and moans. Models that this bench is to
judge must not have been trained on the voices of the ``heldout`` half, the prompts of the English
and Spanish speaker (one person) among them.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol

import numpy as np

from talkover.client.bench.duplex import recorded, texts
from talkover.client.bench.duplex.clips import Clip, middle_gap
from talkover.client.bench.duplex.speech import Synthetic, speak
from talkover.client.bench.duplex.texts import Split
from talkover.core.audio.prompts import Prompt
from talkover.core.clock import RATE
from talkover.core.words.hums import hummed

_HALF: Final = (0.5, 0.8)  # seconds after which a word breaks off
_CRY: Final = 1.8  # seconds; longer ones are howls
_BETWEEN: Final = 0.12  # seconds between calls of one row
_PARTABLE: Final = 160  # samples, 10 ms of silence: there a recorded sentence may be parted


class Speaker(Protocol):
    """A caller, or somebody else in the room."""

    @property
    def name(self) -> str:
        """Unique among all speakers."""

    @property
    def language(self) -> str:
        """ISO 639-1."""

    @property
    def real(self) -> bool:
        """A person, not a program."""

    def opening(self, dice: random.Random) -> Clip:
        """Some seconds that begin a call."""

    def turn(self, dice: random.Random) -> Sequence[Clip]:
        """A turn, in the one or two parts between which a pause may come."""

    def short(self, dice: random.Random) -> Clip:
        """A short interruption."""

    def long(self, dice: random.Random) -> Clip:
        """A long one."""

    def half(self, dice: random.Random) -> Clip:
        """The beginning of something that then is not said."""


CRIES: Final = ("Cutitout", "Leavemealone", "Nooo", "Watchit", "Hurry")
"""Calls of actors that interrupt."""
LINES: Final = (
    *("Byebye", "Coward", "Firstblood", "Hello", "Illgetyou", "Justyouwait", "Revenge", "Runaway"),
    *("Sameteam", "Solong", "Stupid", "Traitor", "Whatthe", "Youllregretthat", "Incoming"),
)
"""Calls that say something, whatever it is."""


@dataclass(frozen=True, slots=True)
class Synthesised:
    """Says the texts of a split with a program's voice."""

    voice: Synthetic
    split: Split

    @property
    def name(self) -> str:
        """Engine and voice."""
        return str(self.voice)

    @property
    def language(self) -> str:
        """That of the voice."""
        return self.voice.language

    @property
    def real(self) -> bool:
        """Never."""
        return False

    def say(self, text: str) -> Clip:
        """Whatever it is."""
        return speak(self.voice, text)

    def opening(self, dice: random.Random) -> Clip:
        """A request for a story."""
        return self.say(dice.choice(texts.OPENINGS[self.split][self.language]))

    def turn(self, dice: random.Random) -> Sequence[Clip]:
        """A sentence; where it may pause its first part keeps the melody of the whole."""
        text = dice.choice(texts.TURNS[self.split])
        if "|" not in text:
            return [self.say(text)]
        first, _, second = (part.strip() for part in text.partition("|"))
        return [self.say(f"{first},"), self.say(second)]

    def short(self, dice: random.Random) -> Clip:
        """A word or three."""
        return self.say(dice.choice(texts.SHORT[self.split][self.language]))

    def long(self, dice: random.Random) -> Clip:
        """A sentence."""
        return self.say(dice.choice(texts.LONG[self.split][self.language]))

    def half(self, dice: random.Random) -> Clip:
        """A word and a half."""
        whole = self.say(dice.choice(texts.HALF_WORDS[self.split]))
        return whole.cut(dice.uniform(*_HALF))

    def digit(self, number: int) -> Clip:
        """A digit, 0 to 9."""
        return self.say(texts.DIGITS[number])

    def backchannel(self, dice: random.Random) -> Clip:
        """A listener's word, or a hum if the program can hum."""
        said = texts.BACKCHANNELS[self.split][self.language]
        can = [text for text in said if self.voice.engine == "espeak" or not hummed(text)]
        return self.say(dice.choice(can))


@dataclass(frozen=True, slots=True)
class Reader:
    """A real person who read telephone prompts.

    Attributes:
        language: ISO 639-1.
        person: Their name.
        shorts: Names of prompts that interrupt.
    """

    language: str
    person: str
    shorts: tuple[str, ...]

    @property
    def name(self) -> str:
        """Who, and in which language."""
        return f"{self.person} ({self.language})"

    @property
    def real(self) -> bool:
        """Always."""
        return True

    def opening(self, dice: random.Random) -> Clip:
        """A prompt of some seconds."""
        return self._draw(dice, 2.5, 5.0)

    def turn(self, dice: random.Random) -> Sequence[Clip]:
        """A prompt, parted where the reader made a little pause."""
        whole = self._draw(dice, 2.0, 5.0)
        first, second = middle_gap(whole.pcm)
        if second - first < _PARTABLE:
            return [whole]
        parts = (whole.pcm[:first], whole.pcm[second:])
        return [Clip(pcm, whole.text, whole.voice, whole.language) for pcm in parts]

    def short(self, dice: random.Random) -> Clip:
        """One of the few prompts that can interrupt."""
        return self._clip(recorded.people(self.language)[dice.choice(self.shorts)])

    def long(self, dice: random.Random) -> Clip:
        """A prompt, whatever it says: it goes on for long enough to be a claim to the floor."""
        return self._draw(dice, 1.6, 3.5)

    def half(self, dice: random.Random) -> Clip:
        """The beginning of a prompt."""
        return self._draw(dice, 1.6, 3.5).cut(dice.uniform(*_HALF))

    def digit(self, number: int) -> Clip:
        """Recorded one by one."""
        return self._clip(recorded.people(self.language)[f"digits/{number}"])

    def sentence(self, dice: random.Random) -> Clip:
        """Any prompt of two seconds and more."""
        return self._draw(dice, 2.0, 6.0)

    def _draw(self, dice: random.Random, shortest: float, longest: float) -> Clip:
        fit = [p for p, length in _sentences(self.language) if shortest <= length <= longest]
        return self._clip(dice.choice(fit))

    def _clip(self, prompt: Prompt) -> Clip:
        return recorded.prompt_clip(prompt, self.name)


@dataclass(frozen=True, slots=True)
class Actor:
    """A real person of whom short calls and sounds are recorded.

    Attributes:
        folder: As hedgewars calls them.
        language: ISO 639-1.
        without: Names of sounds that are another actor's.
    """

    folder: str
    language: str = "en"
    without: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Who."""
        return f"actor {self.folder}"

    @property
    def real(self) -> bool:
        """Always."""
        return True

    def opening(self, dice: random.Random) -> Clip:
        """Some calls in a row, which make up a voice if not a sentence."""
        return self._row(dice, 4)

    def turn(self, dice: random.Random) -> Sequence[Clip]:
        """Two calls."""
        return dice.sample(self.sounds(*LINES), 2)

    def short(self, dice: random.Random) -> Clip:
        """A call that interrupts."""
        return dice.choice([c for c in self.sounds(*CRIES) if len(c.pcm) <= _CRY * RATE])

    def long(self, dice: random.Random) -> Clip:
        """Some calls in a row."""
        return self._row(dice, 3)

    def half(self, dice: random.Random) -> Clip:
        """The beginning of some."""
        return self._row(dice, 2).cut(dice.uniform(*_HALF))

    def sounds(self, *names: str) -> list[Clip]:
        """Those of these calls that they have."""
        kept = [name for name in names if name not in self.without]
        return recorded.actor_clips(self.folder, kept, voice=self.name, language=self.language)

    def _row(self, dice: random.Random, count: int) -> Clip:
        said = dice.sample(self.sounds(*LINES), count)
        gap = np.zeros(round(_BETWEEN * RATE), np.int16)
        pcm = np.concatenate([part for clip in said for part in (clip.pcm, gap)][:-1])
        return Clip(pcm, " ".join(clip.text for clip in said), self.name, self.language)


@cache
def _sentences(language: str) -> list[tuple[Prompt, float]]:
    """Prompts that are no fragments, and how long they are (seconds)."""
    prompts = recorded.people(language).values()
    return [(p, p.seconds) for p in prompts if "..." not in p.text and len(p.text.split()) >= 4]
