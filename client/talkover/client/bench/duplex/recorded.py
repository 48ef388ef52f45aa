"""Recordings that scripts play, found where Debian's packages put them.

========================== ========================================== ===================
package                    what                                       licence
========================== ========================================== ===================
asterisk-core-sounds-*     telephone prompts, one real person each    CC-BY-SA-3.0
asterisk-moh-opsound-wav   music                                      CC-BY-SA-3.0
hedgewars-data             short calls, laughs, coughs and moans of   GFDL-1.3
                           a dozen actors; knocks and impacts
bucklespring-data          keys of a keyboard                         GPL-2+
sound-icons                glass, bells, percussion                   GPL-2+
oxygen-sounds              rings and chimes of a desktop              LGPL-3+
========================== ========================================== ===================

``scripts/bench_setup.sh`` fetches them. Nothing of them is committed or handed on.
"""

import gzip
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import soxr

from talkover.client.bench.duplex.clips import Clip, Samples, levelled
from talkover.client.bench.duplex.speech import SETUP
from talkover.core.audio import read_wav
from talkover.core.audio.prompts import Prompt, find_prompts, parse_transcript, roots
from talkover.core.clock import RATE
from talkover.core.errors import ConfigError

_ACTORS: Final = "usr/share/games/hedgewars/Data/Sounds/voices"
_IMPACTS: Final = "usr/share/games/hedgewars/Data/Sounds"
_KEYS: Final = "usr/share/buckle/wav"
_ICONS: Final = "usr/share/sounds/sound-icons"
_CHIMES: Final = "usr/share/sounds"
_MUSIC: Final = "usr/share/asterisk/moh"
_MORE_SPEAKERS: Final = {"it": "it_IT_m_Carlo", "ru": "ru_RU_f_IvrvoiceRU"}
"""Beside those that ``talkover.core.audio.prompts`` knows: only for televisions, never scored."""

KNOCKS: Final = (
    *("bump", "egg", "firepunch_hit", "graveimpact", "grenadeimpact", "hammer", "knife_impact"),
    *("melonimpact", "mineimpact", "pickhammer", "placed", "shutterclick", "steps"),
)
"""Of hedgewars: what sounds like doors and things that fall."""


@cache
def folder(path: str, package: str) -> Path:
    """Where a package's recordings are.

    Raises:
        ConfigError: it is not installed.
    """
    for root in roots():
        if (root / path).is_dir():
            return root / path
    raise ConfigError(f"Debian's {package} is not installed; run {SETUP}")


@cache
def load(path: Path) -> Samples:
    """A recording at 16 kHz, edges trimmed and levelled; int16 [samples].

    Raises:
        AudioError: it cannot be read.
    """
    return levelled(read_wav(path, rate=RATE))


@cache
def people(language: str) -> dict[str, Prompt]:
    """Prompts of a real person by their names.

    Raises:
        ConfigError: they are not installed.
    """
    if language in _MORE_SPEAKERS:
        return _more(language)
    found = {prompt.name: prompt for prompt in find_prompts(language)}
    if not found:
        raise ConfigError(f"Debian's asterisk-core-sounds-{language}-wav is missing; run {SETUP}")
    return found


def _more(language: str) -> dict[str, Prompt]:
    package = f"asterisk-core-sounds-{language}"
    sounds = folder(f"usr/share/asterisk/sounds/{_MORE_SPEAKERS[language]}", f"{package}-wav")
    text = folder(f"usr/share/doc/{package}", package) / f"core-sounds-{language}.txt.gz"
    if not text.is_file():
        raise ConfigError(f"{text} is missing; run {SETUP}")
    with gzip.open(text) as file:
        spoken = parse_transcript(file.read(1 << 20).decode("utf-8", "replace"))
    names = [name for name in sorted(spoken) if (sounds / f"{name}.wav").is_file()]
    return {n: Prompt(n, language, spoken[n], sounds / f"{n}.wav") for n in names}


def prompt_clip(prompt: Prompt, voice: str) -> Clip:
    """A prompt as a clip."""
    return Clip(load(prompt.path), prompt.text, voice, prompt.language)


def actor_clips(actor: str, names: Iterable[str], *, voice: str, language: str) -> list[Clip]:
    """What an actor of hedgewars has of these calls; the text is the name, the words are theirs.

    Args:
        actor: The folder.
        names: Files, without their extension.
        voice: To call the actor.
        language: ISO 639-1.
    """
    where = folder(_ACTORS, "hedgewars-data") / actor
    paths = [where / f"{name}.ogg" for name in names]
    return [Clip(load(p), p.stem, voice, language) for p in paths if p.is_file()]


def actor_file(actor: str, name: str) -> str:
    """The sha256 of a call, for telling copies under two names; empty when there is none."""
    path = folder(_ACTORS, "hedgewars-data") / actor / f"{name}.ogg"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def impacts() -> dict[str, Path]:
    """Knocks, glass, bells, rings: by name."""
    knocks = folder(_IMPACTS, "hedgewars-data")
    found = {f"knock {name}": knocks / f"{name}.ogg" for name in KNOCKS}
    for path in folder(_ICONS, "sound-icons").glob("*.wav"):
        found[f"icon {path.stem}"] = path
    for path in folder(_CHIMES, "oxygen-sounds").glob("Oxygen-*.ogg"):
        found[f"chime {path.stem.removeprefix('Oxygen-')}"] = path
    return {name: path for name, path in sorted(found.items()) if path.is_file()}


def strokes() -> list[Path]:
    """Single strokes of a keyboard."""
    return sorted(folder(_KEYS, "bucklespring-data").glob("*.wav"))


def music() -> list[Path]:
    """Pieces of music, minutes long."""
    return sorted(folder(_MUSIC, "asterisk-moh-opsound-wav").glob("*.wav"))


@cache
def long_sound(path: Path) -> Samples:
    """A recording of minutes at 16 kHz, as it is: int16 [samples]."""
    return read_wav(path, rate=RATE)


def stretched(clip: Clip, factor: float) -> Clip:
    """The same a little higher and shorter, or lower and longer: another cough of the same kind."""
    sound = soxr.resample(clip.pcm.astype(np.float32), RATE * factor, RATE)
    pcm = np.clip(np.rint(sound), -32_768, 32_767).astype(np.int16)
    return Clip(pcm, clip.text, clip.voice, clip.language)


def typing(strokes: Sequence[Path], gaps: Sequence[float]) -> Samples:
    """Strokes one after another.

    Args:
        strokes: Which.
        gaps: Seconds from the one to the next, one for each stroke.
    """
    starts = np.concatenate([[0], np.cumsum([round(gap * RATE) for gap in gaps])]).astype(int)
    sounds = [load(path) for path in strokes]
    total = max((at + len(s) for at, s in zip(starts, sounds, strict=False)), default=0)
    mixed = np.zeros(total, np.float64)
    for at, sound in zip(starts, sounds, strict=False):
        mixed[at : at + len(sound)] += sound
    return np.clip(np.rint(mixed), -32_768, 32_767).astype(np.int16)
