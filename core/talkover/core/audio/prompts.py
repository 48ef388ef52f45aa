"""Recordings of real people with their exact words: the prompts of the Asterisk telephone switch.

Debian ships them (``asterisk-core-sounds-en-wav`` and the like, CC-BY-SA-3.0): about 500 short
recordings a language at 8 kHz, one professional speaker each, and a text file of what is said.
``scripts/test_setup.sh`` fetches them. The Spanish texts are written without accents.
"""

import gzip
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import soundfile

from talkover.core.errors import AudioError

_SPEAKERS: Final = {"en": "en_US_f_Allison", "es": "es_MX_f_Allison", "fr": "fr_CA_f_June"}
_LINE: Final = re.compile(r"([A-Za-z0-9][\w-]*(?:/[A-Za-z0-9][\w-]*)*): *(\S.*)")
_NOT_SPEECH: Final = re.compile(r"[\[(<]")
"""Brackets hold what is heard but not said, or said otherwise than it is written."""
_MAX_TEXT: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Prompt:
    """One recording.

    Attributes:
        name: Within its language, such as ``vm-goodbye`` or ``digits/7``.
        language: ISO 639-1.
        text: What is said.
        path: The WAV file, mono at 8 kHz.
    """

    name: str
    language: str
    text: str
    path: Path

    @property
    def seconds(self) -> float:
        """How long it is, from its header."""
        return float(soundfile.info(self.path).duration)


def roots() -> tuple[Path, ...]:
    """Folders that Debian packages may have been installed or unpacked into, best first.

    ``TALKOVER_RECORDINGS`` names one; else the user's cache folder, then the system itself.
    """
    named = os.environ.get("TALKOVER_RECORDINGS")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(named) if named else cache / "talkover/recordings", Path("/"))


def find_prompts(language: str) -> list[Prompt]:
    """The prompts of a language that are speech and whose recording is there, sorted by name.

    Returns:
        None at all when the packages are not installed.

    Raises:
        AudioError: there are no such prompts in that language.
    """
    speaker = _SPEAKERS.get(language)
    if speaker is None:
        raise AudioError(f"no prompts in {language!r}; there are {', '.join(_SPEAKERS)}")
    for root in roots():
        transcript = _transcript(root, language)
        sounds = root / "usr/share/asterisk/sounds" / speaker
        if transcript is None or not sounds.is_dir():
            continue
        found = []
        for name, text in sorted(parse_transcript(transcript).items()):
            path = sounds / f"{name}.wav"
            if path.is_file():
                found.append(Prompt(name, language, text, path))
        return found
    return []


def parse_transcript(content: str) -> dict[str, str]:
    """Name to words of every line ``name: words``; comments and what is no speech are left out."""
    spoken = {}
    for line in content.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match and not _NOT_SPEECH.search(match[2]):
            spoken[match[1]] = match[2]
    return spoken


def _transcript(root: Path, language: str) -> str | None:
    """The text file of a language, as Debian packs it or unpacked."""
    folder = root / f"usr/share/doc/asterisk-core-sounds-{language}"
    plain = folder / f"core-sounds-{language}.txt"
    packed = plain.with_suffix(".txt.gz")
    try:
        if packed.is_file():
            with gzip.open(packed) as file:
                return file.read(_MAX_TEXT).decode("utf-8", "replace")
        return plain.read_text("utf-8", "replace") if plain.is_file() else None
    except (OSError, EOFError) as error:
        raise AudioError(f"{packed} cannot be read ({error}); install its package again") from None
