"""Several processes that train one model, each on examples of its own; one process is the rule.

torchrun starts them and says by the environment who each one is. Gradients are averaged after the
whole batch, which is what DistributedDataParallel does, for any step, however often it calls the
model.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed


@dataclass(frozen=True, slots=True)
class Place:
    """Who this process is.

    Attributes:
        rank: From 0; the first one writes files and looks at guards.
        ranks: So many there are.
    """

    rank: int = 0
    ranks: int = 1

    @property
    def first(self) -> bool:
        """Writes."""
        return self.rank == 0

    def agree(self, values: Iterable[int]) -> list[int]:
        """The highest that any process has, of each of some numbers; waits for the others."""
        mine = torch.tensor(list(values), dtype=torch.long)
        if self.ranks > 1:
            distributed.all_reduce(mine, distributed.ReduceOp.MAX)
        found: list[int] = mine.tolist()
        return found

    def average(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Make the gradients of all processes their mean; one that has none counts as zeros."""
        if self.ranks == 1:
            return
        learnt = list(parameters)
        grads = [one.grad if one.grad is not None else torch.zeros_like(one) for one in learnt]
        flat = torch.cat([grad.reshape(-1) for grad in grads])
        distributed.all_reduce(flat)
        flat /= self.ranks
        parts = torch.split(flat, [grad.numel() for grad in grads])
        for one, part in zip(learnt, parts, strict=True):
            one.grad = part.view_as(one).clone()

    def gather(self, state: Mapping[str, int]) -> list[dict[str, int]]:
        """The state of every process, by rank; all have the same names."""
        mine = torch.tensor([state[name] for name in sorted(state)], dtype=torch.long)
        every = [mine]
        if self.ranks > 1:
            every = [torch.zeros_like(mine) for _ in range(self.ranks)]
            distributed.all_gather(every, mine)
        return [dict(zip(sorted(state), one.tolist(), strict=True)) for one in every]


@contextmanager
def joined() -> Iterator[Place]:
    """Join those that torchrun started, if it did."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Place()
        return
    distributed.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield Place(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()
