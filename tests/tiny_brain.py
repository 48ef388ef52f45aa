"""A tiny random brain, written as GGUF like the real one."""

from pathlib import Path

import gguf
import numpy as np

from talkover.core.brain.tokens import _byte_alphabet

LAYERS, WIDTH, HEADS, KV_HEADS, FFN, CONTEXT = 2, 64, 4, 2, 96, 256
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MERGES = ["h e", "l l", "he ll", "hell o", "Ġ t", "Ġt he"]


def write_gguf(path: Path, **changes: object) -> Path:
    """A Llama of random weights with a byte-level vocabulary; ``changes`` replace metadata."""
    tokens = [*CONTROL, *_byte_alphabet(), *(merge.replace(" ", "") for merge in MERGES)]
    writer = gguf.GGUFWriter(path, str(changes.get("arch", "llama")))
    writer.add_name("tiny")
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(WIDTH)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_feed_forward_length(FFN)
    writer.add_vocab_size(len(tokens))
    writer.add_context_length(CONTEXT)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(str(changes.get("pre", "smollm")))
    writer.add_token_list(tokens)
    kinds = [gguf.TokenType.CONTROL] * 3 + [gguf.TokenType.NORMAL] * (len(tokens) - 3)
    writer.add_token_types(kinds)
    writer.add_token_merges(MERGES)
    rng = np.random.default_rng(7)

    def add(name: str, *shape: int) -> None:
        if name != changes.get("without"):
            values = rng.normal(0, 1.5 * shape[-1] ** -0.5, shape)
            if len(shape) == 1:
                values = 1 + 0.1 * rng.normal(size=shape)
            writer.add_tensor(f"{name}.weight", values.astype(np.float32))

    add("token_embd", len(tokens), WIDTH)
    add("output_norm", WIDTH)
    keys = WIDTH // HEADS * KV_HEADS
    for layer in range(LAYERS):
        for name, rows, columns in (
            *(("attn_q", WIDTH, WIDTH), ("attn_k", keys, WIDTH), ("attn_v", keys, WIDTH)),
            *(("attn_output", WIDTH, WIDTH), ("ffn_gate", FFN, WIDTH)),
            *(("ffn_up", FFN, WIDTH), ("ffn_down", WIDTH, FFN)),
        ):
            add(f"blk.{layer}.{name}", rows, columns)
        add(f"blk.{layer}.attn_norm", WIDTH)
        add(f"blk.{layer}.ffn_norm", WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
