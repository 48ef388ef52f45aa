"""A delta as one file: safetensors, with what must be known of it in the header."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from talkover.core.errors import WeightsError
from talkover.core.listener.config import WindowRule
from talkover.core.listener.delta import Change, Changes, LowRank, Plain
from talkover.core.listener.golden import GoldenOutput
from talkover.core.weights.disk import write_atomically

LARGEST: Final = 10_000_000
"""Bytes of a file, at most: it comes with the source."""
SHIPPED: Final = Path(__file__).parent / "trained" / "listener-delta.safetensors"
"""Where the one that comes with the package is, if one does; its card is beside it."""
DELTA: Final = "delta"
"""Under this name a bundle's listener has, in its ``variant``, the sha256 of what was merged."""

_KIND: Final = "talkover listener delta 1"
_ABOUT: Final = "about"
_HEADER: Final = 8  # bytes that tell how long the header is
_UP, _DOWN, _SCALE, _PLAIN = "up", "down", "scale", "plain"


class About(BaseModel):
    """What must be known of a delta.

    Attributes:
        kind: Of the file.
        base: sha256 of the weights that it changes, as they are published.
        run: That made it.
        stage: Of the run.
        lost: Of the change, by norm: 0 to 1.
        window: How much sound the tuned listener is shown.
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
    arrays: dict[str, NDArray[Any]] = {}
    for name, change in sorted(delta.changes.items()):
        if isinstance(change, Plain):
            arrays[f"{name}/{_PLAIN}"] = change.values
        else:
            arrays[f"{name}/{_UP}"] = change.up
            arrays[f"{name}/{_DOWN}"] = change.down
            arrays[f"{name}/{_SCALE}"] = change.scale
    content = save(
        {name: np.ascontiguousarray(array) for name, array in arrays.items()},
        {_ABOUT: delta.about.model_dump_json()},
    )
    if len(content) > LARGEST:
        raise WeightsError(f"the delta has {len(content)} bytes, {LARGEST} at most; use a budget")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
    return len(content)


def read_delta(path: Path) -> Delta:
    """Read a delta. Nothing in it is believed: sizes, names, types and words are checked.

    Raises:
        WeightsError: it is missing, or is not one; the message says why.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise WeightsError(f"{path} is larger than a delta may be")
        content = path.read_bytes()
        arrays = load(content)
        length = int.from_bytes(content[:_HEADER], "little")
        header = json.loads(content[_HEADER : _HEADER + length])
        about = About.model_validate_json(header["__metadata__"][_ABOUT])
        return Delta(about, _changes(arrays))
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}); fetch it again") from None
    except (SafetensorError, KeyError, TypeError, ValueError, ValidationError) as error:
        reason = type(error).__name__
        raise WeightsError(
            f"{path} is no delta of this version ({reason}); fetch it again, or train one"
        ) from None


def _changes(arrays: dict[str, NDArray[Any]]) -> dict[str, Change]:
    kinds: dict[str, dict[str, NDArray[Any]]] = {}
    for name, array in arrays.items():
        owner, _, kind = name.rpartition("/")
        kinds.setdefault(owner, {})[kind] = array
    return {name: _change(name, parts) for name, parts in kinds.items()}


def _change(name: str, parts: dict[str, NDArray[Any]]) -> Change:
    types = {kind: array.dtype.name for kind, array in parts.items()}
    if types == {_PLAIN: "float16"} and np.isfinite(parts[_PLAIN]).all():
        return Plain(parts[_PLAIN])
    if types == {_UP: "int8", _DOWN: "int8", _SCALE: "float32"}:
        up, down, scale = parts[_UP], parts[_DOWN], parts[_SCALE]
        fits = up.ndim == down.ndim == 2 and up.shape[1:] == down.shape[:1] == scale.shape
        if fits and np.isfinite(scale).all():
            return LowRank(up, down, scale)
    raise ValueError(f"{name} is no change")
