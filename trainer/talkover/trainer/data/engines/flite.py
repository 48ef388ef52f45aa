"""flite as a mouth: a small engine with voices made from recordings of people.

It is given a lexicon of our own with each sentence, so that it says our sounds with its prosody.
Each sentence is a process of its own; nothing of one can be heard in another.
"""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import soundfile

from talkover.core.errors import ConfigError
from talkover.trainer.data.accents import SaidWord
from talkover.trainer.data.engines.names import marked, named
from talkover.trainer.data.engines.sounds import Inventory
from talkover.trainer.data.engines.voices import Delivery, VoiceInfo
from talkover.trainer.data.mouths import Utterance, fitted
from talkover.trainer.data.rules import Phone

MISSING: Final = "flite is not installed; run: apt-get install flite"

_TIMEOUT: Final = 30.0  # seconds
_PAUSE: Final = "pau"
_UNSTRESSED: Final = frozenset({"ax"})  # its lexicon has it in no other way


def utter(
    words: Sequence[SaidWord], voice: VoiceInfo, sounds: Inventory, delivery: Delivery
) -> Utterance:
    """Say words.

    Args:
        words: In sounds of the inventory, at most one sentence.
        voice: One of flite's.
        sounds: Its own.
        delivery: How.

    Raises:
        ConfigError: flite is not installed, or did not speak.
        DataError: too many different words.
    """
    sounding = [word for word in words if word.phones]
    names = named(sounding)
    with TemporaryDirectory(prefix="talkover-flite-") as folder:
        lexicon, wav = Path(folder, "lexicon"), Path(folder, "said.wav")
        lexicon.write_text("".join(sorted(set(_entries(names, sounding, sounds)))), "ascii")
        printed = _run(
            *("flite", "-voice", voice.own, "-add_lex", str(lexicon)),
            *_options(voice, delivery),
            *("-psdur", "-o", str(wav), "-t", " ".join(marked(names, sounding))),
        )
        try:
            pcm, rate = soundfile.read(wav, dtype="float32")
        except soundfile.SoundFileError as error:
            raise ConfigError(f"flite did not speak with voice {voice.own}: {error}") from None
    return fitted(pcm, rate, list(_begins(printed, rate, sounds)), words)


def _options(voice: VoiceInfo, delivery: Delivery) -> Iterator[str]:
    yield from ("--setf", f"duration_stretch={voice.stretch / delivery.pace:.4f}")
    if voice.f0:
        yield from ("--setf", f"int_f0_target_mean={voice.f0 * delivery.pitch:.4f}")
        spread = voice.spread * delivery.pitch * delivery.melody
        yield from ("--setf", f"int_f0_target_stddev={spread:.4f}")


def _entries(names: Sequence[str], words: Sequence[SaidWord], sounds: Inventory) -> Iterator[str]:
    for name, word in zip(names, words, strict=True):
        yield f"{name} : {' '.join(_phone(phone, sounds) for phone in word.phones)}\n"


def _phone(phone: Phone, sounds: Inventory) -> str:
    name = sounds.name(phone)
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
