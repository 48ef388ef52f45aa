"""Three ways to compute ``x @ weight.T + bias``, by the precision of the weight.

They share a signature, so a graph is written once and given the one it shall use.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.onnx.builder import MICROSOFT, GraphBuilder

Matrix = NDArray[np.float32]
Linear = Callable[[GraphBuilder, str, Matrix, Matrix | None], str]
"""(graph, name of x [..., k], weight [n, k], bias [n] or None) -> name of the result [..., n]."""

BLOCK: Final = 32
"""Numbers along k that share a scale in ``blocked8``, of the weight and of ``x`` alike.

A listener in noise loses 0.2 words in a hundred with 128, and none with 32."""
SHARING: Final = "int8_block"
"""Under this name a part of a bundle has, in its ``variant``, the ``BLOCK`` it was built with."""


def full(graph: GraphBuilder, x: str, weight: Matrix, bias: Matrix | None) -> str:
    """float32 throughout."""
    product = graph.node("MatMul", [x, graph.init(weight.T)])
    return product if bias is None else graph.node("Add", [product, graph.init(bias)])


def dynamic8(graph: GraphBuilder, x: str, weight: Matrix, bias: Matrix | None) -> str:
    """Integer product: one scale per output row for the weight, one per call for ``x``.

    The fastest for many positions at once, and the coarsest: a few loud values of ``x`` leave the
    others few steps. Weights use 7 of the 8 bits: on processors without VNNI the products of two
    neighbours are added in 16 bits, which 8-bit weights would overflow. Since the scale of ``x`` is
    taken over the whole tensor, give it one caller's data at a time.
    """
    scale = _scale(np.abs(weight).max(axis=1), 63)
    quantised = np.rint(weight / scale[:, None]).astype(np.int8)
    inputs = [x, graph.init(quantised.T), graph.init(scale)]
    if bias is not None:
        inputs += ["", graph.init(bias)]
    return graph.node("DynamicQuantizeMatMul", inputs, domain=MICROSOFT)


def blocked8(graph: GraphBuilder, x: str, weight: Matrix, bias: Matrix | None) -> str:
    """Integer product with a scale per block of 32 of the weight and of each row of ``x``.

    As good as float32, and the fastest for a few rows, where reading the weight is what takes the
    time; a row's result does not depend on its neighbours.
    """
    quantised, scale = block_quantise(weight)
    stored = [graph.init(quantised), graph.init(scale)]
    return blocked8_product(graph, x, stored, weight.shape, bias)


def blocked8_product(
    graph: GraphBuilder, x: str, stored: list[str], shape: tuple[int, ...], bias: Matrix | None
) -> str:
    """``blocked8`` for a weight of ``shape`` [n, k] that is stored already (weight, scales)."""
    inputs = [x, *stored]
    if bias is not None:
        inputs += ["", "", graph.init(bias)]
    return graph.node(
        "MatMulNBits",
        inputs,
        domain=MICROSOFT,
        N=shape[0],
        K=shape[1],
        bits=8,
        block_size=BLOCK,
        accuracy_level=4,
    )


def block_quantise(weight: Matrix) -> tuple[NDArray[np.uint8], Matrix]:
    """Quantise [n, k] in blocks along k, symmetric about 128.

    Returns:
        The weight [n, k / 32, 32] and its scales [n, k / 32]; a weight is ``(number - 128) *
        scale``.
    """
    rows, columns = weight.shape
    blocks = weight.reshape(rows, columns // BLOCK, BLOCK)
    scale = _scale(np.abs(blocks).max(axis=2), 127)
    quantised = np.rint(blocks / scale[..., None]) + 128
    return quantised.astype(np.uint8), scale


def _scale(peak: Matrix, levels: int) -> Matrix:
    return np.where(peak > 0, peak / levels, 1).astype(np.float32)
