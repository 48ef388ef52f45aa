"""Make a brain folder from GGUF weights, and from what training to see changed in them."""

from collections.abc import Callable
from pathlib import Path

import onnx

from talkover.core.brain.config import (
    CARD_FILE,
    GRAPH,
    PROJECTOR,
    SEEING,
    TOKENIZER,
    BrainConfig,
)
from talkover.core.brain.delta import SightDelta, TunedWeights
from talkover.core.brain.graph import Precision, build_graph
from talkover.core.brain.projector import build_projector
from talkover.core.brain.tokens import make_tokenizer
from talkover.core.brain.weights import GgufWeights


def build_brain(
    gguf: Path,
    out: Path,
    *,
    precision: Precision = "int8",
    delta: SightDelta | None = None,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Write ``model.onnx``, ``tokenizer.json`` and ``brain.json`` into ``out``.

    With a delta, a second graph with its changes, its projector and its card are written, too.

    Args:
        gguf: A Llama-shaped instruct model with SmolLM's tokenizer.
        out: The folder to write into; made if missing.
        precision: Of the weights; ``fp32`` is for measuring.
        delta: What training to see changed; None: the brain is blind.
        progress: Told what is going on, a phrase at a time.

    Raises:
        WeightsError: the file cannot be used, or the delta is of another one.
    """
    tell = progress or (lambda _: None)
    tell("reading the language model")
    weights = GgufWeights(gguf)
    vocabulary = weights.vocabulary()
    tokenizer = make_tokenizer(vocabulary)
    out.mkdir(parents=True, exist_ok=True)
    tell("assembling its graph")
    onnx.save(build_graph(weights, precision), str(out / GRAPH))
    if delta is not None:
        tell("assembling how it sees")
        tuned = TunedWeights(gguf, delta)
        onnx.save(build_graph(tuned, precision, sighted=True), str(out / SEEING))
        tell("assembling its projector")
        projector = build_projector(delta.projector, delta.about.sight)
        onnx.save(projector, str(out / PROJECTOR))
        (out / CARD_FILE).write_text(delta.about.card, encoding="utf-8")
    tell("writing its tokenizer")
    tokenizer.save(str(out / TOKENIZER), pretty=False)
    BrainConfig(
        name=weights.name,
        architecture=weights.architecture(),
        precision=precision,
        stop=vocabulary.control,
        sight=None if delta is None else delta.about.sight,
    ).save(out)
