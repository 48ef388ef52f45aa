"""The stock Whisper: published weights in the ``transformers`` implementation, float32, greedy."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)
from transformers.utils import logging

from talkover.core.clock import FRAME, RATE
from talkover.core.listener import LONGEST, ListenerConfig
from talkover.core.listener.build import read_config
from talkover.core.listener.ct2 import read_ct2
from talkover.core.listener.tokens import Tokens, read_tokenizer
from talkover.core.listener.weights import Shape, Weights, shape_of, to_state_dict
from talkover.trainer.evaluation.readings import Reading, first_difference


class StockWhisper:
    """Reads utterances as Whisper was published, one at a time.

    Args:
        folder: Base weights, as ``talkover models pull`` leaves them.

    Raises:
        WeightsError: the weights cannot be used.
        BundleError: the tokenizer cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        weights = read_ct2(folder / "model.bin")
        shape = shape_of(weights)
        tokenizer = read_tokenizer(folder)
        config = read_config(folder / "config.json", tokenizer)
        # Its own generate() passes on what it then calls deprecated, and says so each time.
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        self.tokens = Tokens(tokenizer, config)
        self._model = build_model(weights)
        self._model.generation_config = greedy(shape, self.tokens, config)
        self._features = WhisperFeatureExtractor(  # type: ignore[no-untyped-call]
            feature_size=shape.mels
        )
        self._positions = self._model.model.encoder.embed_positions.weight.detach().clone()

    def read(self, pcm: NDArray[np.float32], language: str, window: int) -> Reading:
        """Write down what was said.

        Args:
            pcm: float32 [n] at 16 kHz.
            language: Its code; nothing is detected.
            window: How long the sound is when padded, in samples.
        """
        features = self._see(pcm, window)
        with torch.inference_mode():
            written: Any = self._model.generate(
                features, language=language, task="transcribe", force_unique_generate_call=True
            )
        prompt = 1 + len(self.tokens.prompt(language))
        tokens = tuple(int(token) for token in written[0, prompt:])
        if self.tokens.end not in tokens:
            return Reading(tokens, window, complete=False)
        return Reading(tokens[: tokens.index(self.tokens.end)], window)

    def hear(self, pcm: NDArray[np.float32], window: int) -> torch.Tensor:
        """Spectrogram and encoder alone: [1, window / 320, width]; arguments as in ``read``."""
        features = self._see(pcm, window)
        with torch.inference_mode():
            heard: torch.Tensor = self._model.model.encoder(features).last_hidden_state
        return heard

    def gap(
        self, pcm: NDArray[np.float32], language: str, own: Reading, other: Reading
    ) -> float | None:
        """How much likelier this model finds its own next token where two readings part, in nats.

        Args:
            pcm: As in ``read``.
            language: The same.
            own: What this model wrote.
            other: What another one did.

        Returns:
            None when they do not part.
        """
        at = first_difference(own.tokens, other.tokens)
        if at is None:
            return None
        heard = self.hear(pcm, own.window)
        before = [self.tokens.start, *self.tokens.prompt(language), *own.tokens[:at]]
        with torch.inference_mode():
            outputs: Any = self._model(
                encoder_outputs=(heard,), decoder_input_ids=torch.tensor([before])
            )
        ours, theirs = (
            reading.tokens[at] if at < len(reading.tokens) else self.tokens.end
            for reading in (own, other)
        )
        logits = outputs.logits[0, -1]
        return float(logits[ours] - logits[theirs])

    def _see(self, pcm: NDArray[np.float32], window: int) -> torch.Tensor:
        cut_positions(self._model, self._positions, window)
        seen = self._features(pcm, sampling_rate=RATE, max_length=window, return_tensors="pt")
        features: torch.Tensor = seen.input_features
        return features


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
    )
    model = WhisperForConditionalGeneration(config)
    model.eval()  # type: ignore[no-untyped-call]
    # Copied: the arrays may be views of a read-only file, which torch does not allow.
    state = {name: torch.tensor(array) for name, array in to_state_dict(weights).items()}
    model.load_state_dict(state, strict=True)
    return model


def greedy(shape: Shape, tokens: Tokens, config: ListenerConfig) -> GenerationConfig:
    """Greedy decoding without timestamps, from the prompt that the listener uses, too.

    Args:
        shape: Of the model; its positions are the only bound on a text.
        tokens: Name the special ones.
        config: Says which tokens are suppressed.
    """
    return GenerationConfig(  # type: ignore[no-untyped-call]
        num_beams=1,
        do_sample=False,
        return_timestamps=False,
        max_length=shape.positions,
        decoder_start_token_id=tokens.start,
        bos_token_id=tokens.end,
        eos_token_id=tokens.end,
        pad_token_id=tokens.end,
        suppress_tokens=list(config.suppress),
        begin_suppress_tokens=list(config.suppress_begin),
        is_multilingual=True,
        lang_to_id={f"<|{code}|>": token for code, token in tokens.languages.items()},
        task_to_id={"transcribe": tokens.transcribe},
        no_timestamps_token_id=tokens.no_timestamps,
    )


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
