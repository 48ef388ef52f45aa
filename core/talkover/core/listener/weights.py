"""Whisper's weights under one set of names, wherever they come from.

The names are CTranslate2's (``encoder/layer_0/self_attention/linear_0/weight``), which fuse what
one matrix product computes: queries, keys and values of self-attention in ``linear_0``, keys and
values of cross-attention in ``linear_1``. ``from_state_dict`` and ``to_state_dict`` translate from
and to the names of ``transformers.WhisperForConditionalGeneration``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import WeightsError

Weights = Mapping[str, NDArray[Any]]

_HEAD_WIDTH = 64  # of every Whisper
_Q, _K, _V = range(3)
_ATTENTION: Final = ((_Q, "q_proj"), (_K, "k_proj"), (_V, "v_proj"))


@dataclass(frozen=True, slots=True)
class Shape:
    """How big a Whisper is.

    Attributes:
        encoder_layers: Blocks of the encoder.
        decoder_layers: Blocks of the decoder.
        width: Of the hidden states.
        heads: Of each attention, 64 wide each.
        mels: Bands of the spectrogram.
        vocabulary: Tokens.
        frames: Positions of the encoder, 20 ms each.
        positions: Of the decoder, a token each.
    """

    encoder_layers: int
    decoder_layers: int
    width: int
    heads: int
    mels: int
    vocabulary: int
    frames: int
    positions: int


def shape_of(weights: Weights) -> Shape:
    """Read the size off the arrays, and make sure that all of them are there and fit together.

    Raises:
        WeightsError: an array is missing or has another shape than its neighbours ask for.
    """
    width, mels, _ = _expect(weights, "encoder/conv1/weight", (None, None, 3))
    vocabulary, _ = _expect(weights, "decoder/embeddings/weight", (None, width))
    frames, _ = _expect(weights, "encoder/position_encodings/encodings", (None, width))
    positions, _ = _expect(weights, "decoder/position_encodings/encodings", (None, width))
    shape = Shape(
        encoder_layers=_layers(weights, "encoder"),
        decoder_layers=_layers(weights, "decoder"),
        width=width,
        heads=width // _HEAD_WIDTH,
        mels=mels,
        vocabulary=vocabulary,
        frames=frames,
        positions=positions,
    )
    if width % _HEAD_WIDTH:
        raise WeightsError("the model's width is not a multiple of 64; this is not a Whisper")
    for name, wanted in _parts(shape):
        _expect(weights, name, wanted)
    return shape


def from_state_dict(state: Weights) -> dict[str, NDArray[np.float32]]:
    """Translate a ``WhisperForConditionalGeneration`` state dict, given as NumPy arrays.

    Args:
        state: Arrays by Hugging Face names, with or without the leading ``model.``.

    Returns:
        float32 arrays under the names of this module.

    Raises:
        WeightsError: an array is missing, or does not fit to its neighbours.
    """
    plain = {name.removeprefix("model."): array for name, array in state.items()}

    def find(name: str) -> NDArray[np.float32]:
        if name not in plain:
            raise WeightsError(f"the state dict lacks {name}; export a whole Whisper")
        return np.asarray(plain[name], np.float32)

    layers = {side: _state_layers(plain, side) for side in ("encoder", "decoder")}
    weights: dict[str, NDArray[np.float32]] = {}
    for name, source in _correspondence(layers["encoder"], layers["decoder"]):
        if isinstance(source, str):
            weights[name] = find(source)
        else:
            weights[name] = _fused([_piece(find, part) for part in source], name)
    shape_of(weights)
    return weights


def to_state_dict(weights: Weights) -> dict[str, NDArray[np.float32]]:
    """The inverse of ``from_state_dict``, with ``model.`` names and the tied ``proj_out``."""
    shape = shape_of(weights)
    state: dict[str, NDArray[np.float32]] = {}
    for name, source in _correspondence(shape.encoder_layers, shape.decoder_layers):
        array = np.asarray(weights[name], np.float32)
        if isinstance(source, str):
            state["model." + source] = array
            continue
        for part, piece in zip(source, np.split(array, len(source)), strict=True):
            if not part.endswith("k_proj.bias"):  # Whisper's keys have none: zeros when fused
                state["model." + part] = piece
    state["proj_out.weight"] = state["model.decoder.embed_tokens.weight"]
    return state


def _fused(parts: list[NDArray[np.float32]], name: str) -> NDArray[np.float32]:
    shapes = {part.shape for part in parts}
    if len(shapes) != 1 or () in shapes:
        found = ", ".join(str(part.shape) for part in parts)
        raise WeightsError(f"the parts of {name} are {found}; export a whole Whisper")
    return np.concatenate(parts)


def _piece(find: Any, part: str) -> NDArray[np.float32]:
    if part.endswith("k_proj.bias"):
        return np.zeros_like(find(part.replace("k_proj", "v_proj")))
    array: NDArray[np.float32] = find(part)
    return array


def _correspondence(encoder: int, decoder: int) -> Iterator[tuple[str, str | list[str]]]:
    """Our name and the state dict's; a list where ours is several of theirs, one on another."""
    for conv in ("conv1", "conv2"):
        yield from _affine(f"encoder/{conv}", [f"encoder.{conv}"])
    yield "decoder/embeddings/weight", "decoder.embed_tokens.weight"
    for side, count in (("encoder", encoder), ("decoder", decoder)):
        yield f"{side}/position_encodings/encodings", f"{side}.embed_positions.weight"
        yield from _norm(f"{side}/layer_norm", f"{side}.layer_norm")
        for index in range(count):
            yield from _layer(f"{side}/layer_{index}", f"{side}.layers.{index}", side)


def _layer(ours: str, theirs: str, side: str) -> Iterator[tuple[str, str | list[str]]]:
    own, other = f"{theirs}.self_attn", f"{theirs}.encoder_attn"
    yield from _norm(f"{ours}/self_attention/layer_norm", f"{theirs}.self_attn_layer_norm")
    yield from _affine(f"{ours}/self_attention/linear_0", [f"{own}.{p}" for _, p in _ATTENTION])
    yield from _affine(f"{ours}/self_attention/linear_1", [f"{own}.out_proj"])
    if side == "decoder":
        yield from _norm(f"{ours}/attention/layer_norm", f"{theirs}.encoder_attn_layer_norm")
        yield from _affine(f"{ours}/attention/linear_0", [f"{other}.q_proj"])
        yield from _affine(f"{ours}/attention/linear_1", [f"{other}.k_proj", f"{other}.v_proj"])
        yield from _affine(f"{ours}/attention/linear_2", [f"{other}.out_proj"])
    yield from _norm(f"{ours}/ffn/layer_norm", f"{theirs}.final_layer_norm")
    yield from _affine(f"{ours}/ffn/linear_0", [f"{theirs}.fc1"])
    yield from _affine(f"{ours}/ffn/linear_1", [f"{theirs}.fc2"])


def _norm(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    yield f"{ours}/gamma", f"{theirs}.weight"
    yield f"{ours}/beta", f"{theirs}.bias"


def _affine(ours: str, theirs: list[str]) -> Iterator[tuple[str, str | list[str]]]:
    for kind in ("weight", "bias"):
        names = [f"{name}.{kind}" for name in theirs]
        yield f"{ours}/{kind}", names[0] if len(names) == 1 else names


def _parts(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every array that a Whisper of this shape has, but for the four that gave the shape."""
    width = shape.width
    fused = {"self_attention/linear_0": 3, "attention/linear_1": 2}
    for name, _ in _correspondence(shape.encoder_layers, shape.decoder_layers):
        stem, _, kind = name.rpartition("/")
        if "layer_norm" in stem or kind == "bias":
            rows = next((n for tail, n in fused.items() if stem.endswith("/" + tail)), 1)
            yield name, (width * (4 if stem.endswith("ffn/linear_0") else rows),)
        elif stem.endswith("ffn/linear_0"):
            yield name, (4 * width, width)
        elif stem.endswith("ffn/linear_1"):
            yield name, (width, 4 * width)
        elif "linear" in stem:
            rows = next((n for tail, n in fused.items() if stem.endswith("/" + tail)), 1)
            yield name, (rows * width, width)
        elif stem == "encoder/conv2":
            yield name, (width, width, 3)


def _expect(weights: Weights, name: str, wanted: tuple[int | None, ...]) -> tuple[int, ...]:
    if name not in weights:
        raise WeightsError(f"the weights lack {name}; fetch or export a whole Whisper")
    if weights[name].dtype.kind != "f":
        raise WeightsError(f"{name} is quantised; export in float16 or float32")
    found = weights[name].shape
    fits = len(found) == len(wanted) and all(
        want in (None, have) and have > 0 for have, want in zip(found, wanted, strict=True)
    )
    if not fits:
        raise WeightsError(f"{name} has shape {found}, not {wanted}; the weights do not fit")
    return found


def _layers(weights: Weights, side: str) -> int:
    count = 0
    while any(name.startswith(f"{side}/layer_{count}/") for name in weights):
        count += 1
    if not count:
        raise WeightsError(f"the weights have no {side} layers; this is not a Whisper")
    return count


def _state_layers(state: Weights, side: str) -> int:
    count = 0
    while any(name.startswith(f"{side}.layers.{count}.") for name in state):
        count += 1
    return count
