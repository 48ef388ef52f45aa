"""What training to see changed in a brain, and the projector that it is shown pictures through.

Names of changes are those of the GGUF file. The file is one of ``talkover.core.weights.changes``.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from talkover.core.brain.projector import Weights, check_projector
from talkover.core.brain.sight import Sight
from talkover.core.brain.weights import GgufWeights
from talkover.core.errors import WeightsError
from talkover.core.weights.changes import (
    Arrays,
    Changes,
    arrays_of,
    changes_of,
    naming_the_cure,
    read_arrays,
    write_arrays,
)
from talkover.core.weights.disk import sha256_of

SHIPPED: Final = Path(__file__).parent / "trained" / "sight-delta.safetensors"
"""Where the one that comes with the package is, if one does; its card is beside it."""

_KIND: Final = "talkover sight delta 1"
_PROJECTOR: Final = "projector/"
_CHANGES: Final = "changes/"


class About(BaseModel):
    """What must be known of a delta.

    Attributes:
        kind: Of the file.
        base: sha256 of the GGUF file that it changes.
        eyes: Names the features that it was trained with: a seer's ``features``.
        sight: What its projector takes and gives.
        run: That made it.
        accuracy: Share of held-out questions that were answered right after training, 0 to 1.
        card: How it was trained, on what, and where it is weak: Markdown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: str = Field(_KIND, pattern=f"^{_KIND}$")
    base: str = Field(pattern=r"^[0-9a-f]{64}$")
    eyes: str = Field(max_length=200)
    sight: Sight
    run: str = Field(max_length=200)
    accuracy: float = Field(ge=0, le=1)
    card: str = Field("", max_length=20_000)


@dataclass(frozen=True, slots=True, eq=False)
class SightDelta:
    """What a brain needs to see.

    Attributes:
        about: What must be known of it.
        changes: To the brain's matrices.
        projector: Its weights, by the names of ``talkover.core.brain.projector``.
    """

    about: About
    changes: Changes
    projector: Weights


class TunedWeights(GgufWeights):
    """The weights of a GGUF file with what training changed.

    Args:
        path: Of the file.
        delta: What changed.

    Raises:
        WeightsError: the file cannot be used, or the delta is of another.
    """

    def __init__(self, path: Path, delta: SightDelta) -> None:
        super().__init__(path)
        if sha256_of(path) != delta.about.base:
            raise WeightsError(
                f"the sight delta of run {delta.about.run} is of other weights than {path.name}; "
                "train one for these, or build without: talkover models build --stock"
            )
        check_projector(delta.projector, delta.about.sight, self.architecture().width)
        self._changes = delta.changes

    def matrix(self, name: str) -> NDArray[np.float32]:
        """One tensor with what changed in it.

        Raises:
            WeightsError: there is no such tensor, or the change does not fit to it.
        """
        base = super().matrix(name)
        if name not in self._changes:
            return base
        try:
            return base + self._changes[name].whole(base.shape)
        except ValueError:
            raise WeightsError(f"the delta's {name} does not fit to the base weights") from None


def shipped_sight() -> Path | None:
    """What Talkover's own training changed in the brain; None where none comes along."""
    return SHIPPED if SHIPPED.is_file() else None


def write_sight(path: Path, delta: SightDelta) -> int:
    """Write a delta; its folder is made if missing.

    Returns:
        Bytes of the file.

    Raises:
        WeightsError: it is larger than a delta may be; train with a lower rank.
    """
    arrays: dict[str, NDArray[Any]] = {
        f"{_PROJECTOR}{name}": array.astype(np.float16) for name, array in delta.projector.items()
    }
    arrays |= {f"{_CHANGES}{name}": array for name, array in arrays_of(delta.changes).items()}
    return write_arrays(path, arrays, delta.about.model_dump_json())


def read_sight(path: Path) -> SightDelta:
    """Read a delta. Nothing in it is believed: sizes, names, types and words are checked.

    Raises:
        WeightsError: it is missing, or is not one; the message says why.
    """
    with naming_the_cure(path, "sight delta"):
        arrays, told = read_arrays(path)
        about = About.model_validate_json(told)
        projector, changes = _apart(arrays)
        return SightDelta(about, changes_of(changes), projector)


def _apart(arrays: Arrays) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[Any]]]:
    """The projector's, and those that changes are made of."""
    projector: dict[str, NDArray[np.float32]] = {}
    changes: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        if name.startswith(_PROJECTOR):
            projector[name.removeprefix(_PROJECTOR)] = _finite(array)
        elif name.startswith(_CHANGES):
            changes[name.removeprefix(_CHANGES)] = array
        else:
            raise ValueError(f"{name} is not known")
    return projector, changes


def _finite(array: NDArray[Any]) -> NDArray[np.float32]:
    if array.dtype != np.float16 or not np.isfinite(array).all():
        raise ValueError("no weights of a projector")
    return array.astype(np.float32)
