"""Which weights learn: all of them, or small additions to the matrices.

Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models. What is added starts at nothing
and is merged into the matrices for export, so a tuned model costs what the base did.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn
from transformers import WhisperForConditionalGeneration

from talkover.core.errors import ConfigError

MATRICES: Final = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")
"""The linear layers of a Whisper, by name."""
_BASE: Final = ".base"


@dataclass(frozen=True, slots=True)
class Tuning:
    """What learns.

    Attributes:
        rank: Of what is added to each matrix; 0: nothing is, the weights themselves learn.
        scale: By which what is added counts.
        matrices: To which it is added, some of ``MATRICES``.
        embeddings: Whether the decoder's embeddings learn as well, where the weights do. Few tokens
            come up in training, and the others' embeddings would be left behind.

    Raises:
        ConfigError: nothing can be tuned so.
    """

    rank: int = 0
    scale: float = 2.0
    matrices: tuple[str, ...] = MATRICES
    embeddings: bool = False

    def __post_init__(self) -> None:
        unknown = set(self.matrices) - set(MATRICES)
        if self.rank < 0 or unknown or not self.matrices:
            raise ConfigError(
                f"rank {self.rank} on {', '.join(self.matrices) or 'no matrices'}: use a rank of 0 "
                f"or more, and some of {', '.join(MATRICES)}"
            )


class LowRank(nn.Module):
    """A linear layer that is frozen, and what is added to it.

    Args:
        base: The layer.
        tuning: Says how much.
        random: Where its first weights are drawn from.
    """

    def __init__(self, base: nn.Linear, tuning: Tuning, random: torch.Generator) -> None:
        super().__init__()
        wide, many = base.in_features, base.out_features
        like = base.weight
        drawn = torch.rand(tuning.rank, wide, generator=random).to(like.device, like.dtype)
        self.base = base
        self.down = nn.Parameter((2 * drawn - 1) / wide**0.5)
        self.up = nn.Parameter(like.new_zeros(many, tuning.rank))
        self.scale = tuning.scale
        self._bare: torch.Tensor | None = None

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        """What the layer makes of [..., in], and what is added: [..., out]."""
        if self._bare is not None:
            whole: torch.Tensor = self.base(value)
            return whole
        added = nn.functional.linear(nn.functional.linear(value, self.down), self.up)
        outcome: torch.Tensor = self.base(value) + self.scale * added
        return outcome

    @property
    def is_folded(self) -> bool:
        """What is added is in the layer's weights now."""
        return self._bare is not None

    def merged(self) -> torch.Tensor:
        """The layer's weights with what is added: [out, in]."""
        return self.base.weight + self.scale * (self.up @ self.down)

    @torch.no_grad()
    def fold(self) -> None:
        """Have what is added in the layer's weights, until ``unfold``."""
        merged, self._bare = self.merged(), self.base.weight.data
        self.base.weight.data = merged

    def unfold(self) -> None:
        """As it was, to the bit."""
        if self._bare is not None:
            self.base.weight.data, self._bare = self._bare, None


def tune(model: WhisperForConditionalGeneration, tuning: Tuning, *, seed: int) -> None:
    """Have those weights learn, and no others.

    The encoder's positions never do: they are sines (Radford et al. 2022).

    Args:
        model: To be changed; not yet tuned.
        tuning: What learns.
        seed: Of the first weights of what is added.
    """
    model.requires_grad_(tuning.rank == 0)
    if tuning.rank == 0:
        model.model.encoder.embed_positions.requires_grad_(False)
        for embedding in (model.model.decoder.embed_tokens, model.model.decoder.embed_positions):
            embedding.requires_grad_(tuning.embeddings)
        return
    add_low_rank(model, tuning, tuning.matrices, seed=seed)


def add_low_rank(model: nn.Module, tuning: Tuning, matrices: Collection[str], *, seed: int) -> None:
    """Put something that learns beside each linear layer of these names.

    Args:
        model: To be changed.
        tuning: Rank and scale of what is added.
        matrices: Names of layers, of any model.
        seed: Of its first weights.
    """
    random = torch.Generator().manual_seed(seed)
    for module in list(model.modules()):
        for name, layer in list(module.named_children()):
            if name in matrices and isinstance(layer, nn.Linear):
                setattr(module, name, LowRank(layer, tuning, random))


@contextmanager
def folded(model: nn.Module) -> Iterator[None]:
    """While it lasts, additions are in the matrices: a model that only reads is faster so.

    Nothing can be learnt meanwhile, and no state be kept. Takes the memory of the matrices again.
    """
    added = [one for one in _added(model) if not one.is_folded]
    try:
        for one in added:
            one.fold()
        yield
    finally:
        for one in added:
            one.unfold()


@torch.no_grad()
def hold_back(model: nn.Module, began: nn.Module, share: float) -> None:
    """Leave of what a model has learnt a share: go to a point on the straight line back.

    Wortsman et al. 2022, Robust fine-tuning of zero-shot models: on the line between weights that
    know little of something new and weights that have learnt it, there are some that do it nearly
    as well as the latter, and have forgotten nearly as little as the former.

    Args:
        model: That has learnt; not folded. Changed in place.
        began: As it was before: tuned in the same way.
        share: Of the way from there to here, above 0 up to 1.
    """
    added = {id(part) for one in _added(model) for part in (one.down, one.up)}
    for one in _added(model):
        one.up.mul_(share)  # which was nothing; what it is multiplied with lies on no line
    for new, old in zip(model.parameters(), began.parameters(), strict=True):
        if new.requires_grad and id(new) not in added:
            new.copy_(torch.lerp(old.to(new.device), new, share))


def _added(model: nn.Module) -> list[LowRank]:
    return [one for one in model.modules() if isinstance(one, LowRank)]


def merged_state(model: nn.Module) -> dict[str, torch.Tensor]:
    """The model's state as if it had never been tuned by additions: theirs are in the matrices."""
    added = {name: one for name, one in model.named_modules() if isinstance(one, LowRank)}
    state: dict[str, torch.Tensor] = {}
    for name, value in model.state_dict().items():
        owner, _, kind = name.rpartition(".")
        if owner in added:
            continue
        plain = owner.removesuffix(_BASE)
        if plain in added and kind == "weight":
            state[f"{plain}.{kind}"] = added[plain].merged().detach()
        else:
            state[f"{plain}.{kind}"] = value
    return state
