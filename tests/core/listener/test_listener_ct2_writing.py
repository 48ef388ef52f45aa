"""Weights go into CTranslate2's format and come out as they were."""

import numpy as np
import pytest

from talkover.core.errors import WeightsError
from talkover.core.listener.ct2 import parse_ct2, read_ct2, written_like


def test_what_is_written_is_read_again(tiny_source) -> None:
    model = tiny_source / "model.bin"
    weights = read_ct2(model)
    changed = {name: array + np.asarray(1, array.dtype) for name, array in weights.items()}
    again = parse_ct2(b"".join(written_like(model, changed)))
    assert list(again) == list(changed)
    for name, array in changed.items():
        assert again[name].dtype == array.dtype
        np.testing.assert_array_equal(again[name], array)


def test_half_precision_stays_half(tiny_source) -> None:
    model = tiny_source / "model.bin"
    half = {name: array.astype(np.float16) for name, array in read_ct2(model).items()}
    again = parse_ct2(b"".join(written_like(model, half)))
    assert {array.dtype for array in again.values()} == {np.dtype(np.float16)}


def test_what_is_not_given_stays_and_aliases_follow(tmp_path, write_ct2) -> None:
    one, two = np.ones((2, 3), np.float32), np.array(7, np.int16)
    (tmp_path / "m").write_bytes(write_ct2({"a": one, "b": two}, aliases=[("c", "a")]))
    again = parse_ct2(b"".join(written_like(tmp_path / "m", {"a": one + 1})))
    np.testing.assert_array_equal(again["a"], one + 1)
    np.testing.assert_array_equal(again["c"], one + 1)
    assert (again["b"].shape, again["b"]) == ((), two), "a number stays one"
    assert np.shares_memory(again["a"], again["c"])


@pytest.mark.parametrize("wrong", [{"nothing": np.ones(3)}, {"a": np.ones(4)}])
def test_weights_of_another_model_are_refused(tmp_path, write_ct2, wrong) -> None:
    (tmp_path / "m").write_bytes(write_ct2({"a": np.ones(3, np.float32)}))
    with pytest.raises(WeightsError, match="of this shape"):
        b"".join(written_like(tmp_path / "m", wrong))
