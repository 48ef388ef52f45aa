"""A trained classifier as a folder that ``OverlapRuntime`` loads."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import JsonValue
from torch import nn

from talkover.core.onnx import GraphBuilder, save
from talkover.core.overlap import N_FEATURES
from talkover.core.overlap.config import CONFIG, GRAPH, LABELS, OverlapConfig
from talkover.core.overlap.features import N_NAMED
from talkover.core.overlap.sketch import BANDS, FRAMES
from talkover.trainer.overlap.fit import KERNEL, STRIDE, Fitted


def export(
    fitted: Fitted, folder: Path, *, yield_at: float, training: dict[str, JsonValue]
) -> None:
    """Write the graph, which normalises and calibrates by itself, and its configuration.

    Args:
        fitted: The network.
        folder: Where to; made if it is not there.
        yield_at: Chosen on validation voices.
        training: How it came to be.
    """
    net = fitted.network
    graph = GraphBuilder("overlap")
    value = graph.input("features", np.float32, ["overlaps", N_FEATURES])
    value = graph.node("Sub", [value, graph.init(_array(net.mean))])
    value = graph.node("Div", [value, graph.init(_array(net.scale))])
    named = _columns(graph, value, 0, N_NAMED)
    shape = graph.init(np.array([-1, BANDS, FRAMES], np.int64))
    seen = graph.node("Reshape", [_columns(graph, value, N_NAMED, N_FEATURES), shape])
    for layer in (net.first, net.second):
        seen = graph.node(
            "Conv", [seen, *_parameters(graph, layer)], kernel_shape=[KERNEL], strides=[STRIDE]
        )
        seen = graph.node("Relu", [seen])
    value = graph.node("Concat", [named, graph.node("Flatten", [seen], axis=1)], axis=1)
    value = graph.node("Gemm", [value, *_parameters(graph, net.hidden)], transB=1)
    value = graph.node("Tanh", [value])
    value = graph.node("Gemm", [value, *_parameters(graph, net.last)], transB=1)
    value = graph.node("Div", [value, graph.init(np.array(net.temperature, np.float32))])
    graph.node("Softmax", [value], outputs=("probabilities",), axis=1)
    graph.output("probabilities", np.float32, ["overlaps", len(LABELS)])
    folder.mkdir(parents=True, exist_ok=True)
    save(graph.model(), folder / GRAPH)
    config = OverlapConfig(yield_at=yield_at, training=training)
    (folder / CONFIG).write_text(config.model_dump_json(indent=2) + "\n", "utf-8")


def _columns(graph: GraphBuilder, value: str, begin: int, end: int) -> str:
    return graph.node("Slice", [value, graph.ints(begin), graph.ints(end), graph.ints(1)])


def _parameters(graph: GraphBuilder, layer: nn.Linear | nn.Conv1d) -> list[str]:
    if layer.bias is None:  # none of ours
        raise ValueError("a layer without bias")
    return [graph.init(_array(layer.weight)), graph.init(_array(layer.bias))]


def _array(values: torch.Tensor) -> NDArray[np.float32]:
    return np.asarray(values.detach(), np.float32)
