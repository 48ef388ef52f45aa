"""Published weights as a model of ``transformers``, in float32."""

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

from talkover.core.clock import FRAME
from talkover.core.listener import LONGEST, ListenerConfig
from talkover.core.listener.build import read_config
from talkover.core.listener.ct2 import read_ct2
from talkover.core.listener.delta import merged
from talkover.core.listener.deltafile import Delta
from talkover.core.listener.tokens import Tokens, read_tokenizer
from talkover.core.listener.weights import Weights, shape_of, to_state_dict


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """A Whisper as it was published.

    Attributes:
        model: In evaluation mode.
        tokens: What its token numbers mean.
        config: What else is known of it, of its bundle's listener.
    """

    model: WhisperForConditionalGeneration
    tokens: Tokens
    config: ListenerConfig


def read_base(folder: Path, delta: Delta | None = None, *, empty: bool = False) -> Base:
    """Read base weights, as ``talkover models pull`` leaves them.

    Args:
        folder: Of the weights.
        delta: What training changed in them, to be merged.
        empty: Whether a text may be empty, which published weights do not know to use.

    Raises:
        WeightsError: the weights cannot be used, or the delta is of others.
        BundleError: the tokenizer cannot be used.
    """
    weights: Weights = read_ct2(folder / "model.bin")
    if delta is not None:
        weights = merged(weights, delta.changes)
    tokenizer = read_tokenizer(folder)
    empty = empty or (delta is not None and delta.about.empty)
    config = read_config(folder / "config.json", tokenizer, empty=empty)
    model = build_model(weights)
    return Base(model, Tokens(tokenizer, config), config)


def build_model(weights: Weights) -> WhisperForConditionalGeneration:
    """A model of the weights' shape that holds the weights.

    Args:
        weights: Under the names of ``talkover.core.listener.weights``.

    Raises:
        WeightsError: they are not those of a whole Whisper.
    """
    shape = shape_of(weights)
    config = WhisperConfig(
        vocab_size=shape.vocabulary,
        num_mel_bins=shape.mels,
        d_model=shape.width,
        encoder_layers=shape.encoder_layers,
        encoder_attention_heads=shape.heads,
        encoder_ffn_dim=4 * shape.width,
        decoder_layers=shape.decoder_layers,
        decoder_attention_heads=shape.heads,
        decoder_ffn_dim=4 * shape.width,
        max_source_positions=shape.frames,
        max_target_positions=shape.positions,
        pad_token_id=None,  # or one token's embedding would never learn
    )
    model = WhisperForConditionalGeneration(config)
    model.eval()  # type: ignore[no-untyped-call]
    # Copied: the arrays may be views of a read-only file, which torch does not allow.
    state = {name: torch.tensor(array) for name, array in to_state_dict(weights).items()}
    model.load_state_dict(state, strict=True)
    return model


def cut_positions(
    model: WhisperForConditionalGeneration, positions: torch.Tensor, window: int
) -> None:
    """Show the model windows of this length from now on: the first positions of its table.

    Args:
        model: To be changed.
        positions: The whole table of its encoder [1500, width].
        window: In samples, a multiple of 320.
    """
    frames = min(window, LONGEST) // FRAME
    model.config.max_source_positions = frames
    model.model.encoder.embed_positions = torch.nn.Embedding(
        frames, positions.shape[1], _weight=positions[:frames], _freeze=True
    )
