"""Whisper as two ONNX graphs, assembled node by node from its weights.

The *encoder* takes sound and gives what the decoder looks at: the keys and values of every
cross-attention. The *decoder* takes tokens, those keys and values, and the keys and values of the
tokens before, and gives logits. Both are the network of Radford et al. 2022 (pre-norm transformer,
exact GELU); attention and GELU are ONNX Runtime's fused operators.

The encoder takes windows shorter than 30 s: the first positions of its table are used. In the
decoder one item of sound may carry several rows of tokens (the beams of a search): rows of one
item lie one after another and share its keys and values, which are never repeated.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import onnx
from numpy.typing import NDArray

from talkover.core.errors import WeightsError
from talkover.core.listener.mel import STEP, WINDOW, fourier_basis, mel_filters
from talkover.core.listener.weights import Shape, Weights, shape_of
from talkover.core.onnx import MICROSOFT, GraphBuilder
from talkover.core.onnx.linear import (
    Linear,
    block_quantise,
    blocked8,
    blocked8_product,
    dynamic8,
    full,
)

Variant = Literal["fp32", "int8"]
VARIANTS: Final[tuple[Variant, ...]] = ("fp32", "int8")

_EPSILON = 1e-5
_QUIETEST = 1e-10  # power below which Whisper's spectrogram does not look
_RANGE = 8.0  # it keeps this many factors of ten below the loudest band of the window


@dataclass(slots=True)
class _Draft:
    graph: GraphBuilder
    shape: Shape
    weights: Weights
    linear: Linear
    narrow: Linear
    """For the second layer of a feed-forward block. What GELU lets through has a few values far
    above the rest, which one scale for all of it would flatten."""

    def weight(self, name: str) -> NDArray[np.float32]:
        return np.asarray(self.weights[name], np.float32)

    def init(self, name: str) -> str:
        return self.graph.init(self.weight(name), name)

    def project(self, x: str, name: str, *, bias: bool = True) -> str:
        """The layer ``name`` of the weights, applied to ``x``."""
        offset = self.weight(f"{name}/bias") if bias else None
        return self.linear(self.graph, x, self.weight(f"{name}/weight"), offset)

    def norm(self, x: str, name: str) -> str:
        inputs = [x, self.init(f"{name}/gamma"), self.init(f"{name}/beta")]
        return self.graph.node("LayerNormalization", inputs, axis=-1, epsilon=_EPSILON)

    def add(self, x: str, y: str) -> str:
        return self.graph.node("Add", [x, y])

    def feed_forward(self, x: str, name: str) -> str:
        """Normalise, widen, bend, narrow, and add to ``x``."""
        wide = self.project(self.norm(x, f"{name}/layer_norm"), f"{name}/linear_0", bias=False)
        bent = self.graph.node(
            "BiasGelu", [wide, self.init(f"{name}/linear_0/bias")], domain=MICROSOFT
        )
        weight, bias = (self.weight(f"{name}/linear_1/{kind}") for kind in ("weight", "bias"))
        return self.add(x, self.narrow(self.graph, bent, weight, bias))

    def split(self, x: str, count: int, axis: int) -> list[str]:
        outputs = [f"{x}.{part}" for part in range(count)]
        self.graph.node("Split", [x], outputs, axis=axis, num_outputs=count)
        return outputs

    def attend(self, inputs: Sequence[str], outputs: Sequence[str] = (), **attributes: Any) -> str:
        return self.graph.node(
            "MultiHeadAttention",
            inputs,
            outputs,
            domain=MICROSOFT,
            num_heads=self.shape.heads,
            **attributes,
        )

    def shape_from(self, *parts: str) -> str:
        return self.graph.node("Concat", list(parts), axis=0)

    def extent(self, x: str, axis: int) -> str:
        return self.graph.node("Shape", [x], start=axis, end=axis + 1)


def build_encoder(weights: Weights, variant: Variant) -> onnx.ModelProto:
    """Sound to cross-attention keys and values.

    Input: ``pcm`` float32 [batch, samples] at 16 kHz in [-1, 1), samples a multiple of 320 and at
    most 480,000. Outputs, for each decoder layer i: ``cross_key_i`` and ``cross_value_i`` float32
    [batch, heads, samples / 320, 64].

    Args:
        weights: Under the names of ``talkover.core.listener.weights``.
        variant: The precision of the matrices; convolutions and norms are always float32.

    Raises:
        WeightsError: the weights are not those of a whole Whisper.
    """
    draft = _draft_of("listener_encoder", weights, variant)
    x = _encoded(draft, draft.shape.encoder_layers)
    _cross_attention_inputs(draft, draft.norm(x, "encoder/layer_norm"))
    return draft.graph.model()


def build_ear(weights: Weights, layers: int, variant: Variant) -> onnx.ModelProto:
    """Sound to what the encoder's first layers make of it, for who has no use for words.

    Input: ``pcm`` as ``build_encoder`` takes it. Output: ``heard`` float32 [batch, samples / 320,
    width], not normalised.

    Args:
        weights: Under the names of ``talkover.core.listener.weights``.
        layers: How many of them.
        variant: As for ``build_encoder``.

    Raises:
        WeightsError: the weights are not those of a whole Whisper, or of one with fewer layers.
    """
    # It listens all the time: half as long counts for more than how finely the quiet are heard.
    linear, narrow = (full, full) if variant == "fp32" else (dynamic8, blocked8)
    draft = _Draft(GraphBuilder("ear"), shape_of(weights), weights, linear, narrow)
    if layers > draft.shape.encoder_layers:
        raise WeightsError(f"an encoder of {draft.shape.encoder_layers} layers has no {layers}")
    heard = draft.graph.node("Identity", [_encoded(draft, layers)], ["heard"])
    draft.graph.output(heard, np.float32, ["batch", "frames", draft.shape.width])
    return draft.graph.model()


def _draft_of(name: str, weights: Weights, variant: Variant) -> _Draft:
    linear = full if variant == "fp32" else blocked8
    return _Draft(GraphBuilder(name), shape_of(weights), weights, linear, linear)


def _encoded(draft: _Draft, layers: int) -> str:
    """The input ``pcm`` after some layers of the encoder: [batch, frames, width]."""
    x = _stem(draft, _log_mel(draft, draft.graph.input("pcm", np.float32, ["batch", "samples"])))
    for layer in range(layers):
        name = f"encoder/layer_{layer}"
        h = draft.norm(x, f"{name}/self_attention/layer_norm")
        fused = draft.project(h, f"{name}/self_attention/linear_0", bias=False)
        bias = draft.init(f"{name}/self_attention/linear_0/bias")
        y = draft.attend([*draft.split(fused, 3, -1), bias])
        x = draft.add(x, draft.project(y, f"{name}/self_attention/linear_1"))
        x = draft.feed_forward(x, f"{name}/ffn")
    return x


def build_decoder(
    weights: Weights, alignment_heads: Sequence[tuple[int, int]], variant: Variant
) -> onnx.ModelProto:
    """Tokens to logits, beside what was heard and what was said before.

    Inputs: ``tokens`` int64 [rows, tokens]; ``at`` int64 [picked], the positions within
    ``tokens`` whose logits are wanted; for each layer i ``past_key_i``, ``past_value_i`` float32
    [rows, heads, past, 64] and ``cross_key_i``, ``cross_value_i`` [items, heads, frames, 64].
    rows is a multiple of items; an item's rows lie one after another.

    Outputs: ``logits`` float32 [rows, picked, vocabulary]; ``alignment`` float32 [rows,
    alignment heads, tokens, frames], where those heads look at each token; for each layer i
    ``present_key_i``, ``present_value_i`` float32 [rows, heads, past + tokens, 64].

    Args:
        weights: Under the names of ``talkover.core.listener.weights``.
        alignment_heads: (layer, head) of the cross-attentions that follow the words in time.
        variant: The precision of the matrices and of the embeddings.

    Raises:
        WeightsError: the weights are not those of a whole Whisper, or have no such heads.
    """
    draft = _draft_of("listener_decoder", weights, variant)
    graph = draft.graph
    _check_heads(draft.shape, alignment_heads)
    tokens = graph.input("tokens", np.int64, ["rows", "tokens"])
    at = graph.input("at", np.int64, ["picked"])
    for name, shape in _cache(draft.shape, "past", "rows", "past"):
        graph.input(name, np.float32, shape)
    for name, shape in _cache(draft.shape, "cross", "items", "frames"):
        graph.input(name, np.float32, shape)

    embeddings = _Embeddings(draft, variant)
    x = _positioned(draft, tokens, embeddings.look_up(tokens))
    maps: list[str] = []
    for layer in range(draft.shape.decoder_layers):
        name = f"decoder/layer_{layer}"
        x = _self_attention(draft, x, name, layer)
        heads = [head for chosen, head in alignment_heads if chosen == layer]
        x = _cross_attention(draft, x, tokens, layer, heads, maps)
        x = draft.feed_forward(x, f"{name}/ffn")
    picked = graph.node("Gather", [draft.norm(x, "decoder/layer_norm"), at], axis=1)
    graph.node("Identity", [embeddings.project(picked)], ["logits"])
    graph.output("logits", np.float32, ["rows", "picked", draft.shape.vocabulary])
    _alignment(draft, maps, tokens, len(alignment_heads))
    for name, shape in _cache(draft.shape, "present", "rows", "seen"):
        graph.output(name, np.float32, shape)
    return graph.model()


def _log_mel(draft: _Draft, pcm: str) -> str:
    """Whisper's spectrogram [batch, mels, frames]; the transform is a strided convolution."""
    graph = draft.graph
    # Frames are centred, the last of the centred ones is dropped: that leaves 40 samples to mirror.
    half = WINDOW // 2
    mirrored = graph.node("Pad", [pcm, graph.ints(0, half, 0, half - STEP)], mode="reflect")
    channel = graph.node("Unsqueeze", [mirrored, graph.ints(1)])
    basis = graph.init(fourier_basis()[:, None, :], "fourier_basis")
    waves = graph.node("Conv", [channel, basis], strides=[STEP], kernel_shape=[WINDOW])
    squares = draft.split(graph.node("Mul", [waves, waves]), 2, 1)
    power = draft.add(*squares)
    mel = graph.node("MatMul", [graph.init(mel_filters(draft.shape.mels), "mel_filters"), power])
    natural = graph.node("Log", [graph.node("Max", [mel, _scalar(graph, _QUIETEST)])])
    log = graph.node("Mul", [natural, _scalar(graph, 1 / np.log(10))])
    loudest = graph.node("ReduceMax", [log, graph.ints(1, 2)], keepdims=1)
    floor = graph.node("Sub", [loudest, _scalar(graph, _RANGE)])
    kept = draft.add(graph.node("Max", [log, floor]), _scalar(graph, 4.0))
    return graph.node("Mul", [kept, _scalar(graph, 0.25)], ["mel"])


def _stem(draft: _Draft, mel: str) -> str:
    """Two convolutions, the second halving the frames to 20 ms, and the positions."""
    x, graph = mel, draft.graph
    for name, stride in (("encoder/conv1", 1), ("encoder/conv2", 2)):
        inputs = [x, draft.init(f"{name}/weight"), draft.init(f"{name}/bias")]
        x = graph.node("Conv", inputs, pads=[1, 1], strides=[stride], kernel_shape=[3])
        x = graph.node("Gelu", [x])
    x = graph.node("Transpose", [x], perm=[0, 2, 1])
    table = draft.init("encoder/position_encodings/encodings")
    zero = graph.ints(0)
    return draft.add(x, graph.node("Slice", [table, zero, draft.extent(x, 1), zero]))


def _cross_attention_inputs(draft: _Draft, heard: str) -> None:
    """Keys and values of every decoder layer by one product, then laid out head by head."""
    graph, shape = draft.graph, draft.shape
    layers = range(shape.decoder_layers)
    names = [f"decoder/layer_{layer}/attention/linear_1" for layer in layers]
    weight = np.concatenate([draft.weight(f"{name}/weight") for name in names])
    bias = np.concatenate([draft.weight(f"{name}/bias") for name in names])
    fused = draft.linear(graph, heard, weight, bias)
    count = 2 * shape.decoder_layers
    head = shape.width // shape.heads
    parts = graph.node("Reshape", [fused, graph.ints(0, 0, count, shape.heads, head)])
    by_head = graph.node("Transpose", [parts], perm=[2, 0, 3, 1, 4])
    for index, part in enumerate(draft.split(by_head, count, 0)):
        name = f"cross_{('key', 'value')[index % 2]}_{index // 2}"
        graph.node("Squeeze", [part, graph.ints(0)], [name])
        graph.output(name, np.float32, ["batch", shape.heads, "frames", head])


class _Embeddings:
    """The token table, stored once for looking up and for the logits."""

    def __init__(self, draft: _Draft, variant: Variant) -> None:
        self._draft = draft
        self._table = draft.weight("decoder/embeddings/weight")
        self._quantised = variant == "int8"
        if self._quantised:
            codes, scales = block_quantise(self._table)
            self._stored = [
                draft.graph.init(codes, "embeddings.codes"),
                draft.graph.init(scales, "embeddings.scales"),
            ]
        else:
            self._stored = [draft.graph.init(self._table, "embeddings")]

    def look_up(self, tokens: str) -> str:
        """[rows, tokens] to [rows, tokens, width]."""
        graph = self._draft.graph
        rows = [graph.node("Gather", [stored, tokens], axis=0) for stored in self._stored]
        if not self._quantised:
            return rows[0]
        codes = graph.node("Cast", [rows[0]], to=onnx.TensorProto.FLOAT)
        centred = graph.node("Sub", [codes, _scalar(graph, 128.0)])
        scaled = graph.node("Mul", [centred, graph.node("Unsqueeze", [rows[1], graph.ints(-1)])])
        return graph.node("Reshape", [scaled, graph.ints(0, 0, -1)])

    def project(self, hidden: str) -> str:
        """[rows, picked, width] to logits [rows, picked, vocabulary]."""
        graph = self._draft.graph
        if self._quantised:
            return blocked8_product(graph, hidden, self._stored, self._table.shape, None)
        flat = graph.node("Reshape", [hidden, graph.ints(-1, self._table.shape[1])])
        logits = graph.node("Gemm", [flat, *self._stored], transB=1)
        leading = graph.node("Shape", [hidden], start=0, end=2)
        return graph.node("Reshape", [logits, self._draft.shape_from(leading, graph.ints(-1))])


def _positioned(draft: _Draft, tokens: str, x: str) -> str:
    graph = draft.graph
    past = draft.extent("past_key_0", 2)
    end = draft.add(past, draft.extent(tokens, 1))
    table = draft.init("decoder/position_encodings/encodings")
    return draft.add(x, graph.node("Slice", [table, past, end, graph.ints(0)]))


def _self_attention(draft: _Draft, x: str, name: str, layer: int) -> str:
    h = draft.norm(x, f"{name}/self_attention/layer_norm")
    fused = draft.project(h, f"{name}/self_attention/linear_0", bias=False)
    bias = draft.init(f"{name}/self_attention/linear_0/bias")
    past = [f"past_key_{layer}", f"past_value_{layer}"]
    outputs = [f"{fused}.seen", f"present_key_{layer}", f"present_value_{layer}"]
    inputs = [*draft.split(fused, 3, -1), bias, "", "", *past]
    y = draft.attend(inputs, outputs, unidirectional=1)
    return draft.add(x, draft.project(y, f"{name}/self_attention/linear_1"))


def _cross_attention(
    draft: _Draft, x: str, tokens: str, layer: int, heads: list[int], maps: list[str]
) -> str:
    """Look at the sound. An item's rows are folded into one long row, as no row masks another."""
    graph, shape = draft.graph, draft.shape
    name = f"decoder/layer_{layer}/attention"
    query = draft.project(draft.norm(x, f"{name}/layer_norm"), f"{name}/linear_0")
    width, head = graph.ints(shape.width), shape.width // shape.heads
    items = draft.extent("cross_key_0", 0)
    folded = graph.node("Reshape", [query, draft.shape_from(items, graph.ints(-1), width)])
    by_head = graph.node("Reshape", [folded, graph.ints(0, 0, shape.heads, head)])
    by_head = graph.node("Transpose", [by_head], perm=[0, 2, 1, 3])
    scores = graph.node(
        "FusedMatMul",
        [by_head, f"cross_key_{layer}"],
        domain=MICROSOFT,
        transB=1,
        alpha=head**-0.5,
    )
    share = graph.node("Softmax", [scores], axis=-1)
    if heads:
        maps.append(graph.node("Gather", [share, graph.ints(*heads)], axis=1))
    seen = graph.node("MatMul", [share, f"cross_value_{layer}"])
    seen = graph.node("Transpose", [seen], perm=[0, 2, 1, 3])
    shape_of_rows = draft.shape_from(graph.node("Shape", [tokens]), width)
    unfolded = graph.node("Reshape", [seen, shape_of_rows])
    return draft.add(x, draft.project(unfolded, f"{name}/linear_2"))


def _alignment(draft: _Draft, maps: list[str], tokens: str, heads: int) -> None:
    """[items, heads, rows of an item * tokens, frames] to [rows, heads, tokens, frames]."""
    graph = draft.graph
    joined = graph.node("Concat", maps, axis=1)
    items, frames = draft.extent("cross_key_0", 0), draft.extent("cross_key_0", 2)
    rows, length = draft.extent(tokens, 0), draft.extent(tokens, 1)
    unfolded = draft.shape_from(items, graph.ints(heads, -1), length, frames)
    apart = graph.node("Reshape", [joined, unfolded])
    ordered = graph.node("Transpose", [apart], perm=[0, 2, 1, 3, 4])
    shape = draft.shape_from(rows, graph.ints(heads), length, frames)
    graph.node("Reshape", [ordered, shape], ["alignment"])
    graph.output("alignment", np.float32, ["rows", heads, "tokens", "frames"])


def _cache(
    shape: Shape, stem: str, first: str, third: str
) -> Iterable[tuple[str, list[int | str]]]:
    for layer in range(shape.decoder_layers):
        for kind in ("key", "value"):
            axes: list[int | str] = [first, shape.heads, third, shape.width // shape.heads]
            yield f"{stem}_{kind}_{layer}", axes


def _check_heads(shape: Shape, alignment_heads: Sequence[tuple[int, int]]) -> None:
    fits = all(
        0 <= layer < shape.decoder_layers and 0 <= head < shape.heads
        for layer, head in alignment_heads
    )
    if not fits or not alignment_heads:
        raise WeightsError("the alignment heads are not heads of this model; check config.json")


def _scalar(graph: GraphBuilder, value: float) -> str:
    return graph.init(np.array(value, np.float32))
