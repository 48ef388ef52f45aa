"""From what a language model writes to what a voice can say: pure, word by word."""

import re
import unicodedata
from typing import Final

from talkover.server.thinking.loops import LoopGuard

MAX_CHARACTERS: Final = 2000
"""Of one answer; what comes after is not said."""

_MAX_WORD: Final = 120
_BOUNDARY: Final = re.compile(
    r"\s|(?<=[。！？，、；：])(?=\S)"  # noqa: RUF001 - Chinese and Japanese have no blanks
)
_MARKER: Final = re.compile(r"[-*+•\u2013]|#{1,6}|>+|\d{1,2}[.)]")
_SMILEY: Final = re.compile(r"[:;=8]['-]?[()DPpOo/|*]+")
_LINK_TARGET: Final = re.compile(r"\]\([^)\s]*\)")
_URL: Final = re.compile(
    r"(?:https?://)?(?:www\.)?(?<=[/.])([\w-]+(?:\.[\w-]+)+)(?::\d+)?(?:[/?#]\S*?)?(?=[.,;:!?)\]\"']*$)",
    re.IGNORECASE,
)
_MAIL: Final = re.compile(r"([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)")
_TAG: Final = re.compile(r"</?[A-Za-z|][^<>]*>")
_TIMES: Final = re.compile(r"(?<=\d)\*(?=\d)")
_EDGE_UNDERSCORE: Final = re.compile(r"(?<!\w)_+|_+(?!\w)")
_MARKUP: Final = str.maketrans("", "", "*`#~|[]{}\\")
_ALONE: Final = re.compile(r"[—\u2013-]|\.{1,3}|[…,.!?;:]")
_UNSPEAKABLE: Final = frozenset({"So", "Sk", "Cs", "Co", "Cn", "Cc", "Cf", "Me"})
_SPOKEN: Final = {"&": "and", "=": "equals", "+": "plus", "@": "at"}


class Speakable:
    """Takes pieces of text as they are written and gives text that can be said.

    Markdown, tags and emoji go; an address is said as "example dot com"; a list is said as
    sentences; what a reasoning model writes between ``<think>`` and ``</think>`` goes. When the
    text says a sentence again, or runs in circles, nothing more comes.
    """

    def __init__(self) -> None:
        self._rest = ""
        self._gap = ""
        self._begun = False
        self._line_start = True
        self._thinking = False
        self._overlong = False
        self._room = MAX_CHARACTERS
        self._guard = LoopGuard()

    @property
    def stopped(self) -> bool:
        """Nothing more will come: there is no point in writing on."""
        return self._guard.stopped or self._room <= 0

    def feed(self, text: str) -> str:
        """Take a piece; give the words that are now complete."""
        self._rest += text
        given = ""
        while not self.stopped:
            self._skip_blanks()
            if (end := _BOUNDARY.search(self._rest)) is None:
                break
            word, self._rest = self._rest[: end.start()], self._rest[end.start() :]
            given += self._word(word, line_ends=self._rest.startswith(("\n", "\r")))
        if len(self._rest) > _MAX_WORD:
            # A word of no language. Its last character stays: a boundary may come after it.
            self._rest, self._overlong = self._rest[-1:], True
        return self._spend(given)

    def flush(self) -> str:
        """The answer is complete: give what is left."""
        word, self._rest = self._rest.strip(), ""
        given = ""
        if word and not self.stopped:
            given = self._word(word, line_ends=False)
        return self._spend(given + self._guard.flush())

    def _skip_blanks(self) -> None:
        trimmed = self._rest.lstrip()
        blanks = self._rest[: len(self._rest) - len(trimmed)]
        if blanks:
            self._gap = " "
            self._line_start = self._line_start or "\n" in blanks
            self._rest = trimmed

    def _word(self, raw: str, *, line_ends: bool) -> str:
        line_start, self._line_start = self._line_start, False
        overlong, self._overlong = self._overlong or len(raw) > _MAX_WORD, False
        if overlong or (line_start and self._rest and _MARKER.fullmatch(raw)):
            return ""
        word = clean_word(self._outside_thoughts(raw))
        if not word:
            return ""
        self._begun, begun = True, self._begun
        if line_ends and word[-1].isalnum():
            word += "."
        gap, self._gap = self._gap if begun else "", ""
        return self._guard.push(gap, word)

    def _outside_thoughts(self, raw: str) -> str:
        kept = ""
        while raw:
            mark = "</think>" if self._thinking else "<think>"
            before, found, raw = raw.partition(mark)
            if not self._thinking:
                kept += before
            if found:
                self._thinking = not self._thinking
        return kept

    def _spend(self, given: str) -> str:
        given = given[: max(0, self._room)]
        self._room -= len(given)
        return given


def clean_word(word: str) -> str:
    """One word as it can be said; empty if nothing of it can."""
    if _SMILEY.fullmatch(word):
        return ""
    word = _LINK_TARGET.sub("", word)
    word = _URL.sub(lambda found: found[1].replace(".", " dot "), word)
    word = _MAIL.sub(
        lambda found: f"{found[1]} at {found[2]}".replace(".", " dot "),
        word,
    )
    word = _TIMES.sub(" times ", _TAG.sub("", word))
    word = _EDGE_UNDERSCORE.sub("", word).translate(_MARKUP)
    # What stood between two blanks may have gone with the markup.
    word = " ".join("".join(c for c in word if _sayable(c)).split())
    if any(c.isalnum() for c in word) or _ALONE.fullmatch(word):
        return word
    return _SPOKEN.get(word, "")


def _sayable(character: str) -> bool:
    if character in "°\N{VARIATION SELECTOR-16}":
        return character == "°"
    return unicodedata.category(character) not in _UNSPEAKABLE
