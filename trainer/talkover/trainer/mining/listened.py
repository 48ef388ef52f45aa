"""What was heard of a pool, an utterance a line: enough to choose by, whoever reads it again."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self

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

    def line(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, line: str) -> Self:
        """From ``line``.

        Raises:
            TypeError, ValueError: it is no such line, or half of one.
        """
        told = json.loads(line)
        mistaken = tuple(Mistaken(**one) for one in told.pop("mistaken", ()))
        return cls(mistaken=mistaken, **told)


def whole(content: bytes) -> Iterator[str]:
    """The lines of a log that were written to their end: a kill leaves half of the last."""
    for line in content.splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield line.decode()
