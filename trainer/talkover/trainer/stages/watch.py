"""Guard sets, read by the policy while it learns; what follows is decided in ``guards``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Final

import jiwer
import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import JsonValue

from talkover.core.clock import FRAME, RATE
from talkover.core.listener import LONGEST, WindowRule
from talkover.trainer.data.lines import mixed
from talkover.trainer.data.texts import Split
from talkover.trainer.evaluation.scoring import normalise
from talkover.trainer.overlap.sounds import coloured, quick_size
from talkover.trainer.policy.model import Policy
from talkover.trainer.policy.sampling import sample
from talkover.trainer.policy.tuning import folded
from talkover.trainer.policy.windows import Windows
from talkover.trainer.stages.guards import (
    CLEAN,
    NOISY,
    Counts,
    Course,
    Sets,
    broken,
    figures_of,
    name_of,
)
from talkover.trainer.stages.people import heard, prompts_of
from talkover.trainer.stages.step import Look, Verdict
from talkover.trainer.stages.tables import GuardSettings, WindowSettings

_AT_ONCE: Final = 8
_SLOPE: Final = 1.0  # of the noise: as much in every octave
_FEWEST: Final = 16
"""Samples of a sound, so that there is something to lay noise over."""


@dataclass(frozen=True, slots=True, eq=False)
class Guarded:
    """An utterance of a guard set.

    Attributes:
        group: Of its language and sound.
        language: ISO 639-1.
        text: What is said.
        pcm: float32 [n] at 16 kHz.
    """

    group: str
    language: str
    text: str
    pcm: NDArray[np.float32]


def guard_sets(guards: GuardSettings) -> list[Guarded]:
    """Prompts of the validation split, each clean and under noise that is the same every time.

    Raises:
        ConfigError: there are no recordings of people on this machine.
    """
    found = []
    for language in guards.languages:
        # In the order of their hashes: any number of them is a fair draw, and always the same.
        prompts = sorted(
            prompts_of(language, Split.VALIDATION),
            key=lambda one: sha256(one.name.encode()).digest(),
        )
        for prompt in prompts[: guards.count]:
            said = heard(prompt)
            random = np.random.default_rng(list(sha256(said.name.encode()).digest()[:8]))
            size = quick_size(max(len(said.pcm), _FEWEST))
            over = mixed(said.pcm, coloured(size, _SLOPE, random), guards.snr)
            for sound, pcm in ((CLEAN, said.pcm), (NOISY, over)):
                found.append(Guarded(name_of(language, sound), language, said.text, pcm))
    return found


def read_sets(
    policy: Policy,
    utterances: Sequence[Guarded],
    rule: WindowRule,
    tick: Callable[[int], None] = lambda _count: None,
) -> dict[str, Counts]:
    """What a policy makes of guard sets, greedily.

    Args:
        policy: Reads.
        utterances: Of all sets.
        rule: The window that each is shown.
        tick: Told how many more were read.
    """
    ordered = sorted(utterances, key=lambda one: (rule.window(len(one.pcm)), len(one.text)))
    counts = {one.group: Counts() for one in utterances}
    at = 0
    with folded(policy):
        while at < len(ordered):
            window = rule.window(len(ordered[at].pcm))
            near = ordered[at : at + _AT_ONCE]
            some = [one for one in near if rule.window(len(one.pcm)) == window]
            for one, (text, ended) in zip(some, _written(policy, some, window), strict=True):
                counts[one.group] += count(one.text, text, one.language, ended=ended)
            at += len(some)
            tick(len(some))
    return counts


def count(said: str, written: str, language: str, *, ended: bool) -> Counts:
    """What is wrong with one text.

    Args:
        said: What it should be.
        written: What it is.
        language: Decides how texts are normalised.
        ended: Whether the model ended it, rather than a bound or a loop.
    """
    reference = normalise(said, language)
    if not reference:  # jiwer has no answer then
        return Counts(texts=1, loops=int(not ended))
    found = jiwer.process_words(reference, normalise(written, language))
    words = found.hits + found.substitutions + found.deletions
    errors = found.substitutions + found.deletions + found.insertions
    return Counts(words, min(errors, words), found.deletions, 1, int(not ended))


class GuardWatch:
    """Looks at the guard sets every so many steps.

    Args:
        policy: That learns.
        utterances: Of the guard sets.
        stock: What the stock model made of them; of no sets where nobody looks.
        guards: When to look, and what may not be.
        windows: The steps of the windows.
        start: The step to begin with: the one that a stage before has proven.
    """

    def __init__(
        self,
        policy: Policy,
        utterances: Sequence[Guarded],
        stock: Sets,
        guards: GuardSettings,
        windows: WindowSettings,
        *,
        start: int = 0,
    ) -> None:
        self._policy, self._utterances, self._stock = policy, utterances, stock
        self._guards, self._settings = guards, windows
        self._course = Course(start, len(windows.shortest) - 1)
        self._proven = start

    @property
    def windows(self) -> Windows:
        """Of the step that was reached."""
        rule = self._settings.rule(self._course.step)
        return Windows(rule.minimum, round(self._settings.longest * RATE), rule.margin)

    @property
    def proven(self) -> int:
        """The step of the shortest windows on which the guards held, else the one begun with."""
        return min(self._proven, self._course.last)

    def look(self, step: int, figures: Mapping[str, float], *, last: bool) -> Look:
        """See ``Watch``; what a step told does not count here."""
        del figures
        every = self._guards.every
        if not every or (step % every and not last):
            return Look()
        at = self._course.step
        sets = read_sets(self._policy, self._utterances, self._settings.rule(at))
        wrong = broken(sets, self._stock, self._guards)
        if step < self._guards.after and not last:
            return Look(figures=figures_of(sets), reason="; ".join(wrong))
        self._course, verdict = self._course.after(wrong, self._settings, self._guards)
        if verdict is Verdict.GOOD:
            self._proven = at
        return Look(verdict, figures_of(sets), "; ".join(wrong))

    def state_dict(self) -> dict[str, JsonValue]:
        """Where the windows are."""
        return {**self._course.state(), "proven": self._proven}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go there."""
        self._course, self._proven = Course.of(state), int(state["proven"])


def to_json(sets: Sets) -> dict[str, JsonValue]:
    """Counts, to be kept with a run."""
    return {name: asdict(counts) for name, counts in sets.items()}


def from_json(given: Mapping[str, Any]) -> dict[str, Counts]:
    """Counts that were kept."""
    return {name: Counts(**counts) for name, counts in given.items()}


def stock_rule(guards: GuardSettings) -> WindowRule:
    """The window on which the stock model reads, whatever it reads."""
    size = round(guards.stock * RATE) // FRAME * FRAME
    return WindowRule(minimum=size, sizes=tuple(sorted({size, LONGEST})))


@torch.no_grad()
def _written(policy: Policy, some: Sequence[Guarded], window: int) -> list[tuple[str, bool]]:
    """The likeliest text of each, and whether the model ended it; in float32, as it is judged."""
    bf16, policy.bf16 = policy.bf16, False
    try:
        features = policy.see([one.pcm for one in some], window)
        seen = policy.hear(features, [one.language for one in some])
        drawn = sample(policy, seen, 1, seed=0, temperature=0)
    finally:
        policy.bf16 = bf16
    texts = [policy.tokens.text(row) for row in drawn.written.rows()]
    return list(zip(texts, drawn.complete.tolist(), strict=True))
