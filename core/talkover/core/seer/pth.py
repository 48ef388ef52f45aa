"""PyTorch's old checkpoint files, read without running what is in them.

Such a file is five pickles and then the numbers: a magic number, a version, a note about the
machine, the state dict, the keys of the storages in the order in which they follow; each storage as
a count (int64) and so many values (``torch.serialization._legacy_load``, PyTorch 1.0 to 1.5). A
pickle is a program, and unpickling runs whatever it names. Here its opcodes are read
(``pickletools.genops``) by a machine that knows those few which a state dict is made of, and for
which a name such as ``torch._utils._rebuild_tensor_v2`` is a word and nothing else.
"""

import io
import math
import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import WeightsError

_MAGIC: Final = 0x1950A86A20F9469CFC6C
_TYPES: Final[dict[str, np.dtype[Any]]] = {
    "torch FloatStorage": np.dtype("<f4"),
    "torch LongStorage": np.dtype("<i8"),
}
_DICT: Final = "collections OrderedDict"
_TENSOR: Final = "torch._utils _rebuild_tensor_v2"
_VALUES: Final = ("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE")
_MARK: Final = object()


@dataclass(frozen=True, slots=True)
class _Word:
    """A name that the pickle would import."""

    name: str


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: _Storage
    begin: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_pth(path: Path) -> dict[str, NDArray[Any]]:
    """Read the tensors of a state dict, by name. Its sha256 should have been checked before.

    Raises:
        WeightsError: it cannot be read, or is anything but a state dict of that format.
    """
    try:
        return parse_pth(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}); fetch it again") from None


def parse_pth(data: bytes) -> dict[str, NDArray[Any]]:
    """The tensors in the bytes of a checkpoint; see ``read_pth``."""
    file = io.BytesIO(data)
    try:
        if _run(file) != _MAGIC:
            raise _malformed("it does not begin as one")
        for _ in ("version", "machine"):
            _run(file)
        named, keys = _run(file), _run(file)
        storages = _storages(data, file.tell(), keys, named)
        return {name: _array(tensor, storages) for name, tensor in named.items()}
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise _malformed(f"{type(error).__name__} in it") from None


def _storages(
    data: bytes, at: int, keys: list[str], named: dict[str, _Tensor]
) -> dict[str, NDArray[Any]]:
    """The values behind the pickles, by key."""
    kinds = {tensor.storage.key: tensor.storage for tensor in named.values()}
    found: dict[str, NDArray[Any]] = {}
    for key in keys:
        kind = kinds[key]
        if int.from_bytes(data[at : at + 8], "little") != kind.count:
            raise _malformed("a storage has another size than is said")
        found[key] = np.frombuffer(data, kind.dtype, kind.count, at + 8)
        at += 8 + found[key].nbytes
    if at != len(data):
        raise _malformed(f"{len(data) - at} bytes follow its end")
    return found


def _array(tensor: _Tensor, storages: dict[str, NDArray[Any]]) -> NDArray[Any]:
    values = storages[tensor.storage.key][tensor.begin :]
    last = sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    fits = last < len(values) and math.prod(tensor.shape) <= len(values)
    if not fits or min((tensor.begin, *tensor.strides)) < 0 or min((1, *tensor.shape)) < 1:
        raise _malformed("a tensor in it reaches beyond its storage")
    steps = [step * values.itemsize for step in tensor.strides]
    view = np.lib.stride_tricks.as_strided(values, tensor.shape, steps, writeable=False)
    return np.ascontiguousarray(view).reshape(tensor.shape)


class _Machine:
    """The stack that a pickle works on, for what a state dict needs."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._known: dict[str, Callable[[Any], None]] = {
            "MARK": lambda _: self.stack.append(_MARK),
            "NONE": lambda _: self.stack.append(None),
            "NEWTRUE": lambda _: self.stack.append(True),
            "NEWFALSE": lambda _: self.stack.append(False),
            "EMPTY_DICT": lambda _: self.stack.append({}),
            "EMPTY_LIST": lambda _: self.stack.append([]),
            "EMPTY_TUPLE": lambda _: self.stack.append(()),
            "GLOBAL": lambda name: self.stack.append(_Word(name)),
            "TUPLE": lambda _: self.stack.append(tuple(self._marked())),
            "TUPLE1": lambda _: self._tuple(1),
            "TUPLE2": lambda _: self._tuple(2),
            "TUPLE3": lambda _: self._tuple(3),
            "APPENDS": lambda _: self._extend(self._marked()),
            "SETITEM": lambda _: self._set([self.stack.pop(-2), self.stack.pop()]),
            "SETITEMS": lambda _: self._set(self._marked()),
            "BINPERSID": lambda _: self._storage(),
            "REDUCE": lambda _: self._reduce(),
            "BUILD": lambda _: self.stack.pop(),  # an OrderedDict's own attributes
            **dict.fromkeys(("PROTO", "STOP"), lambda _: None),
            **dict.fromkeys(_VALUES, self.stack.append),
            **dict.fromkeys(("BINPUT", "LONG_BINPUT"), self._keep),
            **dict.fromkeys(("BINGET", "LONG_BINGET"), self._recall),
        }

    def step(self, opcode: str, argument: Any) -> None:
        known = self._known.get(opcode)
        if known is None:
            raise _malformed(f"it holds the opcode {opcode}, which no state dict needs")
        known(argument)

    def _keep(self, number: int) -> None:
        self._memo[number] = self.stack[-1]

    def _recall(self, number: int) -> None:
        self.stack.append(self._memo[number])

    def _marked(self) -> list[Any]:
        """What was pushed since the last mark, which goes too."""
        at = len(self.stack) - 1
        while self.stack[at] is not _MARK:
            at -= 1
        taken = self.stack[at + 1 :]
        del self.stack[at:]
        return taken

    def _tuple(self, count: int) -> None:
        taken = tuple(self.stack[-count:])
        del self.stack[-count:]
        self.stack.append(taken)

    def _extend(self, values: list[Any]) -> None:
        self.stack[-1].extend(values)

    def _set(self, pairs: list[Any]) -> None:
        self.stack[-1].update(zip(pairs[::2], pairs[1::2], strict=True))

    def _storage(self) -> None:
        _, kind, key, _, count, _ = self.stack.pop()
        self.stack.append(_Storage(key, _TYPES[kind.name], count))

    def _reduce(self) -> None:
        """Only two calls are known: an empty dict, and a tensor that is part of a storage."""
        arguments, word = self.stack.pop(), self.stack.pop()
        if word == _Word(_DICT) and arguments == ():
            self.stack.append({})
        elif word == _Word(_TENSOR):
            self.stack.append(_Tensor(*arguments[:4]))
        else:
            raise _malformed(f"it would call {word}")


def _run(file: io.BytesIO) -> Any:
    """What the pickle that comes next leaves on its stack; the file is at its end then."""
    machine = _Machine()
    for opcode, argument, _ in pickletools.genops(file):
        machine.step(opcode.name, argument)
    (left,) = machine.stack
    return left


def _malformed(why: str) -> WeightsError:
    return WeightsError(f"not a checkpoint that can be read: {why}; fetch the weights again")
