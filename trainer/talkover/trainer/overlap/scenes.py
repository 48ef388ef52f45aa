"""Labelled overlaps, made up from a seed: who makes a sound, how loud, over what line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from talkover.core.audio.prompts import Prompt
from talkover.core.clock import RATE
from talkover.core.overlap.config import LABELS
from talkover.core.words.hums import hummed
from talkover.trainer.overlap import sounds, throats
from talkover.trainer.overlap.texts import Kind, Said, Split, texts
from talkover.trainer.overlap.voices import Sound, Voice, draw_voice, people, play, say, trim

Random = np.random.Generator

ONSET: Final = int(0.6 * RATE)
"""Where the sound begins in every scene, in samples."""
LENGTH: Final = int(2.816 * RATE)
"""Samples of a scene: a whole number of hops."""

_SHARES: Final = {"barge_in": 0.3, "backchannel": 0.24, "side_talk": 0.2, "noise": 0.16,
                  "echo": 0.1}  # fmt: skip
_RECORDED: Final = 0.25
"""Share of interruptions and side talk that are recordings of a person."""
_ACTED: Final = 0.15
"""Share of interruptions that are calls of an actor."""
_SHORT_WORDS: Final = 3
_ENROLLED: Final = 0.4
"""Share of callers whose voice is known already."""
_KNOWN: Final = 3 * RATE
"""Samples of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """An overlap.

    Attributes:
        pcm: int16 [LENGTH] at 16 kHz, as it comes out of the echo canceller.
        label: One of ``LABELS``.
        kind: Finer: how it was made.
        language: ISO 639-1, spoken in it or by the caller.
        end: Where the sound is over, in samples.
        usual: The caller's usual level (dBFS), known to the agent or not.
        residue: How much echo there is, 0 to 1.
        agent: What the agent says meanwhile.
        caller: Something else that the caller has said before, int16 [n] at 16 kHz; None: nothing
            is known of their voice.
    """

    pcm: NDArray[np.int16]
    label: str
    kind: str
    language: str
    end: int
    usual: float
    residue: float
    agent: str
    caller: NDArray[np.int16] | None


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    sound: Sound
    kind: str
    language: str
    level: float
    """dB over the caller's usual level."""
    owner: Sound | None = None
    """Something else that is said by whoever makes the sound."""


Speak = Callable[[str], Sound]
"""The agent's own voice."""


def scene(split: Split, random: Random, speak: Speak) -> Scene:
    """Make one up.

    Args:
        split: Of its texts and its caller's voice; the agent has the same voice in all.
        random: Where all is drawn from.
        speak: Says an English text as the agent.
    """
    label = str(random.choice(LABELS, p=[_SHARES[name] for name in LABELS]))
    usual = float(random.uniform(-38, -18))
    agent_says = _pick(split, ("long", "side"), random, "en")
    made = (
        _echo(speak(agent_says.text), random) if label == "echo" else _MAKERS[label](split, random)
    )
    loudspeaker = label == "echo" or random.random() < 0.35
    residue = float(
        random.beta(6, 2) if label == "echo" else random.beta(2, 6) if loudspeaker else 0.0
    )
    sound = made.sound[: LENGTH - ONSET]
    mixed = np.zeros(LENGTH, np.float32)
    mixed[ONSET : ONSET + len(sound)] = at_level(sound, usual + made.level)
    if loudspeaker and label != "echo" and random.random() < 0.5:
        rest = _echo(speak(agent_says.text), random).sound[:LENGTH]
        mixed[: len(rest)] += at_level(rest, usual - random.uniform(18, 32))
    mixed += sounds.coloured(LENGTH, random.uniform(0, 1.5), random) * 10 ** (
        (usual - random.uniform(12, 45)) / 20
    )
    narrow = random.random() < 0.5
    caller = _caller(made, label, split, random)
    return Scene(
        _line(mixed, narrow=narrow),
        label,
        made.kind,
        made.language,
        ONSET + len(sound),
        usual,
        residue,
        agent_says.text,
        None if caller is None else _line(at_level(caller[:_KNOWN], usual), narrow=narrow),
    )


def _caller(made: _Made, label: str, split: Split, random: Random) -> Sound | None:
    """What the caller said before: the sound is theirs, or somebody else's."""
    if random.random() >= _ENROLLED:
        return None
    if label in ("barge_in", "backchannel"):
        return made.owner
    said = _pick(split, ("long", "side"), random)
    return say(said, draw_voice(said.language, split, random))


def at_level(sound: Sound, level: float) -> Sound:
    """The sound with its loud parts (20 ms within 20 dB of the loudest) at an RMS of ``level``."""
    frames = sound[: len(sound) // 320 * 320].reshape(-1, 320)
    power = (frames**2).mean(axis=1) if len(frames) else np.array([float((sound**2).mean())])
    loud = power[power > power.max() * 0.01]
    rms = float(np.sqrt(loud.mean())) if len(loud) else 1.0
    return sound * np.float32(10 ** (level / 20) / max(rms, 1e-6))


def _line(mixed: Sound, *, narrow: bool) -> NDArray[np.int16]:
    """Through a telephone or a wideband line, in 16 bits."""
    if narrow:
        heard = soxr.resample(soxr.resample(mixed, RATE, RATE // 2), RATE // 2, RATE)[: len(mixed)]
        mixed = np.pad(heard, (0, len(mixed) - len(heard)))
    return np.clip(np.rint(mixed * 32_768), -32_768, 32_767).astype(np.int16)


def _pick(split: Split, kinds: Sequence[Kind], random: Random, language: str | None = None) -> Said:
    """A text of a language that is as likely as any other, unless one is named."""
    found = texts(kinds[int(random.integers(len(kinds)))], split)
    spoken = language or str(random.choice(sorted({said.language for said in found})))
    # English twice as often: its callers have the most accents.
    spoken = "en" if language is None and random.random() < 0.25 else spoken
    fitting = [said for said in found if said.language == spoken]
    return fitting[int(random.integers(len(fitting)))]


def _barge_in(split: Split, random: Random) -> _Made:
    short = random.random() < 0.5
    level = float(random.normal(1.0, 3.0))
    if random.random() < _ACTED and (called := throats.call(split, random)) is not None:
        return _Made(trim(called[0]), "call", "en", level, called[1])
    made = _recorded(split, random, short=short) or _spoken(
        split, "short" if short else "long", random
    )
    return replace(made, level=level)


def _backchannel(split: Split, random: Random) -> _Made:
    level = float(random.normal(-3.0, 3.0))
    if random.random() < 0.3:
        language = _pick(split, ("back",), random).language
        return _Made(trim(throats.hum(split, random)), "hum", language, level)
    return replace(_spoken(split, "back", random), level=level)


def _side_talk(split: Split, random: Random) -> _Made:
    made = _recorded(split, random, short=False) or _spoken(split, "side", random)
    sound, level = made.sound, float(random.uniform(-15, -3))
    if random.random() < 0.3:
        tune = throats.music(split, random)[: len(sound)]
        sound = at_level(sound, -20)
        sound[: len(tune)] += at_level(tune, -20 - random.uniform(0, 12))
        begun = _begin_anywhere(sound, random)
        return replace(made, sound=begun, kind=f"television {made.kind}", level=level)
    if random.random() < 0.6:
        sound = _room(sound, random)
    return replace(made, sound=sound, level=level)


def _noise(split: Split, random: Random) -> _Made:
    make = throats.NOISES[int(random.integers(len(throats.NOISES)))]
    sound = trim(make(split, random))
    if make is throats.music:
        sound = _begin_anywhere(sound, random)
    language = _pick(split, ("back",), random).language
    return _Made(sound, make.__name__, language, float(random.uniform(-14, 8)))


def _echo(agent: Sound, random: Random) -> _Made:
    """What a canceller leaves of the agent: some bands, some moments."""
    heard = _begin_anywhere(agent, random)
    spectrum = np.fft.rfft(heard)
    bands = 10 ** (random.uniform(-25, 0, 24) / 20)
    places = np.linspace(0, 23, len(spectrum))
    sound = np.fft.irfft(spectrum * np.interp(places, np.arange(24), bands), len(heard))
    gates = 10 ** (random.uniform(-20, 0, len(sound) // 1600 + 2) / 20)
    sound = sound * np.interp(np.arange(len(sound)) / 1600, np.arange(len(gates)), gates)
    return _Made(
        _room(sound.astype(np.float32), random), "echo", "en", float(random.uniform(-24, -4))
    )


_MAKERS: Final[dict[str, Callable[[Split, Random], _Made]]] = {
    "barge_in": _barge_in,
    "backchannel": _backchannel,
    "side_talk": _side_talk,
    "noise": _noise,
}


def _spoken(split: Split, kind: Kind, random: Random) -> _Made:
    said = _pick(split, (kind,), random)
    hums = hummed(said.text) is not None
    voice: Voice = draw_voice(said.language, split, random, hums=hums)
    other = _pick(split, ("long", "side"), random, said.language)
    return _Made(say(said, voice), f"{kind} {voice.engine}", said.language, 0.0, say(other, voice))


def _recorded(split: Split, random: Random, *, short: bool) -> _Made | None:
    """A person's recording, if it is a person's turn and there is one."""
    if random.random() >= _RECORDED:
        return None
    spoken = people(split)
    fitting = [one for one in spoken if (len(one.text.split()) <= _SHORT_WORDS) == short]
    if not fitting:
        return None
    prompt = fitting[int(random.integers(len(fitting)))]
    others = [one for one in spoken if one.language == prompt.language and one is not prompt]
    other = max((others[int(random.integers(len(others)))] for _ in range(3)), key=_seconds)
    kind = f"{'short' if short else 'long'} person"
    return _Made(play(prompt), kind, prompt.language, 0.0, play(other))


def _seconds(prompt: Prompt) -> float:
    return prompt.seconds


def _begin_anywhere(sound: Sound, random: Random) -> Sound:
    """From a place in its first half on: nobody heard its beginning."""
    return trim(sound[int(random.integers(0, max(1, len(sound) // 2))) :])


def _room(sound: Sound, random: Random) -> Sound:
    """With the reverberation of a room: noise that decays by 60 dB in 0.2 to 0.9 s."""
    tail = sounds.echoes(random.uniform(0.2, 0.9), random)
    tail *= random.uniform(0.2, 1.0) / np.sqrt((tail**2).sum())
    tail[0] += 1.0
    wet = sounds.convolved(sound, tail)
    return wet[: len(sound) + len(tail) // 3].astype(np.float32)
