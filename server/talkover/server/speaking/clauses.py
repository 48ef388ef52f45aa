"""Cut a stream of text into clauses to be spoken: pure, and deaf to how the stream is chunked."""

from dataclasses import dataclass
from typing import Final

from talkover.core.voice.text import stop_after

MAX_CHARACTERS: Final = 300
"""Of one clause, even if the brain writes neither spaces nor full stops."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Words after which a clause may end.

    Attributes:
        pause: At a comma, semicolon, colon or dash.
        breath: Before a word that tends to begin a phrase.
        hard: Anywhere but after a word that leans on the next one, and anywhere soon after.
    """

    pause: int
    breath: int
    hard: int


FIRST: Final = Limits(pause=1, breath=2, hard=2)
"""The caller waits for it: early, but long enough to be spoken while the next is made."""
SECOND: Final = Limits(pause=4, breath=5, hard=16)
"""What follows on a first clause that ends in the middle of a sentence: it must be there soon."""
LATER: Final = Limits(pause=14, breath=24, hard=40)
"""A sentence, where sentences are of ordinary length: the voice's melody wants it whole."""

_BREATHS: Final = frozenset(
    {"after", "although", "and", "because", "before", "but", "for", "from", "if", "or", "since"}
    | {"so", "that", "though", "unless", "until", "when", "where", "which", "while", "who", "with"}
)
_LEANING: Final = (
    frozenset(
        {"a", "an", "the", "this", "these", "my", "your", "his", "her", "its", "our", "their", "i"}
        | {"of", "to", "in", "on", "at", "by", "into", "about", "as", "than", "not", "no", "very"}
        | {"is", "are", "was", "were", "be", "been", "has", "have", "had", "do", "does", "did"}
        | {"can", "could", "will", "would", "should", "may", "might", "must", "we", "you", "they"}
    )
    | _BREATHS
)
_LEANT: Final = 3
"""Words more than ``hard`` with which a clause may end on a leaning one."""


class ClauseSplitter:
    """Feed it pieces of one reply; it gives back clauses as soon as they are complete.

    A word is judged when the white space behind it is seen, so the same text gives the same
    clauses however it is cut into pieces. What it holds is bounded by ``MAX_CHARACTERS``.
    """

    def __init__(self) -> None:
        self._words: list[str] = []
        self._letters = 0  # of self._words, with a space behind each
        self._word = ""
        self._limits = FIRST
        self._ready: list[str] = []

    def feed(self, piece: str) -> list[str]:
        """Take a piece of text; return the clauses it completes (often none)."""
        for char in piece:
            if not char.isspace():
                self._word += char
                if len(self._word) >= MAX_CHARACTERS:
                    self._end_word()
            else:
                self._end_word()
                if char == "\n":
                    self._release()
        return self._take()

    def flush(self) -> list[str]:
        """The reply is over: return what is left, and be ready for another reply."""
        self._end_word()
        self._release()
        self._limits = FIRST
        return self._take()

    def _take(self) -> list[str]:
        ready, self._ready = self._ready, []
        return ready

    def _end_word(self) -> None:
        word, self._word = self._word, ""
        if not word:
            return
        breath = len(self._words) >= self._limits.breath and word.lower() in _BREATHS
        if breath or self._letters + len(word) > MAX_CHARACTERS:
            self._release()
        self._words.append(word)
        self._letters += len(word) + 1
        stop = stop_after(word, last=False)
        if word.lower() == "no." and len(self._words) > 1:
            stop = ""  # "room No. 5", rather than the answer
        count = len(self._words)
        sentence = stop != "" and stop in ".?!"
        pause = stop != "" and count >= self._limits.pause
        leans = word.lower() in _LEANING or (word.endswith(".") and not stop)
        enough = self._limits.hard + _LEANT * int(leans)
        if sentence or pause or count >= enough:
            self._release(whole=sentence or pause)

    def _release(self, *, whole: bool = False) -> None:
        if self._words:
            self._ready.append(" ".join(self._words))
            self._words, self._letters = [], 0
            self._limits = LATER if whole or self._limits is not FIRST else SECOND
