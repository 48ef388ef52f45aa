"""CTranslate2's ``model.bin``: read, trusting nothing that the file says of itself, and written.

The format (CTranslate2 ``python/ctranslate2/specs/model_spec.py``, binary versions 5 and 6), all
little-endian: version u32; name of the spec; revision u32; number of variables u32; each variable
as name, rank u8, dimensions u32, type u8, bytes u32, data; number of aliases u32; each alias as
two names. A name is a u16 length, which counts a closing zero, and that many bytes.
"""

import math
import struct
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import WeightsError

_TYPES: Final[dict[int, Any]] = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2"}
_VERSIONS = (5, 6)
_MAX_RANK = 8
_MAX_VARIABLES = 65_536
_MAX_HEADER = 1_024


class _Cursor:
    """Reads forward through the bytes and refuses to read past their end."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> memoryview:
        if count > self.left:
            raise _malformed(f"it ends {count - self.left} bytes too early")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, kind: str) -> int:
        form = struct.Struct("<" + kind)
        (value,) = form.unpack(self.take(form.size))
        return int(value)

    def name(self) -> str:
        raw = bytes(self.take(self.number("H")))
        if not raw.endswith(b"\0"):
            raise _malformed("a name has no end")
        try:
            return raw[:-1].decode("ascii")
        except UnicodeDecodeError:
            raise _malformed("a name is not ASCII") from None


def read_ct2(path: Path) -> dict[str, NDArray[Any]]:
    """Read every variable of a CTranslate2 model.

    Args:
        path: The ``model.bin``.

    Returns:
        Arrays by the names that CTranslate2 gives them, in the file's own precision; aliases
        share memory with what they stand for. The arrays are read-only views of the mapped file.

    Raises:
        WeightsError: the file is missing or is not a whole CTranslate2 model.
    """
    try:
        raw = np.memmap(path, np.uint8, "r")
    except (OSError, ValueError):
        raise WeightsError(f"{path} cannot be read; fetch the weights again") from None
    return parse_ct2(memoryview(raw.data))


def parse_ct2(data: memoryview | bytes) -> dict[str, NDArray[Any]]:
    """The variables in the bytes of a CTranslate2 model; see ``read_ct2``."""
    cursor = _Cursor(memoryview(data))
    version = cursor.number("I")
    if version not in _VERSIONS:
        raise _malformed(f"its version is {version}, and {_VERSIONS} are understood")
    cursor.name()
    cursor.number("I")
    count = cursor.number("I")
    if count > _MAX_VARIABLES:
        raise _malformed(f"it claims {count} variables")
    variables: dict[str, NDArray[Any]] = {}
    for _ in range(count):
        name, array = _variable(cursor)
        if name in variables:
            raise _malformed("a variable is there twice")
        variables[name] = array
    for _ in range(min(cursor.number("I"), _MAX_VARIABLES)):
        alias, name = cursor.name(), cursor.name()
        if name not in variables or alias in variables:
            raise _malformed("an alias stands for nothing")
        variables[alias] = variables[name]
    if cursor.left:
        raise _malformed(f"{cursor.left} bytes follow its end")
    return variables


def written_like(model: Path, weights: Mapping[str, NDArray[Any]]) -> Iterator[bytes]:
    """A model of CTranslate2 with other weights, in pieces.

    Args:
        model: A ``model.bin`` of the same kind: its spec is kept.
        weights: Some of its variables by their names; the others stay, but for aliases of these.

    Raises:
        WeightsError: the model is missing or is not one, or has no such variables.
    """
    known = read_ct2(model)
    for name, array in weights.items():
        if name not in known or known[name].shape != array.shape:
            raise WeightsError(f"{model} has no {name} of this shape; name the model it is of")
    changed = {_place(known[name]): array for name, array in weights.items()}
    first: dict[int, str] = {}
    for name, array in known.items():
        first.setdefault(_place(array), name)
    aliases = [
        (name, own) for name, array in known.items() if (own := first[_place(array)]) != name
    ]
    with model.open("rb") as file:
        cursor = _Cursor(memoryview(file.read(_MAX_HEADER)))
    version, spec, revision = cursor.number("I"), cursor.name(), cursor.number("I")
    yield struct.pack("<I", version) + _named(spec) + struct.pack("<II", revision, len(first))
    for place, name in first.items():
        array = changed.get(place, known[name])
        shape = struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        yield _named(name) + shape + struct.pack("<BI", _kind(array), array.nbytes)
        yield array.astype(_TYPES[_kind(array)]).tobytes()
    yield struct.pack("<I", len(aliases)) + b"".join(map(_named, chain(*aliases)))


def _place(array: NDArray[Any]) -> int:
    """Where in the file it is: aliases are in one place."""
    return int(array.__array_interface__["data"][0])


def _named(name: str) -> bytes:
    raw = name.encode("ascii") + b"\0"
    return struct.pack("<H", len(raw)) + raw


def _kind(array: NDArray[Any]) -> int:
    return next(kind for kind, name in _TYPES.items() if np.dtype(name) == array.dtype)


def _variable(cursor: _Cursor) -> tuple[str, NDArray[Any]]:
    name = cursor.name()
    rank = cursor.number("B")
    if rank > _MAX_RANK:
        raise _malformed(f"a variable has {rank} dimensions")
    shape = tuple(cursor.number("I") for _ in range(rank))
    kind = cursor.number("B")
    if kind not in _TYPES:
        raise _malformed(f"a variable has the unknown type {kind}")
    dtype = np.dtype(_TYPES[kind])
    size = cursor.number("I")
    if not size or size != math.prod(shape) * dtype.itemsize:
        raise _malformed("a variable's size is not that of its shape")
    return name, np.frombuffer(cursor.take(size), dtype).reshape(shape)


def _malformed(why: str) -> WeightsError:
    return WeightsError(f"not a CTranslate2 model: {why}; fetch the weights again")
