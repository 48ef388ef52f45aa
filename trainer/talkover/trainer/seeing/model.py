"""A brain that learns to see: SmolLM2 with low-rank additions, behind a projector that learns."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch import nn

from talkover.core.brain.delta import About, SightDelta
from talkover.core.brain.naming import found_in, told_of
from talkover.core.brain.sight import Sight
from talkover.core.brain.weights import GgufWeights
from talkover.core.weights.changes import Change, low_rank
from talkover.trainer.policy.tuning import LowRank, Tuning, add_low_rank
from talkover.trainer.seeing.llama import MATRICES, as_gguf, gguf_name, read_llama
from talkover.trainer.seeing.projection import Projection

_PAD: Final = 0


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A prompt with its answer, ready to be learnt from.

    Attributes:
        prompt: Tokens; below 0, a row of a picture, in order.
        answer: Tokens, with the one that ends it.
        features: float [pictures, places, d] of the pictures in the prompt.
    """

    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    features: torch.Tensor


class Judged(NamedTuple):
    """What a model makes of some answers.

    Attributes:
        loss: Of an answer token, in nats; the mean of all answers' means.
        right: Whether each answer is what it would say: bool [items].
    """

    loss: torch.Tensor
    right: torch.Tensor


class Seer(nn.Module):
    """The model.

    Args:
        weights: Of the brain.
        sight: What its projector takes.
        tuning: Rank and scale of what is added to its matrices.
        hidden: Width of the projector's middle.
        seed: Of all first weights.
        bf16: Compute the brain's products in bfloat16; weights stay as they are.
    """

    def __init__(
        self,
        weights: GgufWeights,
        sight: Sight,
        tuning: Tuning,
        *,
        hidden: int,
        seed: int = 0,
        bf16: bool = False,
    ) -> None:
        super().__init__()
        self._bf16 = bf16
        self.shape = weights.architecture()
        self.sight = sight
        self.llama = read_llama(weights).requires_grad_(False)
        add_low_rank(self.llama, tuning, MATRICES, seed=seed)
        size = float(self.llama.embed_tokens.weight.square().mean().sqrt())
        self.projection = Projection(sight, hidden, self.shape.width, size=size, seed=seed)

    def forward(self, asked: Sequence[Asked]) -> Judged:
        """How well answers are known, and the loss of them alone.

        What is padded comes last, and nothing that counts looks at it.
        """
        states = self._states([(*one.prompt, *one.answer[:-1]) for one in asked], asked)
        items: list[int] = []
        places: list[int] = []
        wanted: list[int] = []
        for item, one in enumerate(asked):
            begin = len(one.prompt) - 1
            items += [item] * len(one.answer)
            places += range(begin, begin + len(one.answer))
            wanted += one.answer
        logits = self._head(states[items, places])
        goal = torch.tensor(wanted)
        losses = nn.functional.cross_entropy(logits, goal, reduction="none")
        rows = torch.tensor(items)
        lengths = torch.bincount(rows).float()
        missed = torch.bincount(rows, (logits.argmax(-1) != goal).float())
        return Judged((losses / lengths[rows]).sum() / len(asked), missed == 0)

    @torch.no_grad()
    def names(self, features: torch.Tensor) -> tuple[str, ...]:
        """The things in pictures in words, as a bundle tells them.

        Args:
            features: Of the pictures: [pictures, places, d].
        """
        if not self.sight.things:
            return ("",) * len(features)
        named = self.projection.named(features.float()).numpy()
        return tuple(told_of(found_in(one, self.sight)) for one in named)

    def chat_loss(self, texts: Sequence[Sequence[int]]) -> torch.Tensor:
        """How far plain chat has moved: KL of the untouched brain's next words to these, in nats.

        It sees to it that a brain that learns to see still talks (Hinton et al. 2015, as
        self-distillation).
        """
        with torch.no_grad(), self.untouched():
            before = self._head(self._states(texts, ())).log_softmax(-1)
        now = self._head(self._states(texts, ())).log_softmax(-1)
        each = (before.exp() * (before - now)).sum(-1)
        lengths = torch.tensor([len(one) for one in texts])
        mask = torch.arange(each.shape[1])[None] < lengths[:, None]
        return each[mask].mean()

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """The brain as it was before."""
        added = [one for one in self.llama.modules() if isinstance(one, LowRank)]
        scales = [one.scale for one in added]
        try:
            for one in added:
                one.scale = 0.0
            yield
        finally:
            for one, scale in zip(added, scales, strict=True):
                one.scale = scale

    def delta(self, about: About) -> SightDelta:
        """What was learnt, as a bundle merges it."""
        changes: dict[str, Change] = {}
        for name, one in self.llama.named_modules():
            if isinstance(one, LowRank):
                up, down = one.up.detach().cpu().numpy(), one.down.detach().cpu().numpy()
                scale = torch.full((down.shape[0],), one.scale).numpy()
                changes[gguf_name(name)] = low_rank(as_gguf(name, up, self.shape), down, scale)
        return SightDelta(about, changes, self.projection.weights())

    def _states(self, texts: Sequence[Sequence[int]], asked: Sequence[Asked]) -> torch.Tensor:
        """Hidden states [items, longest, width]."""
        longest = max(map(len, texts))
        ids = torch.tensor([[*one, *[_PAD] * (longest - len(one))] for one in texts])
        x = self.llama.embed_tokens(ids.clamp_min(0))
        features = [one.features for one in asked if len(one.features)]
        if features:
            rows = self.projection(torch.cat(features).float())
            x = x.masked_scatter((ids < 0)[..., None], rows)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self._bf16):
            states: torch.Tensor = self.llama(inputs_embeds=x, use_cache=False).last_hidden_state
        return states.float()

    def _head(self, states: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(states, self.llama.embed_tokens.weight)
