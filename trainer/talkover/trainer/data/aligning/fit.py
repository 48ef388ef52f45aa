"""Training of the ear: frames of generated speech, whose sounds are known to the sample."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import JsonValue
from torch import nn

from talkover.trainer.data.aligning.features import inventory, plain
from talkover.trainer.data.aligning.network import SILENCE, Ear, Network
from talkover.trainer.data.aligning.practice import heard_as, heard_in
from talkover.trainer.data.aligning.spectrum import BANDS, STEP_SAMPLES, spectrum
from talkover.trainer.data.clean import Clean
from talkover.trainer.data.lines import Random
from talkover.trainer.data.recipe import Recipe

_BATCH: Final = 16
_FRAMES: Final = 320
"""Of an utterance that are learnt from at a time."""
_RATE: Final = 3e-3
_DECAY: Final = 1e-2
_MOST: Final = 1.0  # norm of a gradient
_NOTHING: Final = -1


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is learnt.

    Attributes:
        utterances: To learn from.
        epochs: Times that each is heard, under another noise each time.
    """

    utterances: int
    epochs: int


WHOLE: Final = Plan(utterances=2_200, epochs=5)
QUICK: Final = Plan(utterances=264, epochs=3)


def fit(
    recipe: Recipe,
    said: Sequence[Clean],
    epochs: int,
    *,
    tick: Callable[[], None] = lambda: None,
) -> Ear:
    """Train on utterances, under the noises and over the lines of a recipe.

    Args:
        recipe: Of noises; its seed is that of the first weights and the order, too.
        said: To learn from.
        epochs: See ``Plan``.
        tick: Called after each utterance.

    Raises:
        DataError: the recipe has music, and there is none here.
    """
    symbols = (SILENCE, *inventory(sound for one in said for sound, _, _ in heard_as(one)))
    targets = [labels(one, symbols) for one in said]
    torch.manual_seed(recipe.seed)
    random = np.random.default_rng(recipe.seed)
    network = Network(len(symbols))
    steps = epochs * -(-len(said) // _BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, steps)
    network.train()
    for epoch in range(epochs):
        for rows in _batches(len(said), random):
            x, y = _tensors(recipe, said, targets, rows, epoch, random)
            loss = nn.functional.cross_entropy(network(x), y, ignore_index=_NOTHING)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), _MOST)
            optimiser.step()
            schedule.step()
            for _ in rows:
                tick()
    account: dict[str, JsonValue] = {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "utterances": dict(Counter(one.engine for one in said)),
        "epochs": epochs,
    }
    return Ear(network.eval(), symbols, account)


def labels(one: Clean, symbols: Sequence[str]) -> NDArray[np.int64]:
    """What is said in the middle of each frame: [frames] places in ``symbols``; -1: none."""
    places = {symbol: place for place, symbol in enumerate(symbols)}
    found = np.zeros(len(one.pcm) // STEP_SAMPLES, np.int64)
    middles = np.arange(len(found)) * STEP_SAMPLES + STEP_SAMPLES // 2
    for sound, start, end in heard_as(one):
        begin, until = np.searchsorted(middles, (start, end))
        found[begin:until] = places.get(plain(sound), _NOTHING)
    return found


def _batches(count: int, random: Random) -> list[NDArray[np.int64]]:
    order = random.permutation(count)
    return [order[begin : begin + _BATCH] for begin in range(0, count, _BATCH)]


def _tensors(
    recipe: Recipe,
    said: Sequence[Clean],
    targets: Sequence[NDArray[np.int64]],
    rows: NDArray[np.int64],
    epoch: int,
    random: Random,
) -> tuple[torch.Tensor, torch.Tensor]:
    """A stretch of each utterance: [n, BANDS, frames] and [n, frames]."""
    x = np.zeros((len(rows), BANDS, _FRAMES), np.float32)
    y = np.full((len(rows), _FRAMES), _NOTHING, np.int64)
    for place, row in enumerate(rows):
        seen = spectrum(heard_in(recipe, said, int(row), epoch=epoch))
        begin = int(random.integers(max(len(seen) - _FRAMES, 0) + 1))
        some = targets[row][begin : begin + _FRAMES]
        y[place, : len(some)] = some
        x[place, :, : len(some)] = seen[begin : begin + _FRAMES].T
    return torch.from_numpy(x), torch.from_numpy(y)
