"""What is in each place of a picture: EfficientNet-Lite0's feature maps as one ONNX graph.

The network (Tan and Le 2019; Lite: Liu 2020, without squeeze-and-excitation and with ReLU6) is kept
up to the end of its seventh stage. Batch normalisation is folded into the convolutions. In front of
it stands what it was trained with: 224 x 224 pixels, made by an antialiased linear filter, and
``(value - 127) / 128``. Behind it, what it knows at a stride of 16 (fine, 112 channels) lies beside
what it knows at a stride of 32 (coarse, 320 channels, each of its places four of the fine ones),
and beside the picture itself at a stride of 4 (16 of its pixels make a place: 48 numbers), since a
network that tells things apart forgets their colours on the way.

A picture is stretched to a square: so a place of the grid and a word's box are both shares of the
picture, and none of the 224 pixels shows a border.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray

from talkover.core.errors import WeightsError
from talkover.core.onnx import GraphBuilder, save
from talkover.core.seer.pth import read_pth

TOWER: Final = "tower.onnx"
SIDE: Final = 14
"""Rows and columns of the grid."""

WIDTH: Final = 112 + 320 + 48
"""Numbers in each place: the fine ones first, then the coarse, then red, green and blue."""

PIXELS: Final = 224
_MIDDLE: Final = 127.0
_SCALE: Final = 128.0
_EPSILON: Final = 1e-3
_STRIDES: Final = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)  # of the sixteen blocks
_FINE: Final = 10  # the last block at a stride of 16
_SEEN: Final = 4  # the picture itself is kept at this stride


def build_tower(source: Path, out: Path) -> None:
    """Write ``tower.onnx``: ``rgb`` uint8 [height, width, 3] to ``features`` float32 [196, 480].

    Args:
        source: The published checkpoint.
        out: The folder to write into; made if missing.

    Raises:
        WeightsError: it cannot be read, or is of another network.
    """
    save(tower_graph(read_pth(source)), out / TOWER)


def tower_graph(weights: Mapping[str, NDArray[Any]]) -> onnx.ModelProto:
    """The graph, from the tensors of the checkpoint; see ``build_tower``.

    Raises:
        WeightsError: one of them is missing.
    """
    graph = GraphBuilder("tower")
    network = _Network(graph, weights)
    pixels = _pixels(graph)
    stream = network.convolve(pixels, "_conv_stem", "_bn0", stride=2)
    stream, fine = network.bound(stream), ""
    for number, stride in enumerate(_STRIDES):
        stream = network.block(stream, f"_blocks.{number}", stride)
        fine = stream if number == _FINE else fine
    doubled = graph.init(np.array([1, 1, 2, 2], np.float32))
    coarse = graph.node(
        "Resize",
        [stream, "", doubled],
        mode="nearest",
        nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )
    known = graph.node("Concat", [fine, coarse, _colours(graph, pixels)], axis=1)
    rows = graph.node("Reshape", [known, graph.ints(WIDTH, SIDE * SIDE)])
    graph.node("Transpose", [rows], ["features"], perm=[1, 0])
    graph.output("features", np.float32, [SIDE * SIDE, WIDTH])
    return graph.model()


def _pixels(graph: GraphBuilder) -> str:
    """uint8 pixels of any size, to what the network was trained on: [1, 3, 224, 224]."""
    rgb = graph.input("rgb", np.uint8, ["height", "width", 3])
    planes = graph.node("Transpose", [rgb], perm=[2, 0, 1])
    batch = graph.node("Unsqueeze", [planes, graph.ints(0)])
    values = graph.node("Cast", [batch], to=int(onnx.TensorProto.FLOAT))
    square = graph.node(
        "Resize",
        [values, "", "", graph.ints(1, 3, PIXELS, PIXELS)],
        mode="linear",
        antialias=1,
        coordinate_transformation_mode="half_pixel",
    )
    middle, scale = (graph.init(np.array(value, np.float32)) for value in (_MIDDLE, _SCALE))
    return graph.node("Div", [graph.node("Sub", [square, middle]), scale])


def _colours(graph: GraphBuilder, pixels: str) -> str:
    """The pixels, averaged four by four, those of a place in its channels: [1, 48, 14, 14].

    All of red, green and blue at one pixel of a place come before those at the next.
    """
    few = graph.node("AveragePool", [pixels], kernel_shape=[_SEEN, _SEEN], strides=[_SEEN, _SEEN])
    return graph.node("SpaceToDepth", [few], blocksize=PIXELS // _SEEN // SIDE)


class _Network:
    def __init__(self, graph: GraphBuilder, weights: Mapping[str, NDArray[Any]]) -> None:
        self._graph = graph
        self._weights = weights

    def block(self, x: str, name: str, stride: int) -> str:
        """Widen, look at each channel's neighbourhood, narrow; added to what came in if it fits."""
        inner = x
        if f"{name}._expand_conv.weight" in self._weights:
            inner = self.bound(self.convolve(inner, f"{name}._expand_conv", f"{name}._bn0"))
        deep = self.convolve(inner, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride)
        narrow = self.convolve(self.bound(deep), f"{name}._project_conv", f"{name}._bn2")
        begins, ends = self._channels(name)
        return self._graph.node("Add", [narrow, x]) if stride == 1 and begins == ends else narrow

    def bound(self, x: str) -> str:
        """ReLU6."""
        bounds = [self._graph.init(np.array(v, np.float32), f"bound.{v}") for v in (0, 6)]
        return self._graph.node("Clip", [x, *bounds])

    def convolve(self, x: str, convolution: str, norm: str, *, stride: int = 1) -> str:
        """A convolution with its normalisation folded in; padded as TensorFlow does ("same")."""
        weight = self._tensor(f"{convolution}.weight")
        gain, shift, mean, variance = (
            self._tensor(f"{norm}.{name}")
            for name in ("weight", "bias", "running_mean", "running_var")
        )
        factor = gain / np.sqrt(variance + _EPSILON)
        size = weight.shape[-1]
        # Every map has an even side where it is halved, so what is padded is known beforehand.
        before, after = (size - stride) // 2, (size - stride + 1) // 2
        return self._graph.node(
            "Conv",
            [
                x,
                self._graph.init(weight * factor[:, None, None, None]),
                self._graph.init(shift - mean * factor),
            ],
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=weight.shape[0] if weight.shape[1] == 1 else 1,
        )

    def _channels(self, name: str) -> tuple[int, int]:
        """How many go into a block, and how many come out."""
        first = f"{name}._expand_conv.weight"
        ends = self._tensor(f"{name}._project_conv.weight")
        begins = self._tensor(first).shape[1] if first in self._weights else ends.shape[1]
        return begins, ends.shape[0]

    def _tensor(self, name: str) -> NDArray[np.float32]:
        if name not in self._weights:
            raise WeightsError(f"the checkpoint has no {name}: it is of another network")
        return np.asarray(self._weights[name], np.float32)
