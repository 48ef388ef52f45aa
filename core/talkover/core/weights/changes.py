"""What training changed in weights, in few bytes, and the file that it travels in.

A difference of a low rank is kept as the components that it is a sum of, each of which is two
vectors of int8 and a scale; vectors are kept whole in float16.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from talkover.core.errors import WeightsError
from talkover.core.weights.disk import write_atomically

LARGEST: Final = 10_000_000
"""Bytes of a file, at most: it comes with the source."""

Arrays = Mapping[str, NDArray[Any]]

_ABOUT: Final = "about"
_HEADER: Final = 8  # bytes that tell how long the header is
_LEVELS: Final = 127
_UP, _DOWN, _SCALE, _PLAIN = "up", "down", "scale", "plain"


@dataclass(frozen=True, slots=True, eq=False)
class LowRank:
    """A difference as ``(up * scale) @ down``.

    Attributes:
        up: int8 [rows, rank].
        down: int8 [rank, columns].
        scale: float32 [rank].
    """

    up: NDArray[np.int8]
    down: NDArray[np.int8]
    scale: NDArray[np.float32]

    def whole(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """The difference in the shape of what it is added to.

        Raises:
            ValueError: it does not fit.
        """
        product = (self.up * self.scale) @ self.down.astype(np.float32)
        return np.asarray(product.reshape(shape), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """A difference as it is.

    Attributes:
        values: float16, of the shape of what it is added to.
    """

    values: NDArray[np.float16]

    def whole(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """The difference in the shape of what it is added to.

        Raises:
            ValueError: it does not fit.
        """
        return self.values.astype(np.float32).reshape(shape)


Change = LowRank | Plain
Changes = Mapping[str, Change]
"""By the names of what they are added to."""


def low_rank(
    up: NDArray[np.floating[Any]], down: NDArray[np.floating[Any]], scale: NDArray[Any]
) -> LowRank:
    """Keep ``(up * scale) @ down``, each component in 127 steps to both sides.

    Args:
        up: [rows, rank].
        down: [rank, columns].
        scale: [rank].
    """
    columns, wide = _in_steps(up)
    rows, high = _in_steps(down.T)
    whole = (wide * high * scale).astype(np.float32)
    return LowRank(columns, np.ascontiguousarray(rows.T), whole)


def arrays_of(changes: Changes) -> dict[str, NDArray[Any]]:
    """Changes as a file has them."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, change in sorted(changes.items()):
        if isinstance(change, Plain):
            arrays[f"{name}/{_PLAIN}"] = change.values
        else:
            arrays[f"{name}/{_UP}"] = change.up
            arrays[f"{name}/{_DOWN}"] = change.down
            arrays[f"{name}/{_SCALE}"] = change.scale
    return arrays


def changes_of(arrays: Arrays) -> dict[str, Change]:
    """Changes as a file had them; names, types and shapes are checked.

    Raises:
        ValueError: there is something else in it.
    """
    kinds: dict[str, dict[str, NDArray[Any]]] = {}
    for name, array in arrays.items():
        owner, _, kind = name.rpartition("/")
        kinds.setdefault(owner, {})[kind] = array
    return {name: _change(name, parts) for name, parts in kinds.items()}


def write_arrays(path: Path, arrays: Arrays, about: str) -> int:
    """Write a delta's file; its folder is made if missing.

    Args:
        path: Where to.
        arrays: By name.
        about: What must be known of them, as JSON.

    Returns:
        Bytes of the file.

    Raises:
        WeightsError: it would be larger than ``LARGEST``.
    """
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    content = save(whole, {_ABOUT: about})
    if len(content) > LARGEST:
        raise WeightsError(f"the delta has {len(content)} bytes, {LARGEST} at most; use a budget")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
    return len(content)


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], str]:
    """Read a delta's file: its arrays, and what must be known of them.

    Raises:
        WeightsError: it is larger than ``LARGEST``.
        OSError: it cannot be read.
        SafetensorError: it is none; also KeyError, TypeError and ValueError.
    """
    if path.stat().st_size > LARGEST:
        raise WeightsError(f"{path} is larger than a delta may be")
    content = path.read_bytes()
    arrays = load(content)
    length = int.from_bytes(content[:_HEADER], "little")
    header = json.loads(content[_HEADER : _HEADER + length])
    return arrays, header["__metadata__"][_ABOUT]


@contextmanager
def naming_the_cure(path: Path, what: str) -> Iterator[None]:
    """Whatever goes wrong while a delta is read, said so that somebody can mend it.

    Args:
        path: Of the file.
        what: It should be, for people.

    Raises:
        WeightsError: the file is missing, or is not that; the message says why.
    """
    try:
        yield
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}); fetch it again") from None
    except (SafetensorError, KeyError, TypeError, ValueError, ValidationError) as error:
        reason = type(error).__name__
        raise WeightsError(
            f"{path} is no {what} of this version ({reason}); fetch it again, or train one"
        ) from None


def _change(name: str, parts: Arrays) -> Change:
    types = {kind: array.dtype.name for kind, array in parts.items()}
    if types == {_PLAIN: "float16"} and np.isfinite(parts[_PLAIN]).all():
        return Plain(parts[_PLAIN])
    if types == {_UP: "int8", _DOWN: "int8", _SCALE: "float32"}:
        up, down, scale = parts[_UP], parts[_DOWN], parts[_SCALE]
        fits = up.ndim == down.ndim == 2 and up.shape[1:] == down.shape[:1] == scale.shape
        if fits and np.isfinite(scale).all():
            return LowRank(up, down, scale)
    raise ValueError(f"{name} is no change")


def _in_steps(columns: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Columns as int8, each with its scale."""
    peak = np.abs(columns).max(axis=0)
    scale = np.where(peak > 0, peak / _LEVELS, 1.0)
    return np.rint(columns / scale).astype(np.int8), scale
