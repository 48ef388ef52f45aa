"""Festival as a mouth: diphones of recorded people, in one process that goes on.

It is given a lexicon of our own with each sentence, so that it says our sounds with its prosody.
Starting it takes longer than a sentence. What it is told is made of numbers, of names that we give
and of sounds: a text never becomes a part of a program.
"""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Timer
from typing import Final

import soundfile

from talkover.core.closing import Closing
from talkover.core.errors import ConfigError
from talkover.trainer.data.accents import SaidWord
from talkover.trainer.data.engines.names import marked, named
from talkover.trainer.data.engines.sounds import Inventory
from talkover.trainer.data.engines.voices import Delivery, VoiceInfo
from talkover.trainer.data.mouths import Utterance, fitted

_COMMAND: Final = ("festival", "--pipe")
_TIMEOUT: Final = 60.0  # seconds for a sentence, and for starting
_CLOSING: Final = 5.0  # seconds
_LINE: Final = 1_000  # bytes
_DONE, _FAILED = "talkover-done", "talkover-failed"
_PAUSES: Final = frozenset({"pau", "h#"})


class Festival(Closing):
    """The process. Calls from several threads take turns.

    Raises:
        ConfigError: Festival is not installed.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._folder = TemporaryDirectory(prefix="talkover-festival-")
        try:
            self._process = subprocess.Popen(
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._folder.name,
            )
        except FileNotFoundError:
            self._folder.cleanup()
            raise ConfigError(
                "festival is not installed; run: apt-get install festival festvox-kallpc16k"
            ) from None
        try:
            self._ask(files(__package__).joinpath("festival.scm").read_text("utf-8"))
        except ConfigError:
            self.close()
            raise

    def close(self) -> None:
        """It says no more."""
        with self._lock:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(OSError):  # it may have ended before it read everything
                        pipe.close()
            try:
                self._process.wait(_CLOSING)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._folder.cleanup()

    def utter(
        self, words: Sequence[SaidWord], voice: VoiceInfo, sounds: Inventory, delivery: Delivery
    ) -> Utterance:
        """Say words.

        Args:
            words: In sounds of the inventory, at most one sentence.
            voice: One of Festival's.
            sounds: Its own.
            delivery: How.

        Raises:
            ConfigError: there is no such voice, or Festival failed or took too long.
            DataError: too many different words.
        """
        sounding = [word for word in words if word.phones]
        names = named(sounding)
        entries = sorted(set(_entries(names, sounding, sounds)))
        f0 = voice.f0 * delivery.pitch
        spread = voice.spread * delivery.pitch * delivery.melody
        with self._lock:
            wav = Path(self._folder.name, "said.wav")
            printed = self._ask(
                f"(talkover_say voice_{voice.own} {voice.stretch / delivery.pace:.4f} {f0:.4f} "
                f"{spread:.4f} '({' '.join(entries)}) "
                f'"{" ".join(marked(names, sounding))}" "said.wav")'
            )
            try:
                pcm, rate = soundfile.read(wav, dtype="float32")
            except soundfile.SoundFileError as error:
                raise ConfigError(f"festival made no sound as {voice.own}: {error}") from None
            wav.unlink()
        return fitted(pcm, rate, list(_begins(printed, rate, sounds)), words)

    def _ask(self, program: str) -> list[str]:
        """What it prints. A process that takes too long is killed."""
        asked, answers = self._process.stdin, self._process.stdout
        if asked is None or answers is None:
            raise ConfigError("the festival process has no pipes")
        timer = Timer(_TIMEOUT, self._process.kill)
        timer.start()
        printed: list[str] = []
        try:
            guarded = f'(unwind-protect (begin {program}\n(print "{_DONE}")) (print "{_FAILED}"))'
            asked.write(f"{guarded} (fflush nil)\n".encode("ascii"))
            asked.flush()
            while _DONE not in (line := answers.readline(_LINE).decode("ascii", "replace")):
                if not line or _FAILED in line:
                    raise ConfigError(
                        "festival failed, or has no such voice; are festvox-kallpc16k and "
                        "festvox-kdlpc16k installed?"
                    )
                printed.append(line)
        except (OSError, ValueError) as error:
            raise ConfigError(f"the festival process has ended ({error})") from None
        finally:
            timer.cancel()
        return printed


def _entries(names: Sequence[str], words: Sequence[SaidWord], sounds: Inventory) -> Iterator[str]:
    for name, word in zip(names, words, strict=True):
        phones = (
            f"{sounds.name(phone)}{int(phone.stress == 1) if phone.vowel else ''}"
            for phone in word.phones
        )
        yield f'("{name}" ({" ".join(phones)}))'


def _begins(printed: Sequence[str], rate: int, sounds: Inventory) -> Iterator[tuple[int, str]]:
    """It prints ``segment NAME END`` for each sound, in seconds."""
    begin = 0
    for line in printed:
        kind, *rest = line.split()
        if kind == "segment" and len(rest) == 2:
            name, end = rest
            yield begin, "" if name in _PAUSES else sounds.ipa(name)
            begin = round(float(end) * rate)
