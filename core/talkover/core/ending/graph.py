"""The last eight seconds of sound to the chance that the turn is over, as one graph.

The published network (Smart Turn v3.2: a small Whisper encoder, attention pooling, a classifier;
int8) is kept as it is. In front of it we put what it was trained on: sound of zero mean and unit
variance over the whole window, silence included, and Whisper's log-mel of that.
"""

from pathlib import Path
from typing import Final

import numpy as np
import onnx

from talkover.core.clock import RATE
from talkover.core.listener.mel import STEP, WINDOW, fourier_basis, mel_filters
from talkover.core.onnx import GraphBuilder, save
from talkover.core.onnx.graft import graft, read_published

GRAPH: Final = "ending.onnx"
SAMPLES: Final = 8 * RATE
"""What the network sees: neither more nor less."""

BANDS: Final = 80
OUTPUT: Final = "published/logits"
"""Called so where it was published, and yet a probability: the graph ends with a sigmoid."""

_VARIANCE: Final = 1e-7  # added to the sound's own, so that silence can be divided by it
_QUIETEST: Final = 1e-10
_RANGE: Final = 8.0  # factors of ten below the loudest band that are kept


def build_ending(source: Path, out: Path) -> None:
    """Write ``ending.onnx``: ``pcm`` float32 [1, 128000] at 16 kHz to a probability [1, 1].

    Args:
        source: The published network: ``input_features`` [n, 80, 800] to ``logits`` [n, 1].
        out: The folder to write into; made if missing.

    Raises:
        BundleError: it is another network, or cannot be read.
    """
    published = read_published(source, takes="input_features", gives="logits")
    save(graft(_features(), published), out / GRAPH)


def _features() -> onnx.ModelProto:
    graph = GraphBuilder("ending")

    def scalar(value: float) -> str:
        return graph.init(np.array(value, np.float32))

    pcm = graph.input("pcm", np.float32, [1, SAMPLES])
    centred = graph.node("Sub", [pcm, graph.node("ReduceMean", [pcm, graph.ints(1)])])
    power = graph.node("ReduceMean", [graph.node("Mul", [centred, centred]), graph.ints(1)])
    spread = graph.node("Sqrt", [graph.node("Add", [power, scalar(_VARIANCE)])])
    sound = graph.node("Div", [centred, spread])
    # Frames are centred, the last of the centred ones is dropped: that leaves 40 samples to mirror.
    half = WINDOW // 2
    mirrored = graph.node("Pad", [sound, graph.ints(0, half, 0, half - STEP)], mode="reflect")
    channel = graph.node("Unsqueeze", [mirrored, graph.ints(1)])
    basis = graph.init(fourier_basis()[:, None, :], "fourier_basis")
    waves = graph.node("Conv", [channel, basis], strides=[STEP], kernel_shape=[WINDOW])
    parts = ["real", "imaginary"]
    graph.node("Split", [graph.node("Mul", [waves, waves])], parts, axis=1, num_outputs=2)
    filters = graph.init(mel_filters(BANDS), "mel_filters")
    mel = graph.node("MatMul", [filters, graph.node("Add", parts)])
    natural = graph.node("Log", [graph.node("Max", [mel, scalar(_QUIETEST)])])
    log = graph.node("Mul", [natural, scalar(1 / np.log(10))])
    loudest = graph.node("ReduceMax", [log, graph.ints(1, 2)], keepdims=1)
    kept = graph.node("Max", [log, graph.node("Sub", [loudest, scalar(_RANGE)])])
    moved = graph.node("Add", [kept, scalar(4.0)])
    graph.node("Mul", [moved, scalar(0.25)], ["mel"])
    graph.output("mel", np.float32, [1, BANDS, SAMPLES // STEP])
    return graph.model()
