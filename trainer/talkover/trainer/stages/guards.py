"""Whether people are still understood: the decision alone, from figures that somebody measured.

The windows become shorter while the guards hold; when they do not, they become longer again, for
good, and training goes back to the last weights at which they held.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from talkover.trainer.stages.step import Verdict
from talkover.trainer.stages.tables import GuardSettings, WindowSettings

CLEAN: Final = "clean"
NOISY: Final = "noisy"


@dataclass(frozen=True, slots=True)
class Counts:
    """What was written of some utterances.

    Attributes:
        words: Of the references.
        errors: Substitutions, deletions and insertions; of an utterance at most as many as it has
            words, so that one loop does not hide all else.
        deletions: Of those.
        texts: Utterances.
        loops: Texts that repeat themselves, or did not end.
    """

    words: int = 0
    errors: int = 0
    deletions: int = 0
    texts: int = 0
    loops: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.words + other.words,
            self.errors + other.errors,
            self.deletions + other.deletions,
            self.texts + other.texts,
            self.loops + other.loops,
        )

    @property
    def error_rate(self) -> float:
        """Points of a hundred words."""
        return 100 * self.errors / max(self.words, 1)

    @property
    def deletion_rate(self) -> float:
        """Points of a hundred words."""
        return 100 * self.deletions / max(self.words, 1)

    @property
    def loop_rate(self) -> float:
        """Share of the texts."""
        return self.loops / max(self.texts, 1)


Sets = Mapping[str, Counts]
"""Guard sets by ``name_of`` their language and sound."""


def name_of(language: str, sound: str) -> str:
    """What a guard set is called."""
    return f"{language}/{sound}"


def figures_of(sets: Sets) -> dict[str, float]:
    """For a run's figures."""
    whole = sum(sets.values(), Counts())
    rates = {f"guard wer {name}": counts.error_rate for name, counts in sets.items()}
    return {**rates, "guard deletions": whole.deletion_rate, "guard loops": whole.loop_rate}


def broken(sets: Sets, stock: Sets, limits: GuardSettings) -> list[str]:
    """What is worse than the recipe allows, in words; empty: the guards hold.

    Args:
        sets: What the policy wrote.
        stock: What the stock model wrote on its long window, of the same sets.
        limits: How much worse it may be.
    """
    found = []
    for name, counts in sets.items():
        allowed = limits.clean if name.endswith(CLEAN) else limits.noisy
        more = counts.error_rate - stock[name].error_rate
        if more > allowed:
            found.append(f"{name}: {more:+.1f} points of errors (at most {allowed:+g})")
    mine, theirs = (sum(some.values(), Counts()) for some in (sets, stock))
    more = mine.deletion_rate - theirs.deletion_rate
    if more > limits.deletions:
        found.append(f"{more:+.1f} points of deletions (at most {limits.deletions:+g})")
    if mine.loop_rate > max(limits.repetitions, theirs.loop_rate):
        found.append(f"{mine.loop_rate:.1%} of texts loop (at most {limits.repetitions:.1%})")
    return found


@dataclass(frozen=True, slots=True)
class Course:
    """Where the windows are, and how often the guards failed.

    Attributes:
        step: Of the windows.
        last: Step that may be gone to.
        held: Looks in a row at which the guards held on this step.
        strikes: At which they failed with no longer window to go back to.
    """

    step: int = 0
    last: int = 0
    held: int = 0
    strikes: int = 0

    def after(
        self, wrong: Sequence[str], windows: WindowSettings, guards: GuardSettings
    ) -> tuple["Course", Verdict]:
        """How to go on after a look.

        Args:
            wrong: What was ``broken``.
            windows: The steps.
            guards: How many strikes end a stage.
        """
        if wrong and self.step > 0:
            back = self.step - 1
            return Course(back, back, 0, self.strikes), Verdict.BACK
        if wrong:
            struck = replace(self, held=0, strikes=self.strikes + 1)
            over = struck.strikes >= guards.strikes
            return struck, Verdict.STOP if over else Verdict.BACK
        held = self.held + 1
        if held >= windows.holds and self.step < self.last:
            return Course(self.step + 1, self.last, 0, self.strikes), Verdict.GOOD
        return replace(self, held=held), Verdict.GOOD

    def state(self) -> dict[str, int]:
        """As integers."""
        return {"step": self.step, "last": self.last, "held": self.held, "strikes": self.strikes}

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Self:
        """From them."""
        return cls(*(int(state[name]) for name in ("step", "last", "held", "strikes")))
