"""Judge a bundle: measure it beside the one that is served, and decide."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from talkover.core.errors import BundleError, ModelError
from talkover.trainer.gate.decision import gate
from talkover.trainer.gate.material import Amount, Material, Tick, gather
from talkover.trainer.gate.measure import measure, peak_megabytes
from talkover.trainer.gate.verdict import Figures, Limits, Verdict, unfit


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of it.

    Attributes:
        verdict: Whether the candidate may take the current bundle's place.
        candidate: What was measured of it; None: it could not be loaded.
        current: The same of the bundle that is served.
    """

    verdict: Verdict
    candidate: Figures | None = None
    current: Figures | None = None


def judge(
    candidate: Path,
    current: Path,
    *,
    material: Material | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    tick: Tick = lambda: None,
) -> Judgement:
    """Judge a candidate as it is exported, beside the bundle that is served.

    Args:
        candidate: Folder of a bundle that has been verified.
        current: The same of the one whose place it wants.
        material: What both hear; None: the gate's own, which is kept for the next judgement.
        limits: How much worse the candidate may be.
        seed: Of the gate's own material.
        tick: Told after each sound that both have heard.

    Raises:
        BundleError: the current bundle cannot be loaded.
        ConfigError: what the material is made with is not installed.
    """
    heard = material or own_material(Amount(), seed)
    other = peak_megabytes(current)  # a fault of the current bundle is not the candidate's
    try:
        peaks = peak_megabytes(candidate), other
        ours, theirs = measure([candidate, current], peaks, heard, tick=tick)
    except (BundleError, ModelError) as error:
        return Judgement(unfit(str(error)))
    return Judgement(gate(ours, theirs, limits), ours, theirs)


@lru_cache(maxsize=2)
def own_material(amount: Amount, seed: int) -> Material:
    """What the gate hears where nothing else is given; made once for as many judgements as come.

    Raises:
        ConfigError: an engine is not installed, or there are no recordings of people.
        DataError: there is no music here.
    """
    return gather(amount, seed=seed)
