"""How fast rewards come, on transcripts that are wrong in the ways that samples of a model are."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from talkover.core.report import Measure
from talkover.trainer.data.switching.patterns import draw
from talkover.trainer.data.switching.tokens import PAIRS, Pattern
from talkover.trainer.data.texts import Random, Split, Theme, draw_text
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.scoring import Pair, Scorer

BAR: Final = 2_000.0
"""Rewards a second that one core has to give."""
SAMPLES: Final = 4
"""Transcripts of an utterance."""
_TOGETHER: Final = 8
"""Utterances of a step."""
_SWITCHED: Final = 0.25
"""Share of the utterances that go from one language to another."""
_EDITS: Final = 4
_ACCENTS: Final = ("first", "second", "third", "fourth")
Step = Callable[[], None]
"""Told that an utterance is done."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said, and what a model might make of it."""

    reference: Reference
    transcripts: tuple[str, ...]

    @property
    def pairs(self) -> list[Pair]:
        """To be scored."""
        return [(self.reference, transcript) for transcript in self.transcripts]


def utterances(count: int, seed: int) -> list[Utterance]:
    """English ones and code-switched ones, each transcript with one to three wrong words."""
    random = np.random.default_rng(seed)
    said = [_said(random) for _ in range(count)]
    others = [word for words in said for word, _ in words]
    return [
        Utterance(
            Reference.of(words),
            tuple(_misheard([word for word, _ in words], others, random) for _ in range(SAMPLES)),
        )
        for words in said
    ]


def measure(
    chosen: Sequence[Utterance], policy: RewardPolicy, step: Step = lambda: None
) -> list[Measure]:
    """Score them in several ways.

    Rates are by the time that this process has the processor for, so that others who use it do not
    slow them; only reading new words, which eSpeak does in a process of its own, is by the clock.

    Args:
        chosen: To be scored.
        policy: That scores.
        step: Called for each utterance, four times.
    """
    steps = [chosen[begin : begin + _TOGETHER] for begin in range(0, len(chosen), _TOGETHER)]
    scorer = Scorer(policy, remembered=0)
    begun = time.perf_counter()
    _score(scorer, steps, step)
    first = time.perf_counter() - begun
    count = sum(len(one.transcripts) for one in chosen)
    together = _rate(count, lambda: _score(scorer, steps, step))
    single = _rate(count, lambda: _score(scorer, [[one] for one in chosen], step))
    agreed = _rate(count, lambda: _agree(scorer, chosen, step))
    unit = "/s of a core"
    return [
        Measure(
            "rewards, by the step", together, unit, count, bar=f">= {BAR:g}", met=together >= BAR,
            note=f"{_TOGETHER} utterances x {SAMPLES} transcripts at once, all words known",
        ),
        Measure("rewards, by the utterance", single, unit, count, note=f"{SAMPLES} at once"),
        Measure("rewards with agreement", agreed, unit, count, note=f"{SAMPLES} accents at once"),
        Measure("rewards, nothing known", count / first, "/s", count, note="by the clock"),
    ]  # fmt: skip


def _score(scorer: Scorer, steps: Sequence[Sequence[Utterance]], step: Step) -> None:
    for some in steps:
        scorer.score_all([pair for one in some for pair in one.pairs])
        for _ in some:
            step()


def _agree(scorer: Scorer, chosen: Sequence[Utterance], step: Step) -> None:
    for one in chosen:
        scorer.score_accents(one.reference, list(zip(_ACCENTS, one.transcripts, strict=True)))
        step()


def _rate(count: int, work: Callable[[], None]) -> float:
    begun = time.process_time()
    work()
    return count / (time.process_time() - begun)


def _said(random: Random) -> list[tuple[str, str]]:
    if random.random() < _SWITCHED:
        pair, pattern = str(random.choice(PAIRS)), Pattern(str(random.choice(list(Pattern))))
        drawn = draw(pair, pattern, Split.TRAIN, random)
        return [(token.text, token.language) for token in drawn.tokens]
    text = draw_text(Theme(str(random.choice(list(Theme)))), Split.TRAIN, random)
    return [(word, "en") for word in text.split()]


def _misheard(words: list[str], others: Sequence[str], random: Random) -> str:
    heard = list(words)
    for _ in range(int(random.integers(1, _EDITS))):
        place = int(random.integers(len(heard) + 1))
        other = others[int(random.integers(len(others)))]
        kept = int(random.integers(2))  # in its place, or beside
        heard[place : place + 1 - kept] = [other] if random.random() < 0.7 else []
    return " ".join(heard)
