"""The two halves of all material: voices, texts and noises, none of them in both.

Voices and actors are divided by hand, so that accents, sexes and engines fall on both sides; keys,
knocks and pieces of music by the sha256 of their names.
"""

import hashlib
import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from talkover.client.bench.duplex import recorded, texts
from talkover.client.bench.duplex.clips import Clip, levelled
from talkover.client.bench.duplex.speakers import CRIES, LINES, Actor, Reader, Synthesised
from talkover.client.bench.duplex.speech import Synthetic
from talkover.client.bench.duplex.texts import Split
from talkover.core.clock import RATE

SPLITS: Final[tuple[Split, ...]] = ("dev", "heldout")
LANGUAGES: Final = ("en", "es", "fr", "de", "hi", "zh")
"""Of backchannels."""

_E: Final = "espeak"
_VOICES: Final[Mapping[Split, tuple[Synthetic, ...]]] = {
    "dev": (
        Synthetic(_E, "en-us+m3", speed=170, pitch=45),
        Synthetic(_E, "en-gb+f2", speed=160, pitch=55),
        Synthetic("flite", "slt"),
        Synthetic("festival", "kal_diphone"),
        Synthetic(_E, "es+f1", "es"),
        Synthetic(_E, "fr-fr+m7", "fr", speed=160),
        Synthetic(_E, "de+m5", "de"),
        Synthetic(_E, "hi+f1", "hi", speed=150),
        Synthetic(_E, "cmn+m1", "zh", speed=150),
    ),
    "heldout": (
        Synthetic("flite", "rms"),
        Synthetic(_E, "en-gb-scotland+f3", speed=155, pitch=60),
        Synthetic("flite", "awb"),
        Synthetic(_E, "en-029+Diogo", speed=165, pitch=40),
        Synthetic("festival", "ked_diphone"),
        Synthetic(_E, "en-gb-x-rp+travis", speed=175, pitch=65),
        Synthetic(_E, "es-419+Alicia", "es", speed=175),
        Synthetic(_E, "fr-be+Hugo", "fr", speed=165),
        Synthetic(_E, "de+john", "de", speed=170),
        Synthetic(_E, "hi+antonio", "hi", speed=160),
        Synthetic(_E, "cmn+Michael", "zh", speed=160),
    ),
}
_READERS: Final[Mapping[Split, tuple[Reader, ...]]] = {
    "dev": (Reader("fr", "June", ("hello", "vm-goodbye", "dictate/pause")),),
    "heldout": (
        Reader("en", "Allison", ("vm-no", "hello", "dictate/pause", "goodbye", "im-sorry")),
        Reader("es", "Allison", ("vm-no", "vm-goodbye", "dictate/pause")),
    ),
}
_BROADCASTERS: Final[Mapping[Split, Reader]] = {
    "dev": Reader("it", "Carlo", ()),
    "heldout": Reader("ru", "IvrvoiceRU", ()),
}
_ACTORS: Final[Mapping[Split, tuple[Actor, ...]]] = {
    "dev": (
        *(Actor("Default"), Actor("Default_pl", "pl"), Actor("Russian_pl", "pl")),
        *(Actor("Default_ru", "ru"), Actor("Russian")),
    ),
    "heldout": (
        Actor("British"),
        Actor("HillBilly", without=("PoisonMoan",)),
        *(Actor("Mobster"), Actor("Pirate"), Actor("Singer"), Actor("Surfer")),
        Actor("Default_es", "es"),
        Actor("Default_uk", "uk", without=("Ooff1", "Ooff2", "Ooff3", "Ouch")),
    ),
}
HUMS: Final = ("Hmm", "Yessir")
"""Those of somebody who listens."""
TICS: Final = (
    ("PoisonCough",),
    ("Laugh",),
    ("PoisonMoan",),
    ("Ooff1", "Ooff2", "Ooff3", "Ow1", "Ow2", "Ow3", "Ow4", "Ouch"),
)
"""Sounds of no meaning, by sort; a sort is drawn first, since groans are many and coughs few."""
_COUGHS: Final = ("PoisonCough", "Laugh", "PoisonMoan")
_HUM: Final = 1.2  # seconds; longer ones are remarks
_TIC: Final = (0.12, 2.2)  # seconds; shorter is a click, longer a performance
_LONG_COUGH: Final = (0.55, 1.1)  # seconds, at least and at most
_STRETCH: Final = (0.92, 1.08)
_KEY_GAP: Final = (0.09, 0.24)  # seconds between strokes


@dataclass(frozen=True, slots=True)
class Material:
    """One half."""

    split: Split

    def voices(self, language: str = "") -> list[Synthesised]:
        """Synthetic speakers, of one language or all."""
        found = [Synthesised(voice, self.split) for voice in _VOICES[self.split]]
        return [v for v in found if language in ("", v.language)]

    def readers(self) -> list[Reader]:
        """Real people with whole sentences."""
        return [*_READERS[self.split]]

    def actors(self) -> list[Actor]:
        """Real people with calls and sounds."""
        return [*_ACTORS[self.split]]

    def talkers(self) -> list[Reader | Synthesised]:
        """Who can lead a call in English, and real people in any language; the real ones first."""
        return [*_READERS[self.split], *self.voices("en")]

    def listeners(self) -> list[Actor]:
        """Real people who hum while they listen."""
        return [actor for actor in self.actors() if self.hums(actor)]

    def hums(self, actor: Actor) -> list[Clip]:
        """What somebody says who listens."""
        return [clip for clip in actor.sounds(*HUMS) if len(clip.pcm) <= _HUM * RATE]

    def tic(self, actor: Actor, dice: random.Random) -> Clip:
        """A laugh, cough, moan or groan, a little higher or lower than it was recorded."""
        clips: list[Clip] = []
        while not clips:
            clips = self.tics(actor, dice.choice(TICS))
        return recorded.stretched(dice.choice(clips), dice.uniform(*_STRETCH))

    def tics(self, actor: Actor, names: Sequence[str]) -> list[Clip]:
        """Those of these sorts, as they were recorded."""
        low, high = _TIC
        return [c for c in actor.sounds(*names) if low <= len(c.pcm) / RATE <= high]

    def long_cough(self, actor: Actor, dice: random.Random) -> Clip:
        """One that goes on for over half a second: coughs and laughs again and again if need be."""
        clip = recorded.stretched(dice.choice(actor.sounds(*_COUGHS)), dice.uniform(*_STRETCH))
        once = clip.pcm[: round(_LONG_COUGH[1] * RATE)]
        while len(once) < _LONG_COUGH[0] * RATE:
            once = np.concatenate([once, np.zeros(round(0.06 * RATE), np.int16), clip.pcm])
        return replace(clip, pcm=once).cut(_LONG_COUGH[1])

    def noise(self, dice: random.Random) -> Clip:
        """Typing, a knock, a glass, a ring."""
        if dice.random() < 0.4:
            count = dice.randint(3, 9)
            strokes = [dice.choice(self.strokes()) for _ in range(count)]
            gaps = [dice.uniform(*_KEY_GAP) for _ in range(count)]
            return Clip(levelled(recorded.typing(strokes, gaps)), "", f"{count} keys")
        name, path = dice.choice(sorted(self.impacts().items()))
        return Clip(recorded.load(path)[: 2 * RATE], "", name)

    def broadcast(self, dice: random.Random, seconds: float) -> Clip:
        """A television: somebody talks, with or without music; or music alone."""
        music = self._music(dice, seconds)
        way = dice.choice(("music", "speech", "speech over music", "speech"))
        if way == "music":
            return music
        said = self._presenter(dice, seconds)
        if way == "speech":
            return said
        under = music.louder(-10).pcm[: len(said.pcm)]
        mixed = said.pcm.astype(np.float64)
        mixed[: len(under)] += under
        pcm = np.clip(np.rint(mixed), -32_768, 32_767).astype(np.int16)
        return Clip(pcm, said.text, f"{said.voice} over {music.voice}", said.language)

    def music(self) -> list[Path]:
        """This half's pieces."""
        return [path for path in recorded.music() if half_of(path.stem) == self.split]

    def strokes(self) -> list[Path]:
        """This half's keys."""
        return [p for p in recorded.strokes() if half_of(p.stem.partition("-")[0]) == self.split]

    def impacts(self) -> dict[str, Path]:
        """This half's knocks, glasses, bells and rings."""
        return {n: p for n, p in recorded.impacts().items() if half_of(n) == self.split}

    def _presenter(self, dice: random.Random, seconds: float) -> Clip:
        said: list[Clip] = []
        reader = _BROADCASTERS[self.split]
        voice = dice.choice(self.voices("en"))
        foreign = dice.random() < 0.4
        while sum(len(clip.pcm) for clip in said) < seconds * RATE:
            news = dice.choice(texts.BROADCAST[self.split])
            said.append(reader.sentence(dice) if foreign else voice.say(news))
        pcm = np.concatenate([clip.pcm for clip in said])[: round(seconds * RATE)]
        text = " ".join(clip.text for clip in said)
        return Clip(pcm, text, said[0].voice, said[0].language)

    def _music(self, dice: random.Random, seconds: float) -> Clip:
        path = dice.choice(self.music())
        whole = recorded.long_sound(path)
        count = round(seconds * RATE)
        begin = dice.randrange(5 * RATE, max(len(whole) - count, 5 * RATE + 1))
        return Clip(levelled(whole[begin : begin + count]), "", f"music {path.stem}")


def half_of(name: str) -> Split:
    """The split that a recording belongs to, by its name alone."""
    return SPLITS[hashlib.sha256(name.encode()).digest()[0] % 2]


def shared_recordings() -> dict[str, set[str]]:
    """The sha256s of recordings that actors of both halves have, with where they are.

    Empty as long as the actors are divided well; a test holds it so.
    """
    names = {*CRIES, *LINES, *HUMS, *itertools.chain(*TICS)}
    found: dict[str, dict[Split, str]] = {}
    for split in SPLITS:
        for actor, name in itertools.product(_ACTORS[split], sorted(names)):
            known = recorded.actor_file(actor.folder, name)
            if known and name not in actor.without:
                found.setdefault(known, {})[split] = f"{actor.folder}/{name}"
    return {known: set(where.values()) for known, where in found.items() if len(where) > 1}
