from collections.abc import Callable
from pathlib import Path

import hypothesis.extra.numpy as arrays
import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from talkover.core.onnx import GraphBuilder, save
from talkover.core.onnx.linear import (
    BLOCK,
    Linear,
    block_quantise,
    blocked8,
    blocked8_product,
    dynamic8,
    full,
)

Floats = NDArray[np.float32]

RANDOM = np.random.default_rng(9)
X = RANDOM.normal(size=(2, 7, 256)).astype(np.float32)
WEIGHT = RANDOM.normal(size=(96, 256)).astype(np.float32)
BIAS = RANDOM.normal(size=96).astype(np.float32)


def run(linear: Linear, weight: Floats, bias: Floats | None) -> Callable[[Floats], Floats]:
    graph = GraphBuilder("linear")
    x = graph.input("x", np.float32, ["batch", "rows", weight.shape[1]])
    graph.node("Identity", [linear(graph, x, weight, bias)], ["y"])
    graph.output("y", np.float32, ["batch", "rows", weight.shape[0]])
    session = onnxruntime.InferenceSession(
        graph.model().SerializeToString(), providers=["CPUExecutionProvider"]
    )

    def product(x: Floats) -> Floats:
        (found,) = session.run(None, {"x": x})
        return np.asarray(found, np.float32)

    return product


@pytest.mark.parametrize("bias", [None, BIAS])
@pytest.mark.parametrize(("linear", "slack"), [(full, 1e-5), (dynamic8, 0.03), (blocked8, 0.015)])
def test_a_product_is_as_exact_as_its_weights(
    linear: Linear, slack: float, bias: Floats | None
) -> None:
    expected = X @ WEIGHT.T + (0 if bias is None else bias)
    found = run(linear, WEIGHT, bias)(X)
    assert found.shape == (2, 7, 96)
    assert np.abs(found - expected).max() < slack * np.abs(expected).max()


@pytest.mark.parametrize("linear", [full, blocked8])
def test_a_row_does_not_depend_on_its_neighbours(linear: Linear) -> None:
    product = run(linear, WEIGHT, BIAS)
    alone = product(X[:1, :1])
    loud = X.copy()
    loud[:, 1:] *= 1e3
    np.testing.assert_allclose(product(loud)[:1, :1], alone, atol=1e-4)


def test_rows_of_zeros_and_large_weights_survive() -> None:
    weight = WEIGHT.copy()
    weight[3] = 0
    weight[4] *= 1e4
    for linear in (full, dynamic8, blocked8):
        found = run(linear, weight, None)(X)
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found[..., 3], 0, atol=1e-3)
        others = [row for row in range(96) if row != 4]
        expected = (X @ weight.T)[..., others]  # a scale of its own for each row
        assert np.abs(found[..., others] - expected).max() < 0.03 * np.abs(expected).max()


def test_dynamic8_leaves_room_for_two_products_in_16_bits() -> None:
    graph = GraphBuilder("linear")
    dynamic8(graph, graph.input("x", np.float32, [1, 256]), WEIGHT, None)
    tensors = [onnx.numpy_helper.to_array(tensor) for tensor in graph.model().graph.initializer]
    (codes,) = (array for array in tensors if array.dtype == np.int8)
    assert np.abs(codes).max() == 63


def test_a_stored_weight_is_used_again() -> None:
    graph = GraphBuilder("linear")
    x = graph.input("x", np.float32, ["batch", "rows", 256])
    codes, scales = block_quantise(WEIGHT)
    stored = [graph.init(codes, "codes"), graph.init(scales, "scales")]
    for name in ("y", "z"):
        found = blocked8_product(graph, x, stored, WEIGHT.shape, None)
        graph.node("Identity", [found], [name])
        graph.output(name, np.float32, ["batch", "rows", 96])
    model = graph.model()
    assert len(model.graph.initializer) == 2
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    first, second = session.run(None, {"x": X})
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, run(blocked8, WEIGHT, None)(X), atol=1e-4)


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.sampled_from([BLOCK, 2 * BLOCK, 3 * BLOCK])),
        elements=st.floats(-1e3, 1e3, width=32),
    )
)
@settings(derandomize=True)
def test_blocks_are_off_by_half_a_step_at_most(weight: Floats) -> None:
    codes, scales = block_quantise(weight)
    rows, columns = weight.shape
    assert codes.shape == (rows, columns // BLOCK, BLOCK)
    assert scales.shape == (rows, columns // BLOCK)
    assert codes.min() >= 1
    steps = scales[..., None].astype(np.float64)
    back = ((codes.astype(np.float64) - 128) * steps).reshape(rows, columns)
    allowed = np.broadcast_to(steps * 0.5001, codes.shape).reshape(rows, columns)
    assert (np.abs(back - weight) <= allowed).all()


def test_names_are_shared_and_constants_are_stored_once() -> None:
    graph = GraphBuilder("any")
    assert graph.ints(1, 2) == graph.ints(1, 2)
    assert graph.ints(1, 2) != graph.ints(12)
    assert graph.init(BIAS, "bias") == graph.init(BIAS, "bias") == "bias"
    assert graph.init(BIAS) != graph.init(BIAS)
    assert len(graph.model().graph.initializer) == 5


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    graph = GraphBuilder("any")
    graph.node("Identity", [graph.input("x", np.float32, [1])], ["y"])
    graph.output("y", np.float32, [1])
    path = tmp_path / "new" / "model.onnx"
    save(graph.model(), path)
    assert [found.name for found in path.parent.iterdir()] == ["model.onnx"]
    onnx.checker.check_model(onnx.load(path))
