"""Whisper as a distribution over transcripts, with its gradient."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import (
    DynamicCache,
    EncoderDecoderCache,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.core.listener import LONGEST
from talkover.core.listener.mel import STEP
from talkover.core.listener.tokens import Tokens
from talkover.core.listener.weights import Weights, from_state_dict
from talkover.core.report import this_machine
from talkover.trainer.estimators.batch import Scores
from talkover.trainer.policy.tuning import Tuning, merged_state, tune
from talkover.trainer.policy.whisper import cut_positions
from talkover.trainer.policy.written import Written

NEVER: Final = -1e30
"""The logit of what cannot come. Finite, so that nothing times it is nothing."""

_BF16: Final = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Processor features, any of which multiplies in bfloat16."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What the decoder looks at, and what it is told before a text, for some utterances.

    Attributes:
        cross: Keys and values of each layer's cross-attention: [items, heads, frames, 64] each.
        prompts: The start, the language, the task, that no times are wanted: int64 [items, 4].
    """

    cross: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    prompts: torch.Tensor

    def detach(self) -> Self:
        """The same, through which nothing is learnt."""
        cross = tuple((keys.detach(), values.detach()) for keys, values in self.cross)
        return type(self)(cross, self.prompts)

    def cache(self, items: torch.Tensor) -> EncoderDecoderCache:
        """For rows, each of which is of one of the items."""
        cross = DynamicCache()
        for layer, (keys, values) in enumerate(self.cross):
            cross.update(keys[items], values[items], layer)
        return EncoderDecoderCache(DynamicCache(), cross)


class Policy(nn.Module):
    """A Whisper that learns.

    What never is speech is suppressed as in ``talkover.core.listener``: a log-probability here is
    what a bundle's listener would tell. A frozen one (``copy.deepcopy``, ``requires_grad_``) is a
    reference to keep near to.

    Args:
        model: To be tuned in place.
        tokens: Name the special ones, and those that are suppressed.
        tuning: What learns.
        seed: Of the first weights of what is added.
        bf16: Compute products in bfloat16; weights stay as they are. Worth it where ``has_bf16``.
    """

    def __init__(
        self,
        model: WhisperForConditionalGeneration,
        tokens: Tokens,
        tuning: Tuning,
        *,
        seed: int = 0,
        bf16: bool = False,
    ) -> None:
        super().__init__()
        tune(model, tuning, seed=seed)
        self.model = model
        self.tokens = tokens
        self.bf16 = bf16
        config: Any = model.config
        self._features = WhisperFeatureExtractor(  # type: ignore[no-untyped-call]
            feature_size=config.num_mel_bins
        )
        positions = model.model.encoder.embed_positions.weight.detach().clone()
        self._positions = nn.Buffer(positions, persistent=False)
        penalties = [tokens.penalty(config.vocab_size, first=first) for first in (True, False)]
        # What cannot come as a text's first token, and as a later one: bool [2, vocabulary].
        blocked = torch.from_numpy(np.isneginf(np.stack(penalties)))
        self.blocked = nn.Buffer(blocked, persistent=False)

    @property
    def longest(self) -> int:
        """Tokens that a text may have at most, its end counted."""
        config: Any = self.model.config
        prompt = self.tokens.prompt(next(iter(self.tokens.languages)))
        return int(config.max_target_positions) - len(prompt)

    def see(self, sounds: Sequence[NDArray[np.float32]], window: int) -> torch.Tensor:
        """Spectrograms of sounds, padded or cut.

        Args:
            sounds: float32 [n] each, at 16 kHz.
            window: How long each becomes, in samples: whole frames of 20 ms.

        Returns:
            float32 [items, mels, window / 160], where the weights are.
        """
        seen = self._features(
            list(sounds), sampling_rate=RATE, max_length=window, return_tensors="pt"
        )
        features: torch.Tensor = seen.input_features
        return features.to(self._positions.device)

    def hear(self, features: torch.Tensor, languages: Sequence[str]) -> Heard:
        """The encoder, and what each layer of the decoder will look at.

        Args:
            features: As ``see`` gives them.
            languages: The code of each item.

        Raises:
            ModelError: there is no such language.
        """
        self.tokens.check_languages(languages)
        cut_positions(self.model, self._positions, features.shape[-1] * STEP)
        try:
            with self.cast():
                heard = self.model.model.encoder(features).last_hidden_state
                cross = tuple(
                    (_heads(one.k_proj(heard), one), _heads(one.v_proj(heard), one))
                    for one in (layer.encoder_attn for layer in self.model.model.decoder.layers)
                )
        finally:
            cut_positions(self.model, self._positions, LONGEST)  # a state has the whole table
        prompts = [[self.tokens.start, *self.tokens.prompt(one)] for one in languages]
        return Heard(cross, torch.tensor(prompts, device=features.device))

    def score(
        self,
        heard: Heard,
        written: Written,
        *,
        temperature: float = 1.0,
        suppressed: bool = True,
    ) -> Scores:
        """How likely transcripts are.

        Args:
            heard: Of the utterances.
            written: The transcripts.
            temperature: At which they are drawn.
            suppressed: Whether what never is speech cannot come. Texts that are known may hold it.

        Returns:
            With the whole distribution, float32.

        Raises:
            DataError: a transcript holds what cannot come, or is too long.
        """
        written = written.to(heard.prompts.device)
        length = written.tokens.shape[1]
        if length > self.longest:
            raise DataError(f"a text of {length} tokens; at most {self.longest} can be scored")
        chosen, later = written.tokens[written.mask], _places(written.mask) > 0
        blocked = self.blocked[later.long()] & suppressed
        if blocked.gather(1, chosen[:, None]).any():
            raise DataError("a text holds suppressed tokens; score it with suppressed=False")
        before = torch.cat([heard.prompts[written.items], written.tokens[:, :-1]], dim=1)
        with self.cast():
            states = self.decode(before, heard.cache(written.items))[:, -length:]
            logits = self.model.proj_out(states[written.mask])
        distribution = as_distribution(logits, blocked, temperature)
        found = distribution.gather(1, chosen[:, None])[:, 0]
        log_probs = torch.zeros(written.mask.shape, device=found.device)
        return Scores(log_probs.masked_scatter(written.mask, found), written.mask, distribution)

    def forward(
        self,
        features: torch.Tensor,
        languages: Sequence[str],
        written: Written,
        *,
        suppressed: bool = True,
    ) -> Scores:
        """``hear`` and ``score`` in one, where a wrapper such as DDP has to see both."""
        return self.score(self.hear(features, languages), written, suppressed=suppressed)

    def decode(self, tokens: torch.Tensor, cache: EncoderDecoderCache) -> torch.Tensor:
        """What the decoder makes of tokens, within ``cast``.

        Args:
            tokens: That come next: int64 [rows, n].
            cache: Of the rows; goes on.

        Returns:
            Hidden states [rows, n, width]; ``model.proj_out`` makes logits of them.
        """
        outputs = self.model.model.decoder(
            input_ids=tokens,
            encoder_hidden_states=self._positions,  # any: keys and values are in the cache
            past_key_values=cache,
            use_cache=True,
        )
        states: torch.Tensor = outputs.last_hidden_state
        return states

    def cast(self) -> torch.autocast:
        """The precision that products are computed in."""
        return torch.autocast(self._positions.device.type, torch.bfloat16, enabled=self.bf16)

    def weights(self) -> Weights:
        """As ``talkover.core.listener`` takes them, additions merged."""
        state = merged_state(self.model).items()
        return from_state_dict({name: value.cpu().numpy() for name, value in state})


def has_bf16() -> bool:
    """Whether this machine multiplies in bfloat16, and does not only imitate it, many times slower.

    GPUs since Ampere; processors with AVX-512 BF16, AMX or Arm's BF16.
    """
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return not _BF16.isdisjoint(this_machine().features)


def as_distribution(
    logits: torch.Tensor, blocked: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Log-probabilities.

    Args:
        logits: [places, vocabulary].
        blocked: What cannot come: bool, [places, vocabulary] or [vocabulary].
        temperature: Above 0.

    Returns:
        float32 [places, vocabulary]; ``NEVER`` for what cannot come.
    """
    return (logits.float() / temperature).masked_fill(blocked, NEVER).log_softmax(dim=-1)


def _heads(value: torch.Tensor, attention: Any) -> torch.Tensor:
    items, frames, _ = value.shape
    return value.view(items, frames, attention.num_heads, attention.head_dim).transpose(1, 2)


def _places(mask: torch.Tensor) -> torch.Tensor:
    """Where in its row each token is that there is: int64 [places]."""
    return torch.arange(mask.shape[1], device=mask.device).expand_as(mask)[mask]
