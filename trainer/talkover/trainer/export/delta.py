"""A policy into a delta to the base weights, and what it costs to keep no more than that."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from talkover.core.listener import VARIANTS
from talkover.core.listener.build import read_config, write_listener
from talkover.core.listener.ct2 import read_ct2
from talkover.core.listener.delta import BUDGET, changes_between, lost, merged
from talkover.core.listener.deltafile import About, Delta
from talkover.core.listener.tokens import TOKENIZER_FILE, read_tokenizer
from talkover.core.report import Measure
from talkover.core.weights.changes import LARGEST
from talkover.core.weights.disk import sha256_of
from talkover.trainer.evaluation.readings import identity
from talkover.trainer.evaluation.scoring import error_rates
from talkover.trainer.export.origin import Origin
from talkover.trainer.export.parity import POLICY, Parity, difference
from talkover.trainer.export.reading import Sides
from talkover.trainer.export.run import Tell, as_learnt, golden_of
from talkover.trainer.policy.model import Policy
from talkover.trainer.stages.example import Example

LOSS: Final = 1.0
"""Points of word errors that the merged weights may have more than the policy's own: one word of a
hundred, on utterances that are few."""
_MODEL: Final = "model.bin"


@dataclass(frozen=True, slots=True)
class Made:
    """A delta, and what was measured of it.

    Attributes:
        delta: To be written.
        parity: The graphs of the merged weights beside the policy.
    """

    delta: Delta
    parity: Parity


def make_delta(
    policy: Policy,
    origin: Origin,
    base: Path,
    examples: Sequence[Example],
    work: Path,
    *,
    budget: int = BUDGET,
    tell: Tell = lambda _phrase, _done: None,
) -> Made:
    """What a policy's weights changed in the base's, measured as it will be merged.

    Args:
        policy: In float32.
        origin: Where it comes from.
        base: Base weights, as ``talkover models pull`` leaves them.
        examples: That the policy and the merged graphs are compared on.
        work: An empty folder that the merged listener is built in.
        budget: Bytes of the delta's arrays.
        tell: Told what is going on.

    Raises:
        WeightsError: the base is of another shape, or the budget is too small.
        ConfigError: what the examples are made with is not installed.
    """
    tell("finding what changed", 0.0)
    before, after = read_ct2(base / _MODEL), policy.weights()
    changes = changes_between(before, after, budget=budget)
    about = About(
        base=sha256_of(base / _MODEL),
        run=origin.run,
        stage=origin.stage,
        lost=lost(before, after, changes),
        window=origin.window,
        empty=policy.tokens.end not in policy.tokens.suppress_begin,
        card=origin.card,
    )
    stock = read_config(base / "config.json", read_tokenizer(base))
    config = as_learnt(stock, policy, origin)
    whole = merged(before, changes)
    write_listener(whole, config, base / TOKENIZER_FILE, work, lambda p, d: tell(p, 0.2 + 0.3 * d))
    sides = Sides(policy, work, origin.window)
    parity = sides.compare(examples, lambda: tell("comparing", 0.6))
    tell("recording golden outputs", 0.9)
    golden = golden_of(work, VARIANTS)
    return Made(Delta(about.model_copy(update={"golden": golden}), changes), parity)


def measures(made: Made, size: int) -> list[Measure]:
    """The table.

    Args:
        made: The delta.
        size: Bytes of its file.
    """
    about, parity = made.delta.about, made.parity
    note = "of the merged graphs; windows of the listener's rule"
    megabytes, most = size / 1e6, LARGEST / 1e6
    bar = f"<= {most:g}"
    count = len(made.delta.changes)
    return [
        Measure("size", megabytes, "MB", n=count, bar=bar, met=megabytes <= most, note="arrays"),
        Measure("lost of what changed", 100 * about.lost, "%", n=count, note="by norm"),
        identity("same tokens as the policy, fp32", parity.comparisons, bar=None, note=note),
        *error_rates(parity.scores, (POLICY, *VARIANTS)),
        difference(parity, POLICY, "fp32", LOSS),
        difference(parity, "fp32", "int8"),
    ]
