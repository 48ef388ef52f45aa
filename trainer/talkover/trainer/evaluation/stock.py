"""The stock Whisper: published weights in the ``transformers`` implementation, float32, greedy."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import GenerationConfig, WhisperFeatureExtractor
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils import logging

from talkover.core.clock import RATE
from talkover.core.listener import ListenerConfig
from talkover.core.listener.deltafile import Delta
from talkover.core.listener.tokens import Tokens
from talkover.trainer.evaluation.readings import Reading, first_difference
from talkover.trainer.policy.whisper import cut_positions, read_base

_SOON: Final = 48
"""Tokens within which nearly all texts of a sentence have ended."""


class StockWhisper:
    """Reads utterances as Whisper was published, one at a time.

    Args:
        folder: Base weights, as ``talkover models pull`` leaves them.
        delta: What training changed in them, where the same listener is compared with its export.

    Raises:
        WeightsError: the weights cannot be used.
        BundleError: the tokenizer cannot be used.
    """

    def __init__(self, folder: Path, delta: Delta | None = None) -> None:
        base = read_base(folder, delta)
        # Its own generate() passes on what it then calls deprecated, and says so each time.
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        self.tokens = base.tokens
        self._model = base.model
        shape = self._model.config
        self._model.generation_config = greedy(shape.max_target_positions, self.tokens, base.config)
        self._features = WhisperFeatureExtractor(  # type: ignore[no-untyped-call]
            feature_size=shape.num_mel_bins
        )
        self._positions = self._model.model.encoder.embed_positions.weight.detach().clone()

    def read(self, pcm: NDArray[np.float32], language: str, window: int) -> Reading:
        """Write down what was said.

        Args:
            pcm: float32 [n] at 16 kHz.
            language: Its code; nothing is detected.
            window: How long the sound is when padded, in samples.
        """
        return self.read_all([pcm], [language], window)[0]

    def read_all(
        self,
        sounds: Sequence[NDArray[np.float32]],
        languages: Sequence[str],
        window: int,
        *,
        most: int | None = None,
    ) -> list[Reading]:
        """Write down several sounds at once; what is read of one does not depend on the others.

        Few texts are long, and all wait for the longest one: so those that have not ended soon are
        read again among themselves.

        Args:
            sounds: float32 [n] each, at 16 kHz.
            languages: A code for each.
            window: How long each is when padded, in samples.
            most: Tokens of a text; None: as many as the model has positions.
        """
        with torch.inference_mode():
            heard = torch.cat([self.hear(pcm, window) for pcm in sounds])
            found = self._write(heard, languages, window, _SOON if len(sounds) > 1 else most)
            late = [place for place, reading in enumerate(found) if not reading.complete]
            if len(sounds) > 1 and late:
                again = self._write(heard[late], [languages[at] for at in late], window, most)
                for place, reading in zip(late, again, strict=True):
                    found[place] = reading
        return found

    def _write(
        self, heard: torch.Tensor, languages: Sequence[str], window: int, most: int | None
    ) -> list[Reading]:
        """From what the encoder gave, [n, window / 320, width]."""
        length: dict[str, Any] = (
            {} if most is None else {"max_new_tokens": most, "max_length": None}
        )
        written: Any = self._model.generate(
            encoder_outputs=BaseModelOutput(last_hidden_state=heard),
            language=list(languages),
            task="transcribe",
            force_unique_generate_call=True,
            **length,
        )
        prompt = 1 + len(self.tokens.prompt(languages[0]))
        return [self._reading([int(token) for token in row[prompt:]], window) for row in written]

    def _reading(self, tokens: list[int], window: int) -> Reading:
        if self.tokens.end not in tokens:
            return Reading(tuple(tokens), window, complete=False)
        return Reading(tuple(tokens[: tokens.index(self.tokens.end)]), window)

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


def greedy(positions: int, tokens: Tokens, config: ListenerConfig) -> GenerationConfig:
    """Greedy decoding without timestamps, from the prompt that the listener uses, too.

    Args:
        positions: Of the model's decoder, the only bound on a text.
        tokens: Name the special ones.
        config: Says which tokens are suppressed.
    """
    return GenerationConfig(  # type: ignore[no-untyped-call]
        num_beams=1,
        do_sample=False,
        return_timestamps=False,
        max_length=positions,
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
