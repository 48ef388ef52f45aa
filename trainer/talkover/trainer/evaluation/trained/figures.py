"""The figures that a listener is judged by, each with its interval, for every reader. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from talkover.core.report import Estimate, Resampled
from talkover.core.report.resampling import Figure, mean, spread, worst
from talkover.trainer.data.switching.tokens import Pattern
from talkover.trainer.evaluation.readings import wilson
from talkover.trainer.evaluation.trained.board import (
    ANY,
    APART,
    CAPPED,
    DELETIONS,
    INSERTIONS,
    PHONES,
    REPEATS,
    SWITCHED,
    SWITCHES,
    WORDS,
    Board,
    Kind,
)
from talkover.trainer.evaluation.trained.clips import CLEAN, NOISY, Clip
from talkover.trainer.evaluation.trained.material import (
    CONVERSATIONS,
    DIALECTS,
    ENGINE,
    REAL,
    SILENCE,
    SPLICED,
)

MEAN: Final = "word errors, mean of all 22"
WORST: Final = "word errors, worst five of 22"
SPREAD: Final = "word errors, worst accent minus best"
UNHEARD: Final = "word errors, engine"
SWITCHING: Final = "language-switch errors, 5 patterns"
THREE: Final = "word errors, mean of held-out voices, held-out engine and people at 5 dB"
CPWER: Final = "cpWER, overlaps"
_PATTERNS: Final = frozenset(pattern.value for pattern in Pattern)
_WORST: Final = 5


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure of every reader.

    Attributes:
        name: What it is.
        table: The rates that it is made of.
        figure: How.
        unit: ``%``, or what the errors are divided by.
        share: It is a share of clips, which may be all or none of them.
    """

    name: str
    table: Resampled
    figure: Figure = mean
    unit: str = "%"
    share: bool = False

    @property
    def factor(self) -> float:
        """From a rate to the unit."""
        return 100.0 if self.unit == "%" else 1.0

    def of(self, reader: int) -> Estimate:
        """Of a reader; a share has Wilson's interval, which has a width at 0, too."""
        one = self.table.of(self.figure, reader)
        if self.share and one.n:
            one = replace(one, interval=wilson(round(one.value * one.n), one.n))
        return one.times(self.factor)

    def points(self, first: int, second: int) -> Estimate:
        """What the second has more than the first."""
        return self.table.points(self.figure, first, second).times(self.factor)

    def reduction(self, first: int, second: int) -> Estimate:
        """What the second has less than the first, in percent of the first's."""
        return self.table.reduction(self.figure, first, second).times(100.0)


def real(sound: str, language: str = "") -> str:
    """What a figure of recorded people is called."""
    return f"word errors, people {sound}" + (f", {language}" if language else "")


HEARD_BY: Final = (MEAN, WORST, SPREAD, UNHEARD, real(CLEAN), real(NOISY), SWITCHING, CPWER)
"""By what every reader is compared with every other."""


def capped(name: str) -> str:
    """What a figure is called of which an utterance cannot have more errors than words.

    Stock Whisper without a second try may say the same for ever: then it is wrong once here.
    """
    return f"{name}, each utterance up to 100 %"


def wordless(kind: str) -> str:
    """What a figure of clips without words is called."""
    return f"clips of {kind} with any word"


_COUNTED: Final[tuple[tuple[Kind, Callable[[str], str]], ...]] = ((WORDS, str), (CAPPED, capped))


@lru_cache(maxsize=1)  # several tables are made of them
def headlines(board: Board) -> Mapping[str, Headline]:
    """By name; those of which there is nothing are left out."""
    every = (
        *_spoken(board.of(DIALECTS)),
        *_unheard(board.of(ENGINE)),
        *_real(board.of(REAL)),
        *_three(board),
        *_switches(board.of(SPLICED)),
        Headline(CPWER, board.of(CONVERSATIONS).talks()),
        *_wordless(board.of(SILENCE)),
    )
    return {one.name: one for one in every if one.table.groups}


def is_accent(clip: Clip) -> bool:
    """It is in one language."""
    return clip.condition not in _PATTERNS


def by_condition(clip: Clip) -> str:
    """Its accent, pattern, language or kind."""
    return clip.condition


def _spoken(board: Board) -> Iterator[Headline]:
    accents = board.some(is_accent)
    for kind, called in _COUNTED:
        rates = board.rates(kind, by_condition)
        yield Headline(called(MEAN), rates)
        yield Headline(called(WORST), rates, worst(_WORST))
        yield Headline(called(SPREAD), accents.rates(kind, by_condition), spread)
    for kind in (PHONES, APART, DELETIONS, INSERTIONS, REPEATS):
        yield Headline(f"{kind.name}, accents and patterns", board.rates(kind, by_condition))
    patterns = board.some(lambda clip: not is_accent(clip))
    yield Headline(f"{SWITCHED.name}, 5 patterns", patterns.rates(SWITCHED))
    yield Headline(SWITCHING, patterns.rates(SWITCHES), unit="a sentence")


def _unheard(board: Board) -> Iterator[Headline]:
    for kind, called in _COUNTED:
        yield Headline(called(UNHEARD), board.rates(kind, by_condition))
    yield _other(board, PHONES, "engine")


def _real(board: Board) -> Iterator[Headline]:
    for sound in (CLEAN, NOISY):
        some = board.of(sound=sound)
        yield Headline(real(sound), some.rates(WORDS, by_condition))
        for language in sorted({clip.condition for clip in some.clips}):
            alone = some.of(condition=language)
            yield Headline(real(sound, language), alone.rates(WORDS))
    yield _other(board, REPEATS, "people")


def _three(board: Board) -> Iterator[Headline]:
    """Each of the three counts as much as the others, whatever its size."""
    some = board.some(lambda clip: clip.material in (DIALECTS, ENGINE) or _noisy(clip))
    for kind, called in _COUNTED:
        rates = some.rates(kind, lambda clip: clip.material)
        yield Headline(called(THREE), rates if len(rates.groups) == 3 else Resampled([], [], []))


def _switches(board: Board) -> Iterator[Headline]:
    for sound in (CLEAN, NOISY):
        some = board.of(sound=sound)
        yield Headline(f"word errors, people switching, {sound}", some.rates(WORDS, by_condition))
    yield Headline(f"{SWITCHED.name}, people switching", board.rates(SWITCHED))
    yield Headline(f"{SWITCHES.name}, people switching", board.rates(SWITCHES), unit="a sentence")


def _wordless(board: Board) -> Iterator[Headline]:
    for kind in dict.fromkeys(clip.condition for clip in board.clips):
        some = board.of(condition=kind)
        yield Headline(wordless(kind), some.rates(ANY), share=True)


def _other(board: Board, kind: Kind, name: str) -> Headline:
    return Headline(f"{kind.name}, {name}", board.rates(kind, by_condition))


def _noisy(clip: Clip) -> bool:
    return clip.material == REAL and clip.sound == NOISY
