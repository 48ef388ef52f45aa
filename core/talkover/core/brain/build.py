"""Make a brain folder from GGUF weights."""

from collections.abc import Callable
from pathlib import Path

import onnx

from talkover.core.brain.config import GRAPH, TOKENIZER, BrainConfig
from talkover.core.brain.graph import Precision, build_graph
from talkover.core.brain.tokens import make_tokenizer
from talkover.core.brain.weights import GgufWeights


def build_brain(
    gguf: Path,
    out: Path,
    *,
    precision: Precision = "int8",
    progress: Callable[[str], None] | None = None,
) -> None:
    """Write ``model.onnx``, ``tokenizer.json`` and ``brain.json`` into ``out``.

    Args:
        gguf: A Llama-shaped instruct model with SmolLM's tokenizer.
        out: The folder to write into; made if missing.
        precision: Of the weights; ``fp32`` is for measuring.
        progress: Told what is going on, a phrase at a time.

    Raises:
        WeightsError: the file cannot be used; the message says why.
    """
    tell = progress or (lambda _: None)
    tell("reading the language model")
    weights = GgufWeights(gguf)
    vocabulary = weights.vocabulary()
    tokenizer = make_tokenizer(vocabulary)
    out.mkdir(parents=True, exist_ok=True)
    tell("assembling its graph")
    onnx.save(build_graph(weights, precision), str(out / GRAPH))
    tell("writing its tokenizer")
    tokenizer.save(str(out / TOKENIZER), pretty=False)
    BrainConfig(
        name=weights.name,
        architecture=weights.architecture(),
        precision=precision,
        stop=vocabulary.control,
    ).save(out)
