"""A tiny random Whisper, its tokenizer, and its file."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

LANGUAGES = ("en", "zh", "fr")
MERGES = ["Ġ t", "h e", "Ġt he"]
Arrays = Mapping[str, NDArray[Any]]
SPECIAL = [
    *("endoftext", "startoftranscript", *LANGUAGES, "translate", "transcribe"),
    *("startoflm", "startofprev", "nospeech", "notimestamps", "0.00", "0.02"),
]
_KINDS = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}


def tiny_tokenizer() -> Tokenizer:
    """Bytes, three merges and Whisper's special tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*alphabet, *(merge.replace(" ", "") for merge in MERGES)]
    pairs: list[tuple[str, str]] = []
    for merge in MERGES:
        left, right = merge.split()
        pairs.append((left, right))
    tokenizer = Tokenizer(models.BPE({word: number for number, word in enumerate(words)}, pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(f"<|{name}|>", special=True) for name in SPECIAL])
    return tokenizer


def tiny_whisper(vocabulary: int, width: int = 128) -> Any:
    """A ``WhisperForConditionalGeneration`` whose every parameter matters."""
    import torch
    import transformers

    hf: Any = transformers  # its types are half a promise
    config = hf.WhisperConfig(
        vocab_size=vocabulary,
        d_model=width,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=width // 64,
        decoder_attention_heads=width // 64,
        encoder_ffn_dim=4 * width,
        decoder_ffn_dim=4 * width,
        max_target_positions=448,
        pad_token_id=0,
        bos_token_id=0,
        eos_token_id=0,
        decoder_start_token_id=1,
        attn_implementation="eager",
    )
    model = hf.WhisperForConditionalGeneration(config).eval()
    draw = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=draw)
            if name.endswith("encoder.embed_positions.weight"):
                continue
            if "layer_norm.weight" in name:
                value.copy_(1 + 0.1 * noise)
            elif "embed" in name or value.ndim == 1:
                value.copy_(0.1 * noise)
            else:
                value.copy_(1.5 * noise / np.sqrt(value[0].numel()))
    return model


def ct2_bytes(
    variables: Arrays, aliases: Sequence[tuple[str, str]] = (), version: int = 6
) -> bytes:
    """A model as CTranslate2 writes it."""

    def named(text: str) -> bytes:
        return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"

    parts = [struct.pack("<I", version), named("WhisperSpec"), struct.pack("<I", 3)]
    parts.append(struct.pack("<I", len(variables)))
    for name, array in variables.items():
        parts += [named(name), struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)]
        parts.append(struct.pack("<BI", _KINDS[array.dtype.name], array.nbytes))
        parts.append(array.tobytes())
    parts.append(struct.pack("<I", len(aliases)))
    parts += [named(name) for pair in aliases for name in pair]
    return b"".join(parts)
