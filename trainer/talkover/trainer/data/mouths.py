"""eSpeak NG as a mouth: it says phones that somebody else has chosen.

Its accents are tables of phonemes, each with its own idea of how a mnemonic sounds. So every table
is asked once what it makes of each mnemonic (it answers in IPA), and an accent is said with the
table that has most of its sounds, and the next best sound for the others. What an accent writes
without a length mark, since nothing hangs on it there, is still long under stress: "beat" is not
"bit" with another colour.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from talkover.core.audio import to_float
from talkover.core.clock import RATE
from talkover.core.errors import ConfigError, DataError
from talkover.trainer.data.accents import Accent, SaidWord
from talkover.trainer.data.espeak import phonemes, run_espeak
from talkover.trainer.data.native import Manner
from talkover.trainer.data.rules import Phone
from talkover.trainer.data.throat import Throat
from talkover.trainer.data.timing import TimedWord, time_words

TABLES: Final = (
    *("en-us", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029"),
)
_DEEP: Final = 4
_WORDS_A_MINUTE: Final = 165
_RANGE: Final = 50
_STRESS: Final = {0: "", 1: "'", 2: ","}
_MARKS: Final = ".,?!"
_PAUSES: Final = str.maketrans(";:", ",,")
_TENSE: Final = ("FLEECE", "FACE", "PALM", "THOUGHT", "GOAT", "GOOSE", "START", "NORTH", "FORCE")
_LAX: Final = ("KIT", "DRESS", "TRAP", "LOT", "STRUT", "FOOT")
_LONG: Final = "ː"

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Mouth:
    """A table of eSpeak, and how it says an accent.

    Attributes:
        table: Its name.
        says: By IPA: the mnemonics.
        missing: Sounds of the accent that it has not, and what it says instead.
        stressed: By IPA: the mnemonics of those that are longer under stress.
    """

    table: str
    says: dict[str, str]
    missing: dict[str, str]
    stressed: dict[str, str]

    def mnemonics(self, words: Iterable[SaidWord]) -> str:
        """What eSpeak is given for some words."""
        return " ".join(f"[[{''.join(map(self._one, word.phones))}]]" for word in words)

    def _one(self, phone: Phone) -> str:
        said = self.stressed if phone.stress and phone.symbol in self.stressed else self.says
        return _STRESS[phone.stress] + said[phone.symbol] + "|"


def mouth_of(accent: Accent) -> Mouth:
    """The table that has most of an accent's sounds.

    Raises:
        ConfigError: eSpeak NG is not installed.
        DataError: none can say all of them, not even with the next best.
    """
    return _best(sounds_of(accent), tense_of(accent), accent.name)


@cache
def _best(wanted: frozenset[str], tense: frozenset[str], name: str) -> Mouth:
    found = [_mouth(table, wanted, tense) for table in TABLES]
    fitting = [mouth for mouth in found if mouth is not None]
    if not fitting:
        raise DataError(f"eSpeak cannot say {name}: its sounds are not known here")
    return min(fitting, key=lambda mouth: len(mouth.missing))


def sounds_of(accent: Accent) -> frozenset[str]:
    """All that may come out of an accent."""
    consonants = phonemes().consonants.values()
    vowels = [symbol for said in accent.vowels.values() for symbol in said]
    made = [symbol for rule in accent.rules for symbol in rule.into]
    return frozenset([*consonants, *vowels, *made])


def tense_of(accent: Accent) -> frozenset[str]:
    """Its tense vowels, but for those that it does not tell from lax ones."""
    tense, lax = ({accent.vowels[name][0] for name in names} for names in (_TENSE, _LAX))
    return frozenset(tense - lax)


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """Something said, with all that is known of it.

    Attributes:
        pcm: float32 [n] at 16 kHz.
        words: In order, with their sounds, in samples of ``pcm``.
    """

    pcm: Sound
    words: tuple[TimedWord, ...]


def speak(
    accent: Accent,
    words: Sequence[SaidWord],
    throat: Throat,
    *,
    variant: str = "",
    pitch: int = 50,
    pace: float = 1.0,
) -> Utterance:
    """Say words in an accent; the same words in the same voice always sound the same.

    Args:
        accent: Whose sounds they are.
        words: What it makes of a text.
        throat: That speaks.
        variant: Of eSpeak's voice: ``f3``, ``m1``.
        pitch: 0 to 99.
        pace: Of the speaker, against others of the accent.

    Raises:
        ConfigError: eSpeak NG is not installed, failed, or has no such variant.
    """
    mouth = mouth_of(accent)
    manner = Manner(
        f"{mouth.table}+{variant}" if variant else mouth.table,
        round(_WORDS_A_MINUTE * accent.prosody.pace * pace),
        pitch,
        round(_RANGE * accent.prosody.pitch_range),
    )
    uttered = throat.utter(
        " ".join(mouth.mnemonics([word]) + _mark(word) for word in words), manner
    )
    return fitted(to_float(uttered.pcm), uttered.rate, uttered.phones, words)


def fitted(
    pcm: Sound, rate: float, heard: Sequence[tuple[int, str]], words: Sequence[SaidWord]
) -> Utterance:
    """What an engine said, at 16 kHz, with the times of the words.

    Args:
        pcm: float32 [n] at another rate.
        rate: Which (Hz). A wrong one makes a speaker of another size.
        heard: The samples of it at which sounds begin, and which; empty ones are pauses.
        words: What the engine was given.
    """
    sound = np.asarray(soxr.resample(pcm, rate, RATE), np.float32)
    begins = [(round(begin * RATE / rate), name) for begin, name in heard]
    return Utterance(sound, tuple(time_words(words, begins, len(sound))))


def _mark(word: SaidWord) -> str:
    """What is written after a word and heard: where the voice pauses, rises or falls."""
    last = word.text.rstrip("\"')")[-1:].translate(_PAUSES)
    return last if last and last in _MARKS else ""


def _mouth(table: str, wanted: frozenset[str], tense: frozenset[str]) -> Mouth | None:
    known = _table(table)
    says: dict[str, str] = {}
    missing: dict[str, str] = {}
    for sound in sorted(wanted):
        instead = _find(sound, known, _DEEP)
        if instead is None:
            return None
        says[sound] = known[instead]
        if instead != sound:
            missing[sound] = instead
    longer = {sound: sound + _LONG for sound in tense - missing.keys()}
    stressed = {
        sound: known[one] for sound, one in longer.items() if one in known and one not in says
    }
    return Mouth(table, says, missing, stressed)


def _find(sound: str, known: dict[str, str], deep: int) -> str | None:
    if sound in known:
        return sound
    if not deep:
        return None
    instead = (_find(other, known, deep - 1) for other in phonemes().next_best.get(sound, ()))
    return next((found for found in instead if found is not None), None)


@cache
def _table(name: str) -> dict[str, str]:
    """IPA to mnemonic, as a table of eSpeak has it; the first mnemonic of a sound stands for it."""
    asked = phonemes()
    vowels = _ask(name, [f"[[p'{mnemonic}]]" for mnemonic in asked.vowels])
    consonants = _ask(name, [f"[[i{mnemonic}'i]]" for mnemonic in asked.others])
    found: dict[str, str] = {}
    for mnemonic, ipa in zip(asked.vowels, vowels, strict=True):
        found.setdefault(ipa.removeprefix("pˈ").replace(":", "ː"), mnemonic)
    frame = consonants[0].split("p")
    for mnemonic, ipa in zip(asked.others, consonants, strict=True):
        inside = ipa.removeprefix(frame[0]).removesuffix(frame[-1].lstrip("ˈ")).rstrip("ˈ")
        found.setdefault(inside, mnemonic)
    return found


def _ask(table: str, lines: Sequence[str]) -> list[str]:
    said = run_espeak("-v", table, "-q", "--ipa", "--", "\n\n".join(lines)).decode("utf-8")
    found = [line.strip() for line in said.splitlines() if line.strip()]
    if len(found) != len(lines):
        raise ConfigError(f"espeak-ng's {table} answers {len(found)} lines to {len(lines)}")
    return found
