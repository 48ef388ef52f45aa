"""Questions that point at something, and the word by which each of them does. Pure."""

from dataclasses import dataclass
from typing import Final

from talkover.core.words.tokens import tokenise

POINTS: Final = "*"
"""Stands before the word that points; where none does, the last one counts."""
_QUESTIONS: Final = (
    "What does *this say, and do you think that my brother would like it?",
    "Please tell me about *this one, because I am not sure what to make of it.",
    "Can you tell me what is *here, before my sister comes home from work?",
    "I was wondering what number is on *this, and whether I should call them.",
    "Would you say that *these are any good for somebody like my mother?",
    "So, which one is it *now, if you do not mind my asking?",
    "My friend wants to know how many of *those we would need for ten people.",
    "Which of *these would you take to a party on a rainy day?",
    "*Look at the number on it and tell me whether it is a large one.",
    "Sorry, *read it to me, since I cannot find my glasses anywhere.",
    "How many people are waiting for the bus?",
    "What is the colour of the largest one?",
    "Which number comes after the letters?",
    "What time does the shop close on Sunday?",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question.

    Attributes:
        text: Of it.
        word: Place, among its words, of the one that says which moment is meant.
        points: That word points at something; else it is only the last one.
    """

    text: str
    word: int
    points: bool


def asked(number: int) -> Asked:
    """A question; they come in turn."""
    words = _QUESTIONS[number % len(_QUESTIONS)].split()
    place = next((i for i, word in enumerate(words) if word.startswith(POINTS)), None)
    text = " ".join(word.removeprefix(POINTS) for word in words)
    return Asked(text, len(words) - 1 if place is None else place, place is not None)


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer looked at.

    Attributes:
        number: Of the question.
        text: Of it.
        meant: Number of the picture that was in view in the middle of the word; pictures are
            counted from 0.
        used: Number of the picture that the answer speaks of; None: it spoke of none.
        cue: The words that told the server which moment.
        heard: What the server wrote.
        snr: Of the voice over the noise (dB); None: there is none.
        accent: Code.
        wait: Seconds from the last sound of the question to the first of the answer; None: there
            was none.
    """

    number: int
    text: str
    meant: int
    used: int | None
    cue: str
    heard: str
    snr: float | None
    accent: str
    wait: float | None = None

    @property
    def pointed(self) -> bool:
        """The word that tells the moment was heard; whether it was taken for that is not asked."""
        one = asked(self.number)
        (word,) = tokenise(one.text.split()[one.word])
        return word in tokenise(self.heard)

    @property
    def off(self) -> int | None:
        """Pictures too late."""
        return None if self.used is None else self.used - self.meant

    def within(self, pictures: int) -> bool:
        """Whether it is the right picture, to so many."""
        return self.off is not None and abs(self.off) <= pictures
