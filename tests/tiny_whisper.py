"""A tiny random Whisper and its tokenizer."""

from typing import Any

import numpy as np
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

LANGUAGES = ("en", "zh", "fr")
MERGES = ["Ġ t", "h e", "Ġt he"]
SPECIAL = [
    *("endoftext", "startoftranscript", *LANGUAGES, "translate", "transcribe"),
    *("startoflm", "startofprev", "nospeech", "notimestamps", "0.00", "0.02"),
]


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
