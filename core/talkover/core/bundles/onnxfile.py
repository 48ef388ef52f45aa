"""Find out, without loading it, whether an ONNX file refers to other files.

A tensor may say that its data are in another file, by path. A bundle is made of single verified
files, so such a reference is an error at best. The file is walked as protobuf wire format by
field numbers from onnx.proto; weights are stepped over, so a large file takes milliseconds.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from talkover.core.errors import BundleError

_CHILDREN: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse",
        23: "sparse",
    },
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
"""Which fields of a message hold messages that can lead to a tensor."""
_EXTERNAL_DATA: Final = 13
_ELSEWHERE: Final = (14, True)  # data_location, and not the default
_GRAPH: Final = 7
_DEPTH: Final = 64
_VARINT: Final = 0
_BYTES: Final = 2
_FIXED: Final = {1: 8, 5: 4}  # wire type to size


class _Malformed(Exception):  # noqa: N818 - it never leaves this module
    pass


def refuse_external_data(path: Path) -> None:
    """Check that an ONNX file is complete in itself.

    Raises:
        BundleError: it keeps weights in another file, or is no ONNX model.
    """
    try:
        with (
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            external, has_graph = _walk(data)
    except (_Malformed, ValueError):  # an empty file cannot be mapped
        has_graph = external = False
    if external:
        raise BundleError(f"{path.name} keeps weights in another file; save it as a single one")
    if not has_graph:
        raise BundleError(f"{path.name} is not an ONNX model")


def _walk(data: mmap.mmap) -> tuple[bool, bool]:
    """Whether any tensor is external, and whether there is a graph at all."""
    has_graph = False
    waiting = [("model", 0, len(data), 0)]
    while waiting:
        kind, start, end, depth = waiting.pop()
        if depth > _DEPTH:
            raise _Malformed
        for number, begin, size, value in _fields(data, start, end):
            if kind == "tensor" and (number == _EXTERNAL_DATA or (number, value > 0) == _ELSEWHERE):
                return True, has_graph
            has_graph |= kind == "model" and number == _GRAPH
            if child := _CHILDREN[kind].get(number):
                waiting.append((child, begin, begin + size, depth + 1))
    return False, has_graph


def _fields(data: mmap.mmap, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Each field of a message: its number, its content's place and size, its value if a varint."""
    while at < end:
        tag, at = _varint(data, at, end)
        number, wire, value, size = tag >> 3, tag & 7, 0, 0
        if wire == _VARINT:
            value, at = _varint(data, at, end)
        elif wire == _BYTES:
            size, at = _varint(data, at, end)
        elif wire in _FIXED:
            size = _FIXED[wire]
        else:
            raise _Malformed
        if number == 0 or at + size > end:
            raise _Malformed
        yield number, at, size, value
        at += size


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise _Malformed
