"""Sound to speaker embedding, as one graph.

The published network (a d-vector: three LSTMs over 0.8 s of log-mel, a projection at the last
frame; Wan et al. 2018, Wang et al. 2019) is kept as it is. In front of it we put its features, so
that what goes in is sound; behind it the mean over windows, and what makes a voice's own scatter
count less (``talkover.core.speaker.spread``).
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from talkover.core.clock import RATE
from talkover.core.onnx import GraphBuilder, save
from talkover.core.onnx.graft import graft, read_published
from talkover.core.speaker.spread import Spread

GRAPH: Final = "speaker.onnx"
WIDTH: Final = 256
"""Of an embedding."""

BANDS: Final = 40
WINDOW: Final = 80
"""Frames that the network sees at once: 0.8 s."""

STRIDE: Final = 40
"""Frames from one window to the next."""

STEP: Final = 160
"""Samples from one frame to the next."""

LENGTH: Final = 400
"""Samples under the window of a frame."""

TURN: Final = 512
"""Samples of the Fourier transform; a frame lies in its middle."""

SHORTEST: Final = TURN + (WINDOW - 1) * STEP
"""Samples that fill one window."""

_BINS: Final = TURN // 2 + 1
_QUIETEST: Final = 1e-10
_KNEE: Final = 1000.0
_HZ_A_MEL: Final = 200.0 / 3


def build_speaker(source: Path, out: Path, spread: Spread | None) -> None:
    """Write ``speaker.onnx``: ``pcm`` float32 [samples] at 16 kHz to ``embedding`` [256].

    samples is at least ``SHORTEST``. The embedding has unit length: the mean of the windows' own,
    each of unit length, with the scatter of single voices made weaker.

    Args:
        source: The published network: ``mel_window`` [n, 80, 40] to ``embedding`` [n, 256].
        out: The folder to write into; made if missing.
        spread: The scatter; None leaves it in, for fitting one.

    Raises:
        BundleError: it is another network, or cannot be read.
    """
    published = read_published(source, takes="mel_window", gives="embedding")
    model = graft(_features(), published)
    _pool(model, spread)
    save(model, out / GRAPH)


def _features() -> onnx.ModelProto:
    """Log-mel in windows: frames are not centred, and nothing is added at the ends."""
    graph = GraphBuilder("speaker")
    pcm = graph.input("pcm", np.float32, ["samples"])
    edge = (TURN - LENGTH) // 2
    inner = graph.node("Slice", [pcm, graph.ints(edge), graph.ints(-edge), graph.ints(0)])
    channel = graph.node("Unsqueeze", [inner, graph.ints(0, 1)])
    basis = graph.init(fourier_basis()[:, None, :], "fourier_basis")
    waves = graph.node("Conv", [channel, basis], strides=[STEP], kernel_shape=[LENGTH])
    parts = ["real", "imaginary"]
    graph.node("Split", [graph.node("Mul", [waves, waves])], parts, axis=1, num_outputs=2)
    power = graph.node("Squeeze", [graph.node("Add", parts), graph.ints(0)])
    mel = graph.node("MatMul", [graph.init(mel_filters(), "mel_filters"), power])
    quietest = graph.init(np.array(_QUIETEST, np.float32))
    natural = graph.node("Log", [graph.node("Add", [mel, quietest])])
    log = graph.node("Mul", [natural, graph.init(np.array(1 / np.log(10), np.float32))])
    frames = graph.node("Transpose", [log], perm=[1, 0])
    # Where each window begins, and with it which frames it takes.
    count = graph.node("Squeeze", [graph.node("Shape", [frames], start=0, end=1)])
    end = graph.node("Sub", [count, graph.init(np.array(WINDOW - 1, np.int64))])
    zero, stride = (graph.init(np.array(value, np.int64)) for value in (0, STRIDE))
    begins = graph.node("Unsqueeze", [graph.node("Range", [zero, end, stride]), graph.ints(1)])
    places = graph.node("Add", [begins, graph.init(np.arange(WINDOW, dtype=np.int64))])
    graph.node("Gather", [frames, places], ["windows"], axis=0)
    graph.output("windows", np.float32, ["windows", WINDOW, BANDS])
    return graph.model()


def _pool(model: onnx.ModelProto, spread: Spread | None) -> None:
    """Bring each window's embedding to unit length, then their mean, less the scatter, in place."""
    graph = model.graph

    def constant(name: str, value: NDArray[Any]) -> str:
        graph.initializer.append(numpy_helper.from_array(value, f"pool.{name}"))
        return f"pool.{name}"

    def node(op: str, inputs: list[str], output: str) -> str:
        graph.node.append(helper.make_node(op, inputs, [output], name=output))
        return output

    each, rows = graph.output[0].name, constant("rows", np.array([1], np.int64))
    units = node("Div", [each, node("ReduceL2", [each, rows], "pool.lengths")], "pool.units")
    windows = constant("windows", np.array([0], np.int64))
    mean = node("ReduceMean", [units, windows], "pool.mean")  # [1, 256]
    if spread is not None:
        unit = node("Div", [mean, node("ReduceL2", [mean, rows], "pool.length")], "pool.unit")
        moved = node("Sub", [unit, constant("centre", spread.mean)], "pool.moved")
        back = np.ascontiguousarray(spread.directions.T)
        along = node("MatMul", [moved, constant("directions", back)], "pool.along")
        taken = constant("taken", spread.directions * spread.loss[:, None])
        mean = node("Sub", [moved, node("MatMul", [along, taken], "pool.scatter")], "pool.rest")
    final = node("Div", [mean, node("ReduceL2", [mean, rows], "pool.size")], "pool.final")
    node("Squeeze", [final, windows], "embedding")
    value = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [WIDTH])
    graph.output[0].CopyFrom(value)


def fourier_basis() -> NDArray[np.float32]:
    """Cosines, then sines, under a periodic Hamming window: shape [2 * 257, 400]."""
    n = np.arange(LENGTH)
    window = 0.54 - 0.46 * np.cos(2 * np.pi * n / LENGTH)
    turns = 2 * np.pi * (np.outer(np.arange(_BINS), n) % TURN) / TURN
    return (np.concatenate([np.cos(turns), np.sin(turns)]) * window).astype(np.float32)


def mel_filters() -> NDArray[np.float32]:
    """Triangles of unit area on Slaney's mel scale (Auditory Toolbox, 1998): shape [40, 257]."""
    knee, step = _KNEE / _HZ_A_MEL, np.log(6.4) / 27
    top = knee + np.log(RATE / 2 / _KNEE) / step
    mels = np.linspace(0.0, top, BANDS + 2)
    edges = np.where(mels < knee, mels * _HZ_A_MEL, _KNEE * np.exp(step * (mels - knee)))
    ramps = edges[:, None] - np.linspace(0.0, RATE / 2, _BINS)[None, :]
    widths = np.diff(edges)[:, None]
    triangles = np.maximum(0.0, np.minimum(-ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]))
    return (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)
