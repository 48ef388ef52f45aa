"""A trained classifier as a folder that ``OverlapHead`` loads."""

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from pydantic import JsonValue
from torch import nn

from talkover.core.onnx import GraphBuilder, save
from talkover.core.overlap import N_FEATURES
from talkover.core.overlap.config import CONFIG, GRAPH, LABELS, OverlapConfig
from talkover.core.overlap.ear import HEARD_FRAMES, HEARD_WIDTH
from talkover.trainer.overlap.fit import EPSILON, KERNEL, Fitted, Network


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
    features = graph.input("features", np.float32, ["overlaps", N_FEATURES])
    heard = graph.input("heard", np.float16, ["overlaps", HEARD_FRAMES, HEARD_WIDTH])
    centred = graph.node("Sub", [features, graph.init(_array(net.mean))])
    normal = graph.node("Div", [centred, graph.init(_array(net.scale))])
    value = graph.node("Concat", [normal, *_pooled(graph, net, heard)], axis=1)
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


def _pooled(graph: GraphBuilder, net: Network, heard: str) -> list[str]:
    """The loudest and the mean of each kind of sound among what was heard."""
    frames = graph.node("Cast", [heard], to=onnx.TensorProto.FLOAT)
    ones, zeros = np.ones(HEARD_WIDTH, np.float32), np.zeros(HEARD_WIDTH, np.float32)
    frames = graph.node(
        "LayerNormalization", [frames, graph.init(ones), graph.init(zeros)], epsilon=EPSILON
    )
    weight, bias = net.sounds.weight, net.sounds.bias
    sounds = graph.node("MatMul", [frames, graph.init(_array(weight.T))])
    sounds = graph.node("Relu", [graph.node("Add", [sounds, graph.init(_array(bias))])])
    turns = graph.node("Transpose", [sounds], perm=[0, 2, 1])
    around = KERNEL // 2
    turns = graph.node(
        "Conv",
        [turns, *_parameters(graph, net.turns)],
        kernel_shape=[KERNEL],
        pads=[around, around],
    )
    turns = graph.node("Relu", [turns])
    last = graph.ints(2)
    return [graph.node(name, [turns, last], keepdims=0) for name in ("ReduceMax", "ReduceMean")]


def _parameters(graph: GraphBuilder, layer: nn.Linear | nn.Conv1d) -> list[str]:
    if layer.bias is None:  # none of ours
        raise ValueError("a layer without bias")
    return [graph.init(_array(layer.weight)), graph.init(_array(layer.bias))]


def _array(values: torch.Tensor) -> NDArray[np.float32]:
    return np.asarray(values.detach(), np.float32)
