"""Counts of several readers, clip beside clip. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from talkover.core.report import Resampled
from talkover.trainer.evaluation.accents_scoring import compared
from talkover.trainer.evaluation.trained.clips import Clip
from talkover.trainer.evaluation.trained.counts import Counts
from talkover.trainer.evaluation.trained.permuted import permuted_errors

Chosen = Callable[[Clip], bool]
Grouped = Callable[[Clip], str]
Number = Callable[[Counts], float]


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of errors.

    Attributes:
        name: As people say it.
        errors: Of a clip.
        totals: What there was to get right; nothing: the clip does not count.
        unit: Of the rate; its factor is 100 for ``%``.
    """

    name: str
    errors: Number
    totals: Number
    unit: str = "%"


WORDS: Final = Kind("word errors", lambda one: one.errors, lambda one: one.words)
CAPPED: Final = Kind(
    "word errors, each utterance up to 100 %",
    lambda one: min(one.errors, one.words),
    lambda one: one.words,
)
DELETIONS: Final = Kind("deletions", lambda one: one.deletions, lambda one: one.words)
INSERTIONS: Final = Kind("insertions", lambda one: one.insertions, lambda one: one.words)
PHONES: Final = Kind("phoneme errors", lambda one: one.phone_errors, lambda one: one.phones)
APART: Final = Kind("weighted phoneme errors", lambda one: one.apart, lambda one: one.phones)
REPEATS: Final = Kind("texts that repeat", lambda one: one.repeats, lambda _one: 1)
UNENDED: Final = Kind("texts not ended", lambda one: not one.read.complete, lambda _one: 1)
SWITCHED: Final = Kind(
    "errors on switched words", lambda one: one.switched_errors, lambda one: one.switched
)
SWITCHES: Final = Kind(
    "language-switch errors", lambda one: one.switch_errors, lambda one: one.clip.switches, "each"
)
ANY: Final = Kind("clips with any word", lambda one: one.any_word, lambda _one: 1)
KINDS: Final = (
    *(WORDS, CAPPED, DELETIONS, INSERTIONS, PHONES, APART, REPEATS, UNENDED, SWITCHED),
    SWITCHES,
)


class Board:
    """What readers made of the clips that all of them have read.

    Args:
        counts: By reader, in the order in which they are shown.
    """

    def __init__(self, counts: Mapping[str, Sequence[Counts]]) -> None:
        by_clip = {
            name: {(one.clip.material, one.clip.number): one for one in some}
            for name, some in counts.items()
        }
        common = set.intersection(*(set(some) for some in by_clip.values())) if by_clip else set()
        self.readers = tuple(counts)
        self.rows = {
            name: [some[place] for place in sorted(common)] for name, some in by_clip.items()
        }

    @property
    def clips(self) -> list[Clip]:
        """Those that all have read, in order."""
        first = next(iter(self.rows.values()), [])
        return [one.clip for one in first]

    def some(self, chosen: Chosen) -> "Board":
        """Of some clips alone."""
        return Board(
            {name: [one for one in some if chosen(one.clip)] for name, some in self.rows.items()}
        )

    def of(self, material: str = "", *, sound: str = "", condition: str = "") -> "Board":
        """Of a set, a sound or a condition alone; what is empty does not matter."""
        return self.some(
            lambda clip: (
                material in ("", clip.material)
                and sound in ("", clip.sound)
                and condition in ("", clip.condition)
            )
        )

    def rates(self, kind: Kind, by: Grouped = lambda _clip: "") -> Resampled:
        """A sort of errors by group, pooled in each.

        Args:
            kind: Which.
            by: The group of a clip; all together by default.
        """
        clips = self.clips
        totals = [kind.totals(one) for one in next(iter(self.rows.values()), [])]
        errors = [[kind.errors(one) for one in self.rows[name]] for name in self.readers]
        return Resampled(errors, totals, [by(clip) for clip in clips])

    def talks(self) -> Resampled:
        """Word errors of talks, each lane with one person (cpWER)."""
        whole = self._whole_talks()
        errors, totals = [], [0] * len(whole)
        for name in self.readers:
            rows = {(one.clip.group, one.clip.lane): one for one in self.rows[name]}
            mine = []
            for place, (group, lanes) in enumerate(whole):
                pairs = [
                    compared(rows[group, lane].clip.words, rows[group, lane].read.written)
                    for lane in lanes
                ]
                said, written = (
                    [[word for word, _ in pair[side]] for pair in pairs] for side in (0, 1)
                )
                mine.append(permuted_errors(said, written))
                totals[place] = sum(map(len, said))
            errors.append(mine)
        return Resampled(errors, totals, ["talks"] * len(whole))

    def _whole_talks(self) -> list[tuple[str, list[str]]]:
        """Groups of which every lane was read by all; a talk has two."""
        lanes: dict[str, list[str]] = {}
        for clip in self.clips:
            if clip.group and clip.words:
                lanes.setdefault(clip.group, []).append(clip.lane)
        return [(group, sorted(some)) for group, some in sorted(lanes.items()) if len(some) > 1]
