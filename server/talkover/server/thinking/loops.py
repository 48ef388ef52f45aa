"""Notices a language model that says the same thing again: pure."""

from typing import Final

_TIMES: Final = {1: 6, 2: 4, 3: 3}
"""How often one, two or three words in a row may come; longer runs may come once."""

_LONGEST: Final = 12
_MEMORY: Final = _LONGEST * 2
_SENTENCE: Final = 3  # words: a shorter sentence may be said again
_ENDS: Final = (".", "!", "?", "…", "。", "！", "？")  # noqa: RUF001 - Chinese and Japanese
_CLOSERS: Final = "\"')”\u2019»"


class LoopGuard:
    """Lets words pass until they repeat.

    A sentence that begins like an earlier one is held until it differs, so a repeated sentence is
    never begun; all others pass at once.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._words: list[str] = []
        self._sentences: list[tuple[str, ...]] = []
        self._current: tuple[str, ...] = ()
        self._held = ""

    def push(self, gap: str, word: str) -> str:
        """Take a word and the blank before it; give what may be said now."""
        if self.stopped:
            return ""
        plain = "".join(c for c in word.casefold() if c.isalnum())
        if plain:
            self._words = [*self._words[-_MEMORY:], plain]
            self._current = (*self._current, plain)
        if _circles(self._words):
            return self._stop()
        self._held += gap + word
        if word.rstrip(_CLOSERS).endswith(_ENDS):
            sentence, self._current = self._current, ()
            if len(sentence) >= _SENTENCE and sentence in self._sentences:
                return self._stop()
            self._sentences.append(sentence)
            return self._release()
        return "" if self._repeats() else self._release()

    def flush(self) -> str:
        """No more words come; give what was held, unless it repeats."""
        if self._repeats() and len(self._current) >= _SENTENCE:
            return self._stop()
        return self._release()

    def _repeats(self) -> bool:
        length = len(self._current)
        return any(
            len(earlier) >= _SENTENCE and earlier[:length] == self._current
            for earlier in self._sentences
        )

    def _release(self) -> str:
        held, self._held = self._held, ""
        return held

    def _stop(self) -> str:
        self.stopped = True
        self._held = ""
        return ""


def _circles(words: list[str]) -> bool:
    for length in range(1, _LONGEST + 1):
        times = _TIMES.get(length, 1) + 1
        run = words[-length:] * times
        if len(words) >= len(run) and words[-len(run) :] == run:
            return True
    return False
