"""What was heard of a pool: enough to choose by, whoever reads it again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from talkover.trainer.mining.confusions import Mistaken


@dataclass(frozen=True, slots=True)
class Listened:
    """An utterance that the listener wrote down.

    Attributes:
        number: In its source.
        epoch: Of its source: in each it is heard otherwise.
        name: Of the utterance.
        text: What was said.
        speaker: Who.
        accent: Code, or the pattern where it goes from one language to another.
        trust: How likely the text is right, 0 to 1.
        error: Phoneme error rate, in the form that no accent changes.
        mistaken: The words that were taken for others.
        sounds: What stands for the sounds of the text.
        pcm: sha256 of what was heard, see ``withheld.sound_of``.
    """

    number: int
    epoch: int
    name: str
    text: str
    speaker: str
    accent: str
    trust: float
    error: float
    mistaken: tuple[Mistaken, ...]
    sounds: str
    pcm: str

    def told(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """From ``told``.

        Raises:
            KeyError, TypeError: it is nothing of ours.
        """
        mistaken = tuple(Mistaken(**one) for one in told["mistaken"])
        return cls(**{**told, "mistaken": mistaken})
