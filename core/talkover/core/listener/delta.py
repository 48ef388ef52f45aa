"""What training changed in a listener's weights, small enough to come with the package.

A tuned matrix is its base and a difference. Training by LoRA (Hu et al. 2021) makes differences of
a low rank, and what fine-tuning of all weights does is mostly of a low rank, too (Aghajanyan et al.
2021). So a difference is kept as its first singular components. How many a matrix gets follows
from one budget for all: the components that change most for their bytes come first. Vectors, such
as biases, are kept whole.

Names here are those of ``transformers``, which keep apart what ours join: joined matrices would
need more components.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import WeightsError
from talkover.core.listener.weights import Weights, from_state_dict, to_state_dict
from talkover.core.weights.changes import Change, Changes, LowRank, Plain, low_rank

BUDGET: Final = 9_500_000
"""Bytes of a whole delta, where nothing else is said: with its words it stays below 10 MB."""

_SCALE_BYTES: Final = 4
_ENOUGH: Final = 1e-6
"""Share of all change (of its square) that need not be kept: int8 loses more than that."""
_TIED: Final = "proj_out.weight"  # the embeddings once more


@dataclass(frozen=True, slots=True, eq=False)
class _Spectrum:
    """A matrix by its singular values, the largest first."""

    left: NDArray[np.float64]
    values: NDArray[np.float64]
    right: NDArray[np.float64]

    @property
    def cost(self) -> int:
        """Bytes of a component."""
        return int(self.left.shape[0] + self.right.shape[1] + _SCALE_BYTES)


def changes_between(base: Weights, tuned: Weights, *, budget: int = BUDGET) -> dict[str, Change]:
    """What must be added to base weights to have the tuned ones, as nearly as the budget allows.

    Args:
        base: Under the names of ``talkover.core.listener.weights``.
        tuned: The same, of the same shape.
        budget: Bytes of all arrays together, at most.

    Returns:
        What changed; what did not is not in it.

    Raises:
        WeightsError: the two are not of the same shape, or vectors alone are beyond the budget.
    """
    differences = _differences(base, tuned)
    found: dict[str, Change] = {
        name: Plain(one.astype(np.float16)) for name, one in differences.items() if one.ndim == 1
    }
    left = budget - sum(one.values.nbytes for one in found.values() if isinstance(one, Plain))
    if left < 0:
        raise WeightsError(f"a delta of {budget} bytes is too small; allow more of them")
    spectra = {
        name: _spectrum(one.reshape(len(one), -1).astype(np.float64))
        for name, one in differences.items()
        if one.ndim > 1
    }
    for name, rank in _ranks(spectra, left).items():
        found[name] = _quantised(spectra[name], rank)
    return found


def merged(base: Weights, changes: Changes) -> Weights:
    """Base weights with what training changed.

    Args:
        base: Under the names of ``talkover.core.listener.weights``.
        changes: To them.

    Returns:
        float32, under the same names.

    Raises:
        WeightsError: the changes are not of these weights.
    """
    state = to_state_dict(base)
    for name, change in changes.items():
        if name not in state or name == _TIED:
            raise WeightsError(f"the delta changes {name}, which the base weights have not")
        try:
            state[name] = state[name] + change.whole(state[name].shape)
        except ValueError:
            raise WeightsError(f"the delta's {name} does not fit to the base weights") from None
    return from_state_dict(state)


def lost(base: Weights, tuned: Weights, changes: Changes) -> float:
    """How much of the change is not kept: the norm of what is missing by that of all change.

    Args:
        base: Before training.
        tuned: After it.
        changes: What is kept.
    """
    missing = whole = 0.0
    for name, one in _differences(base, tuned).items():
        kept = changes[name].whole(one.shape) if name in changes else 0.0
        missing += float(np.sum(np.square(one - kept, dtype=np.float64)))
        whole += float(np.sum(np.square(one, dtype=np.float64)))
    return float(np.sqrt(missing / whole)) if whole else 0.0


def _differences(base: Weights, tuned: Weights) -> dict[str, NDArray[np.float32]]:
    """By name, where there is any."""
    before, after = to_state_dict(base), to_state_dict(tuned)
    if {n: a.shape for n, a in before.items()} != {n: a.shape for n, a in after.items()}:
        raise WeightsError("the tuned weights are of another model than the base; name its base")
    changed = {name: after[name] - array for name, array in before.items() if name != _TIED}
    return {name: one for name, one in changed.items() if one.any()}


def _spectrum(matrix: NDArray[np.float64]) -> _Spectrum:
    """Singular values and vectors, from the eigenvalues of the smaller of the two squares.

    That halves the digits of what is small, and nobody keeps what is small; the table of embeddings
    takes a second so.
    """
    if matrix.shape[0] < matrix.shape[1]:
        turned = _spectrum(matrix.T)
        return _Spectrum(turned.right.T, turned.values, turned.left.T)
    squares, vectors = np.linalg.eigh(matrix.T @ matrix)
    order = np.argsort(squares)[::-1]
    values = np.sqrt(np.maximum(squares[order], 0.0))
    right = vectors[:, order]
    left = matrix @ right / np.where(values > 0, values, 1.0)
    return _Spectrum(left, values, right.T)


def _ranks(spectra: Mapping[str, _Spectrum], budget: int) -> dict[str, int]:
    """How many components each matrix gets; those that get none are left out."""
    offers = sorted(
        (
            (float(value * value), spectrum.cost, name)
            for name, spectrum in spectra.items()
            for value in spectrum.values
        ),
        key=lambda offer: (-offer[0] / offer[1], offer[2]),
    )
    ranks: dict[str, int] = {}
    missing = sum(energy for energy, _, _ in offers)
    enough = _ENOUGH * missing
    for energy, cost, name in offers:
        if missing <= enough or cost > budget:
            break
        budget, missing = budget - cost, missing - energy
        ranks[name] = ranks.get(name, 0) + 1
    return ranks


def _quantised(spectrum: _Spectrum, rank: int) -> LowRank:
    return low_rank(spectrum.left[:, :rank], spectrum.right[:rank], spectrum.values[:rank])
