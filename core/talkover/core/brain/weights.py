"""Language-model weights as they lie in a GGUF file, opened without any framework."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import WeightsError

CONTEXT_LIMIT = 2048
"""Positions a brain is built for at most: a call's history is cut long before that."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """The numbers that define a Llama-shaped decoder.

    Attributes:
        layers: Decoder blocks.
        width: Of the residual stream.
        heads: Query heads.
        kv_heads: Key and value heads; each serves ``heads // kv_heads`` query heads.
        head: Width of one head.
        ffn: Width of the gated feed-forward layer.
        vocabulary: Tokens.
        context: Positions the rotary tables cover.
        rope_theta: Base of the rotary frequencies.
        epsilon: Of the RMS normalisation.
    """

    layers: int
    width: int
    heads: int
    kv_heads: int
    head: int
    ffn: int
    vocabulary: int
    context: int
    rope_theta: float
    epsilon: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A byte-level BPE vocabulary.

    Attributes:
        tokens: In order of their ids, written in the GPT-2 byte alphabet.
        control: Ids of control tokens, which no text can produce.
        merges: Pairs joined by a blank, best first.
        pre: Name of the pre-tokenisation.
    """

    tokens: tuple[str, ...]
    control: tuple[int, ...]
    merges: tuple[str, ...]
    pre: str


class GgufWeights:
    """Metadata and tensors of one GGUF file (memory-mapped, so opening is cheap).

    Raises:
        WeightsError: the file is not GGUF, or not a Llama-shaped model with tied embeddings.
    """

    def __init__(self, path: Path) -> None:
        try:
            reader = gguf.GGUFReader(path)
        except (OSError, ValueError, IndexError, KeyError) as error:
            raise WeightsError(
                f"{path.name} is not a readable GGUF file ({type(error).__name__}); "
                "delete it and run: talkover models pull"
            ) from error
        self._file = path.name
        self._fields = reader.fields
        self._tensors = {tensor.name: tensor for tensor in reader.tensors}
        if self._field("general.architecture") != "llama" or "output.weight" in self._tensors:
            raise WeightsError(
                f"{path.name} is not a Llama model with tied embeddings; "
                "serve it behind an OpenAI-compatible endpoint instead"
            )

    @property
    def name(self) -> str:
        """What the file calls the model."""
        return str(self._field("general.name"))

    def architecture(self) -> Architecture:
        """Read the shape of the model from the metadata.

        Raises:
            WeightsError: a number is missing.
        """
        heads = int(self._field("llama.attention.head_count"))
        width = int(self._field("llama.embedding_length"))
        return Architecture(
            layers=int(self._field("llama.block_count")),
            width=width,
            heads=heads,
            kv_heads=int(self._field("llama.attention.head_count_kv")),
            head=width // heads,
            ffn=int(self._field("llama.feed_forward_length")),
            vocabulary=int(self._field("llama.vocab_size")),
            context=min(int(self._field("llama.context_length")), CONTEXT_LIMIT),
            rope_theta=float(self._field("llama.rope.freq_base")),
            epsilon=float(self._field("llama.attention.layer_norm_rms_epsilon")),
        )

    def vocabulary(self) -> Vocabulary:
        """Read the tokenizer's tables.

        Raises:
            WeightsError: they are missing or of another kind.
        """
        if self._field("tokenizer.ggml.model") != "gpt2":
            raise WeightsError(f"{self._file} has no byte-level BPE tokenizer; use an endpoint")
        kinds = self._field("tokenizer.ggml.token_type")
        return Vocabulary(
            tokens=tuple(self._field("tokenizer.ggml.tokens")),
            control=tuple(i for i, kind in enumerate(kinds) if kind == gguf.TokenType.CONTROL),
            merges=tuple(self._field("tokenizer.ggml.merges")),
            pre=str(self._field("tokenizer.ggml.pre")),
        )

    def matrix(self, name: str) -> NDArray[np.float32]:
        """One tensor, dequantised: ``[out, in]`` for matrices, ``[n]`` for vectors.

        Raises:
            WeightsError: the file has no such tensor.
        """
        if name not in self._tensors:
            raise WeightsError(f"{self._file} has no tensor {name}; run: talkover models pull")
        tensor = self._tensors[name]
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        return np.ascontiguousarray(values, dtype=np.float32)

    def _field(self, key: str) -> Any:
        field = self._fields.get(key)
        if field is None:
            raise WeightsError(f"{self._file} lacks {key}; run: talkover models pull")
        return field.contents()
