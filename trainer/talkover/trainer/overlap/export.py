"""A trained classifier as a folder that ``OverlapRuntime`` loads."""

from pathlib import Path

import numpy as np
from pydantic import JsonValue

from talkover.core.onnx import GraphBuilder, save
from talkover.core.overlap import N_FEATURES
from talkover.core.overlap.config import CONFIG, GRAPH, LABELS, OverlapConfig
from talkover.trainer.overlap.fit import Fitted


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
    graph = GraphBuilder("overlap")
    value = graph.input("features", np.float32, ["overlaps", N_FEATURES])
    value = graph.node("Sub", [value, graph.init(fitted.mean)])
    value = graph.node("Div", [value, graph.init(fitted.scale)])
    for number, (weight, bias) in enumerate(fitted.layers):
        value = graph.node("Tanh", [value]) if number else value
        value = graph.node("Gemm", [value, graph.init(weight), graph.init(bias)], transB=1)
    value = graph.node("Div", [value, graph.init(np.array(fitted.temperature, np.float32))])
    graph.node("Softmax", [value], outputs=("probabilities",), axis=1)
    graph.output("probabilities", np.float32, ["overlaps", len(LABELS)])
    folder.mkdir(parents=True, exist_ok=True)
    save(graph.model(), folder / GRAPH)
    config = OverlapConfig(yield_at=yield_at, training=training)
    (folder / CONFIG).write_text(config.model_dump_json(indent=2) + "\n", "utf-8")
