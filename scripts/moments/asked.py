"""Questions that point at something, and the word by which each of them does. Pure.

``test.txt`` and ``validation.txt`` have a question a line; a star stands before the word that tells
which moment is meant. Where none stands, nothing is pointed at, and any picture that was in view
during the question is right. What a server does about such words is chosen by the validation split
alone.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import jiwer

from talkover.core.words.tokens import tokenise

Split = Literal["validation", "test"]
POINTS: Final = "*"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question.

    Attributes:
        text: Of it.
        word: Place, among its words, of the one that says which moment is meant; None: none does.
    """

    text: str
    word: int | None

    def pointed(self, heard: str) -> bool:
        """Whether its pointing word was heard where it was said; not, what it was taken for."""
        if self.word is None:
            return False
        words = self.text.split()
        before = tokenise(" ".join(words[: self.word]))
        said, written = tokenise(self.text), tokenise(heard)
        if not written:
            return False
        aligned = jiwer.process_words(" ".join(said), " ".join(written)).alignments[0]
        return any(
            chunk.type == "equal" and chunk.ref_start_idx <= len(before) < chunk.ref_end_idx
            for chunk in aligned
        )


@lru_cache
def questions(split: Split) -> tuple[Asked, ...]:
    """All of a split."""
    content = Path(__file__).with_name(f"{split}.txt").read_text("utf-8")
    return tuple(map(read, content.splitlines()))


def read(line: str) -> Asked:
    """A question as it stands in a file."""
    words = line.split()
    place = next((i for i, word in enumerate(words) if word.startswith(POINTS)), None)
    return Asked(" ".join(word.removeprefix(POINTS) for word in words), place)


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer looked at.

    Attributes:
        number: Of the call.
        text: Of the question.
        first: Number of the picture that was in view in the middle of the pointing word, or at the
            beginning of a question without one; pictures are counted from 0.
        last: The same, or at the end of the question: it and all in between are right.
        used: Number of the picture that the answer speaks of; None: it spoke of none.
        cue: The words that told the server which moment.
        heard: What the server wrote.
        points: The question has a pointing word.
        pointed: It was heard.
        snr: Of the voice over the noise (dB); None: there is none.
        accent: Code.
        wait: Seconds from the last sound of the question to the first of the answer; None: there
            was none.
    """

    number: int
    text: str
    first: int
    last: int
    used: int | None
    cue: str
    heard: str
    points: bool
    pointed: bool
    snr: float | None
    accent: str
    wait: float | None = None

    @property
    def off(self) -> int | None:
        """Pictures too late; 0: it is right."""
        if self.used is None:
            return None
        return min(0, self.used - self.first) + max(0, self.used - self.last)

    def within(self, pictures: int) -> bool:
        """Whether it is the right picture, to so many."""
        return self.off is not None and abs(self.off) <= pictures
