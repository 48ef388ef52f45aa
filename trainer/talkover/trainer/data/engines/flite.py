"""flite as a mouth: a small engine with voices made from recordings of people.

It is given a lexicon of our own with each sentence, so that it says our sounds with its prosody.
Each sentence is a process of its own; nothing of one can be heard in another.
"""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import soundfile

from talkover.core.errors import ConfigError
from talkover.trainer.data.accents import SaidWord
from talkover.trainer.data.engines.names import named, stop_of
from talkover.trainer.data.engines.sounds import Inventory
from talkover.trainer.data.engines.voices import VoiceInfo
from talkover.trainer.data.native import Uttered
from talkover.trainer.data.rules import Phone

MISSING: Final = "flite is not installed; run: apt-get install flite"

_TIMEOUT: Final = 30.0  # seconds
_PAUSE: Final = "pau"
_UNSTRESSED: Final = frozenset({"ax"})  # its lexicon has it in no other way


def utter(
    sentence: Sequence[SaidWord],
    voice: VoiceInfo,
    sounds: Inventory,
    *,
    stretch: float,
    pitch: float,
    melody: float,
) -> Uttered:
    """Say words.

    Args:
        sentence: In sounds of the inventory, at most one sentence.
        voice: One of flite's.
        sounds: Its own.
        stretch: Of all durations.
        pitch: Factor on the voice's own.
        melody: Factor on the spread of its pitch.

    Raises:
        ConfigError: flite is not installed, or did not speak.
        DataError: too many different words.
    """
    names = named(sentence)
    text = " ".join(name + stop_of(word) for name, word in zip(names, sentence, strict=True))
    with TemporaryDirectory(prefix="talkover-flite-") as folder:
        lexicon, wav = Path(folder, "lexicon"), Path(folder, "said.wav")
        lexicon.write_text("".join(sorted(set(_entries(names, sentence, sounds)))), "ascii")
        settings = {"duration_stretch": stretch}
        if voice.f0:
            settings["int_f0_target_mean"] = voice.f0 * pitch
            settings["int_f0_target_stddev"] = voice.spread * pitch * melody
        options = [
            part for name, value in settings.items() for part in ("--setf", f"{name}={value:.4f}")
        ]
        printed = _run(
            *("flite", "-voice", voice.own, "-add_lex", str(lexicon), *options, "-psdur"),
            *("-o", str(wav), "-t", text),
        )
        try:
            pcm, rate = soundfile.read(wav, dtype="int16")
        except soundfile.SoundFileError as error:
            raise ConfigError(f"flite did not speak with voice {voice.own}: {error}") from None
    return Uttered(np.asarray(pcm, np.int16), rate, tuple(_begins(printed, rate, sounds)))


def _entries(
    names: Sequence[str], sentence: Sequence[SaidWord], sounds: Inventory
) -> Iterator[str]:
    for name, word in zip(names, sentence, strict=True):
        yield f"{name} : {' '.join(_phone(phone, sounds) for phone in word.phones)}\n"


def _phone(phone: Phone, sounds: Inventory) -> str:
    name = sounds.own[phone.symbol]
    if not phone.vowel:
        return name
    return f"{name}{int(phone.stress == 1 and name not in _UNSTRESSED)}"


def _begins(printed: str, rate: int, sounds: Inventory) -> Iterator[tuple[int, str]]:
    """It prints ``NAME:END`` for each sound, in seconds."""
    begin = 0
    for part in printed.split():
        name, _, end = part.rpartition(":")
        yield begin, "" if name == _PAUSE else sounds.ipa(name)
        begin = round(float(end) * rate)


def _run(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, check=True, timeout=_TIMEOUT, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise ConfigError(MISSING) from None
    except subprocess.SubprocessError as error:
        raise ConfigError(f"flite failed: {error}") from None
    return done.stdout.decode("ascii", "replace")
