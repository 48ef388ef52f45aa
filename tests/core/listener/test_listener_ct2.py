import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from talkover.core.errors import WeightsError
from talkover.core.listener.ct2 import parse_ct2, read_ct2

REPEATABLE = settings(derandomize=True)
VARIABLES: dict[str, NDArray[Any]] = {
    "encoder/weight": np.arange(12, dtype=np.float32).reshape(3, 4),
    "encoder/half": np.array([[[1.5], [-2.0]]], np.float16),
    "codes": np.array([-128, 127], np.int8),
    "short": np.array([-30000], np.int16),
    "long": np.array([[2**31 - 1]], np.int32),
    "scalar": np.array(7, np.int16),
}
ALIASES = [("decoder/tied", "encoder/weight"), ("again", "codes")]


@pytest.fixture(scope="module")
def whole(write_ct2: Callable[..., bytes]) -> bytes:
    return write_ct2(VARIABLES, ALIASES)


def survives(data: bytes) -> None:
    """Either it is refused, or there are arrays no bigger than the file."""
    try:
        found = parse_ct2(data)
    except WeightsError as error:
        assert "fetch the weights again" in str(error)  # noqa: PT017
        return
    distinct = {array.ctypes.data: array.nbytes for array in found.values()}
    assert sum(distinct.values()) <= len(data)


@pytest.mark.parametrize("version", [5, 6])
def test_what_was_written_is_read(
    write_ct2: Callable[..., bytes], tmp_path: Path, version: int
) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(write_ct2(VARIABLES, ALIASES, version))
    found = read_ct2(path)
    assert set(found) == {*VARIABLES, "decoder/tied", "again"}
    for name, array in VARIABLES.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_nothing_is_copied(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(whole)
    found = read_ct2(path)
    assert np.shares_memory(found["decoder/tied"], found["encoder/weight"])
    assert not any(array.flags.owndata or array.flags.writeable for array in found.values())


def test_no_beginning_of_a_file_is_a_whole_file(whole: bytes) -> None:
    for length in range(len(whole)):
        with pytest.raises(WeightsError, match="too early"):
            parse_ct2(whole[:length])


@given(st.data())
@REPEATABLE
def test_a_changed_byte_is_refused_or_harmless(whole: bytes, data: st.DataObject) -> None:
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    survives(bytes(changed))


@given(st.binary(max_size=80), st.integers(0, 3))
@REPEATABLE
def test_any_bytes_are_refused_or_harmless(tail: bytes, count: int) -> None:
    survives(tail)
    survives(struct.pack("<IH1sII", 6, 1, b"\0", 3, count) + tail)


@given(
    st.lists(st.sampled_from([0, 1, 2, 3, 2**16, 2**31, 2**32 - 1]), max_size=9),
    st.integers(0, 5),
    st.sampled_from([0, 1, 4, 16, 2**32 - 1]),
)
@example([], 1, 1)
@example([0, 2**32 - 1], 0, 0)
@example([*[2**32 - 1] * 7, 0], 0, 0)
@example([2**31, 2**31, 4], 0, 0)
@REPEATABLE
def test_no_shape_is_believed(shape: list[int], kind: int, size: int) -> None:
    head = struct.pack("<IH1sII", 6, 1, b"\0", 3, 1) + struct.pack("<H2s", 2, b"a\0")
    dims = struct.pack(f"<B{len(shape)}I", len(shape), *shape)
    survives(head + dims + struct.pack("<BI", kind, size) + bytes(min(size, 16)) + bytes(4))


@pytest.mark.parametrize("version", [0, 4, 7, 2**32 - 1])
def test_other_versions_are_refused(write_ct2: Callable[..., bytes], version: int) -> None:
    with pytest.raises(WeightsError, match=f"version is {version}"):
        parse_ct2(write_ct2(VARIABLES, version=version))


def test_bytes_after_the_end_are_refused(whole: bytes) -> None:
    with pytest.raises(WeightsError, match="3 bytes follow"):
        parse_ct2(whole + bytes(3))


@pytest.mark.parametrize(
    ("aliases", "words"),
    [
        ([("other", "nothing")], "stands for nothing"),
        ([("codes", "short")], "stands for nothing"),
        ([("other", "codes"), ("other", "codes")], "stands for nothing"),
    ],
)
def test_aliases_must_be_new_names_of_variables(
    write_ct2: Callable[..., bytes], aliases: list[tuple[str, str]], words: str
) -> None:
    with pytest.raises(WeightsError, match=words):
        parse_ct2(write_ct2(VARIABLES, aliases))


def test_a_variable_twice_is_refused(write_ct2: Callable[..., bytes]) -> None:
    two = write_ct2({"a": VARIABLES["codes"], "b": VARIABLES["codes"]})
    with pytest.raises(WeightsError, match="twice"):
        parse_ct2(two.replace(b"b\0", b"a\0"))


def test_a_name_must_be_ascii_and_end(write_ct2: Callable[..., bytes]) -> None:
    good = write_ct2({"name": VARIABLES["codes"]})
    for wrong, words in ((b"n\xe4me\0", "ASCII"), (b"names", "no end")):
        with pytest.raises(WeightsError, match=words):
            parse_ct2(good.replace(b"name\0", wrong))


@pytest.mark.parametrize("content", [None, b""])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.bin"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"model\.bin cannot be read"):
        read_ct2(path)
