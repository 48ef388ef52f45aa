"""What is heard, and what was written down of it. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

ENGLISH: Final = "en"
CLEAN: Final = "clean"
NOISY: Final = "5 dB"
MIXED: Final = "mixed"


@dataclass(frozen=True, slots=True)
class Clip:
    """What is known of a sound.

    Attributes:
        material: It is from.
        number: In its material.
        condition: The accent, pattern, language or kind that it stands for.
        sound: How it is heard: ``CLEAN``, ``NOISY`` or ``MIXED``.
        words: That are said, each with its language (ISO 639-1); none: nobody says anything.
        language: That the reader is told: the one of most words.
        snr: Of the voice over the noise (dB); None: there is none.
        noise: Which.
        voice: Whose.
        group: Of the clips that are judged together, such as both lanes of an overlap.
        lane: Which of them.
        sha256: Begins the digest of its samples; empty: nobody has heard it yet.
    """

    material: str
    number: int
    condition: str
    sound: str
    words: tuple[tuple[str, str], ...] = ()
    language: str = ENGLISH
    snr: float | None = None
    noise: str = ""
    voice: str = ""
    group: str = ""
    lane: str = ""
    sha256: str = ""

    @property
    def text(self) -> str:
        """What is said."""
        return " ".join(word for word, _ in self.words)

    @property
    def switches(self) -> bool:
        """It goes from one language to another."""
        return len({language for _, language in self.words}) > 1


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader made of a clip.

    Attributes:
        clip: That it heard.
        written: The text.
        complete: The model itself ended it; else a bound or a loop cut it.
        seconds: It took, of a batch the clip's share.
    """

    clip: Clip
    written: str
    complete: bool
    seconds: float


def to_plain(read: Read) -> dict[str, Any]:
    """As JSON can hold it."""
    return asdict(read)


def from_plain(given: Mapping[str, Any]) -> Read:
    """What ``to_plain`` gave, again.

    Raises:
        KeyError, TypeError: it is no reading.
    """
    clip = dict(given["clip"])
    clip["words"] = tuple((text, language) for text, language in clip["words"])
    return Read(**{**given, "clip": Clip(**clip)})
