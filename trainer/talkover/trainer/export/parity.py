"""Whether exported graphs say what the policy says: the decision alone, from readings. Pure.

The float32 graphs must write the policy's own tokens. int8 graphs write others now and then, and
may, as long as the words are as right as before: small models lose more to int8 than they seem to,
most of it as words left out, so what is served is what is measured. That is measured on real people
where there are any: where a listener hears half of the words, as in heavy accents, each rounding
changes some of them, for better or worse, and 0.3 points cannot be seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from talkover.core.errors import ModelError
from talkover.core.listener import VARIANTS, Variant
from talkover.core.report import Measure, paired_bootstrap
from talkover.core.report.stats import Difference
from talkover.trainer.evaluation.readings import Cause, Comparison, identity
from talkover.trainer.evaluation.scoring import Score, error_rates

POLICY: Final = "policy"
"""The name of the policy among the systems; the others are the variants."""
SAME: Final = 99.0
"""Percent of utterances in which fp32 must write the policy's tokens."""
LOSS: Final = 0.3
"""Points of word errors that int8 may have more than fp32."""
TIE: Final = 0.01
"""Nats: where the policy finds two tokens as likely as that, rounding decides."""
ROUNDS: Final = 4
"""Times that more utterances are read where the first did not decide."""


class Precision(StrEnum):
    """What shall be exported."""

    AUTO = "auto"
    FP32 = "fp32"
    INT8 = "int8"


@dataclass(frozen=True, slots=True)
class Parity:
    """What was compared.

    Attributes:
        comparisons: fp32 beside the policy, one an utterance; ties count as the same.
        scores: Of the policy and of both variants, in the same order.
        recorded: Which utterances are real people's, in the same order.
    """

    comparisons: tuple[Comparison, ...] = ()
    scores: tuple[Score, ...] = ()
    recorded: tuple[bool, ...] = ()

    @property
    def same(self) -> float:
        """Percent of utterances in which fp32 wrote the policy's tokens.

        What a listener does beside its graphs is no difference between them: it cuts loops, bounds
        texts and drops what it takes for silence.
        """
        others = sum(one.cause is Cause.CHOICE for one in self.comparisons)
        return 100 * (1 - others / len(self.comparisons))

    @property
    def people(self) -> "Parity":
        """Of real people alone; all of it where there are none."""
        kept = [at for at, recorded in enumerate(self.recorded) if recorded]
        if not kept:
            return self
        return Parity(
            tuple(self.comparisons[at] for at in kept),
            tuple(self.scores[at] for at in kept),
            (True,) * len(kept),
        )

    @property
    def loss(self) -> Difference:
        """Word errors of int8 minus those of fp32, a word, of real people where there are any."""
        return self.people.between("fp32", "int8")

    def between(self, first: str, second: str) -> Difference:
        """Word errors of the second system minus those of the first, a word."""
        words = [score.words for score in self.scores]
        before, after = ([score.errors[name] for score in self.scores] for name in (first, second))
        return paired_bootstrap(before, after, words)

    @property
    def faithful(self) -> bool:
        """fp32 says what the policy says."""
        return self.same >= SAME

    @property
    def harmless(self) -> bool:
        """int8 costs no more words than it may."""
        return 100 * self.loss.value <= LOSS

    @property
    def harmful(self) -> bool:
        """int8 costs more words than it may, and that is no luck."""
        low, _ = self.loss.interval or (0.0, 0.0)
        return 100 * low > LOSS

    @property
    def settled(self) -> bool:
        """More utterances would hardly change what is decided: all is well, or int8 is surely not.

        One word in 300 is the whole of what int8 may lose, so a few utterances cannot tell.
        """
        return self.faithful and (self.harmless or self.harmful)

    def __add__(self, other: "Parity") -> "Parity":
        return Parity(
            self.comparisons + other.comparisons,
            self.scores + other.scores,
            self.recorded + other.recorded,
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """What is exported.

    Attributes:
        variants: Of the graphs.
        word: Why, for people.
    """

    variants: tuple[Variant, ...]
    word: str


def choose(parity: Parity, precision: Precision, *, gated: bool = False) -> Choice:
    """Decide what is exported.

    Args:
        parity: What was compared.
        gated: A gate follows, which measures what is served: int8 is refused only where it is
            surely harmful. Without one it is refused unless it is found harmless.
        precision: What was asked for. ``AUTO``: both, or fp32 alone where int8 is refused.
            ``INT8``: both, or nothing. ``FP32``: fp32 alone.

    Raises:
        ModelError: fp32 does not say what the policy says, or int8 alone would do and is refused.
    """
    if not parity.faithful:
        raise ModelError(
            f"the exported fp32 listener writes the policy's tokens in {parity.same:.1f} % of "
            f"{len(parity.comparisons)} utterances, and {SAME:g} % is the least; nothing is "
            "exported. See which in the report: talkover train export --json FILE"
        )
    if precision is Precision.FP32:
        return Choice(("fp32",), "fp32 alone, as asked for")
    found = f"int8 has {100 * parity.loss.value:+.2f} points of word errors against fp32"
    bar = f"{LOSS:g} may be ({len(parity.people.scores)} utterances)"
    if parity.harmless:
        return Choice(VARIANTS, f"{found}; {bar}")
    if gated and not parity.harmful:
        return Choice(VARIANTS, f"{found}; {bar}: too few to tell, so the gate decides")
    if precision is Precision.INT8:
        raise ModelError(
            f"{found}, {bar}: int8 is refused and nothing is exported; use --precision auto or "
            "fp32, or train on"
        )
    return Choice(("fp32",), f"{found}, {bar}: int8 is refused, fp32 is exported alone")


def measures(parity: Parity) -> list[Measure]:
    """The table."""
    note = "windows of the listener's rule"
    same = identity("same tokens as the policy, fp32", parity.comparisons, bar=None, note=note)
    ties = Measure(
        "the same but for ties and cuts",
        parity.same,
        "%",
        n=len(parity.comparisons),
        bar=f">= {SAME:g}",
        met=parity.faithful,
        note=f"a tie: the policy prefers its own token by less than {TIE:g} nats",
    )
    int8 = difference(parity.people, "fp32", "int8", LOSS)
    return [same, ties, *error_rates(parity.scores, (POLICY, *VARIANTS)), int8]


def difference(parity: Parity, first: str, second: str, most: float | None = None) -> Measure:
    """How many points of word errors the second system has more than the first.

    Args:
        parity: What was compared.
        first: The name of a system.
        second: That of another.
        most: Points that there may be; None: it only informs.
    """
    found = parity.between(first, second)
    value, interval = 100 * found.value, found.interval
    return Measure(
        f"word error rate, {second} minus {first}",
        value,
        "points",
        n=len(parity.scores),
        interval=(100 * interval[0], 100 * interval[1]) if interval else None,
        bar=None if most is None else f"<= {most:g}",
        met=None if most is None else value <= most,
        note="paired bootstrap over utterances",
    )


def figures(parity: Parity, variants: Sequence[Variant]) -> dict[str, float]:
    """For the manifest of a bundle."""
    words = sum(score.words for score in parity.scores)
    rates = {
        f"parity.wer.{name}": 100 * sum(score.errors[name] for score in parity.scores) / words
        for name in (POLICY, *variants)
    }
    return {"parity.utterances": len(parity.scores), "parity.same": parity.same, **rates}
