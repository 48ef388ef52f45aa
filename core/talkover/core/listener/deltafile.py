"""A delta as one file: safetensors, with what must be known of it in the header."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from talkover.core.listener.config import WindowRule
from talkover.core.listener.golden import GoldenOutput
from talkover.core.weights.changes import (
    Changes,
    arrays_of,
    changes_of,
    naming_the_cure,
    read_arrays,
    write_arrays,
)

SHIPPED: Final = Path(__file__).parent / "trained" / "listener-delta.safetensors"
"""Where the one that comes with the package is, if one does; its card is beside it."""
DELTA: Final = "delta"
"""Under this name a part of a bundle has, in its ``variant``, the sha256 of what was merged."""

_KIND: Final = "talkover listener delta 1"


class About(BaseModel):
    """What must be known of a delta.

    Attributes:
        kind: Of the file.
        base: sha256 of the weights that it changes, as they are published.
        run: That made it.
        stage: Of the run.
        lost: Of the change, by norm: 0 to 1.
        window: How much sound the tuned listener is shown.
        empty: Whether it has learnt to write nothing where nobody says anything.
        golden: What it says where it was trained.
        card: How it was trained, on what, and where it is worse: Markdown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: str = Field(_KIND, pattern=f"^{_KIND}$")
    base: str = Field(pattern=r"^[0-9a-f]{64}$")
    run: str = Field(max_length=200)
    stage: str = Field(max_length=50)
    lost: float = Field(ge=0, le=1)
    window: WindowRule = WindowRule()
    empty: bool = False
    golden: tuple[GoldenOutput, ...] = ()
    card: str = Field("", max_length=20_000)


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """What training changed.

    Attributes:
        about: What must be known of it.
        changes: To the base weights.
    """

    about: About
    changes: Changes


def shipped_delta() -> Path | None:
    """What Talkover's own training changed in the listener; None where none comes along."""
    return SHIPPED if SHIPPED.is_file() else None


def write_delta(path: Path, delta: Delta) -> int:
    """Write a delta.

    Args:
        path: Where to; its folder is made if missing.
        delta: To be written.

    Returns:
        Bytes of the file.

    Raises:
        WeightsError: it is larger than a delta may be.
    """
    return write_arrays(path, arrays_of(delta.changes), delta.about.model_dump_json())


def read_delta(path: Path) -> Delta:
    """Read a delta. Nothing in it is believed: sizes, names, types and words are checked.

    Raises:
        WeightsError: it is missing, or is not one; the message says why.
    """
    with naming_the_cure(path, "delta"):
        arrays, told = read_arrays(path)
        about = About.model_validate_json(told)
        return Delta(about, changes_of(arrays))
