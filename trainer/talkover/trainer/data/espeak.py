"""eSpeak NG, and what it calls things (``espeak.toml``)."""

import subprocess
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from talkover.core.errors import ConfigError

_NAME: Final = "espeak-ng"
MISSING: Final = f"{_NAME} is not installed; run: sh scripts/test_setup.sh"
_TIMEOUT: Final = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Phonemes:
    """The contents of ``espeak.toml``.

    Attributes:
        sets: Lexical sets by phoneme.
        two: Phonemes that are two of them.
        syllabic: Phonemes that are a weak vowel and this consonant.
        consonants: IPA by phoneme.
        vowels: Phonemes that a table is asked about.
        others: Consonants that it is asked about.
        next_best: By sound: what is said instead, the best first.
    """

    sets: dict[str, str]
    two: dict[str, tuple[str, str]]
    syllabic: dict[str, str]
    consonants: dict[str, str]
    vowels: tuple[str, ...]
    others: tuple[str, ...]
    next_best: dict[str, tuple[str, ...]]


@cache
def phonemes() -> Phonemes:
    """Read once."""
    data = tomllib.loads(files(__package__).joinpath("espeak.toml").read_text("utf-8"))
    return Phonemes(
        {phoneme: name for name, some in data["sets"].items() for phoneme in some},
        {phoneme: (first, second) for phoneme, (first, second) in data["two"].items()},
        data["syllabic"],
        data["consonants"],
        tuple(data["probed"]["vowels"].split()),
        tuple(data["probed"]["consonants"].split()),
        {sound: tuple(others.split()) for sound, others in data["next_best"].items()},
    )


def run_espeak(*arguments: str) -> bytes:
    """What it writes.

    Raises:
        ConfigError: it is not installed, or failed.
    """
    try:
        done = subprocess.run(
            [_NAME, *arguments], capture_output=True, check=True, timeout=_TIMEOUT
        )
    except FileNotFoundError:
        raise ConfigError(MISSING) from None
    except subprocess.SubprocessError as error:
        raise ConfigError(f"{_NAME} failed: {error}") from None
    return done.stdout
