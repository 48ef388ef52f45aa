"""A brain's weights as a model of ``transformers``, in float32, and back to the names of GGUF."""

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import LlamaConfig, LlamaModel

from talkover.core.brain.weights import Architecture, GgufWeights

MATRICES: Final = {
    "q_proj": "attn_q",
    "k_proj": "attn_k",
    "v_proj": "attn_v",
    "o_proj": "attn_output",
    "gate_proj": "ffn_gate",
    "up_proj": "ffn_up",
    "down_proj": "ffn_down",
}
"""Linear layers of a block: by their names here, those of GGUF."""
_TURNED: Final = {"q_proj", "k_proj"}
_OWNERS: Final = {
    **dict.fromkeys(("q_proj", "k_proj", "v_proj", "o_proj"), "self_attn"),
    **dict.fromkeys(("gate_proj", "up_proj", "down_proj"), "mlp"),
}


def read_llama(weights: GgufWeights) -> LlamaModel:
    """The decoder without a head: the embeddings are its head.

    Raises:
        WeightsError: a tensor is missing.
    """
    shape = weights.architecture()
    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.ffn,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head,
        max_position_embeddings=shape.context,
        rms_norm_eps=shape.epsilon,
        rope_parameters={"rope_type": "default", "rope_theta": shape.rope_theta},
        tie_word_embeddings=True,
    )
    model: Any = LlamaModel(config)
    model.load_state_dict({name: torch.tensor(one) for name, one in _state(weights, shape)})
    found: LlamaModel = model.eval()
    return found


def gguf_name(name: str) -> str:
    """``layers.3.mlp.up_proj`` is ``blk.3.ffn_up.weight``."""
    _, layer, _, matrix = name.split(".")
    return f"blk.{layer}.{MATRICES[matrix]}.weight"


def as_gguf(name: str, rows: NDArray[Any], shape: Architecture) -> NDArray[Any]:
    """Rows of a linear layer in the order that GGUF has them: pairs of the rotation are neighbours.

    Args:
        name: Of the layer, such as ``layers.3.self_attn.q_proj``.
        rows: [out, n].
        shape: Of the model.
    """
    if name.rpartition(".")[2] not in _TURNED:
        return rows
    halves = rows.reshape(-1, 2, shape.head // 2, rows.shape[1])
    return halves.swapaxes(1, 2).reshape(rows.shape)


def _state(weights: GgufWeights, shape: Architecture) -> list[tuple[str, NDArray[np.float32]]]:
    state = [
        ("embed_tokens.weight", weights.matrix("token_embd.weight")),
        ("norm.weight", weights.matrix("output_norm.weight")),
    ]
    for layer in range(shape.layers):
        here, there = f"layers.{layer}", f"blk.{layer}"
        for mine, theirs in MATRICES.items():
            matrix = weights.matrix(f"{there}.{theirs}.weight")
            if mine in _TURNED:
                pairs = matrix.reshape(-1, shape.head // 2, 2, matrix.shape[1])
                matrix = np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(matrix.shape))
            state.append((f"{here}.{_OWNERS[mine]}.{mine}.weight", matrix))
        gains = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}
        state += [
            (f"{here}.{mine}.weight", weights.matrix(f"{there}.{theirs}.weight"))
            for mine, theirs in gains.items()
        ]
    return state
