"""Training: a small network on decision points, stopped and calibrated on validation voices."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from talkover.core.overlap import FEATURE_NAMES, N_FEATURES
from talkover.core.overlap.config import LABELS
from talkover.trainer.overlap.corpus import Table

HIDDEN: Final = 48
EPOCHS: Final = 120
_PATIENCE: Final = 15
_BATCH: Final = 256
_RATE: Final = 3e-3
_DECAY: Final = 2e-2
_NOISE: Final = 0.15
"""Standard deviations of each feature that training adds, so that no voice is learnt by heart."""
_FORGOTTEN: Final = 0.12
"""Chance that a decision point loses its words, and the same for similarity and usual level."""
_GROUPS: Final = (
    ("words_known", "own"),
    ("similarity_known", "similarity"),
    ("level_known", "level_over_usual"),
)
"""First and last feature of what may be unknown; unknown, all of them are 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained network, as arrays.

    Attributes:
        mean: Of the features in training [N_FEATURES].
        scale: Their standard deviation [N_FEATURES].
        layers: Weight [out, in] and bias [out] of each, with tanh between them.
        temperature: What the last layer's output is divided by.
        epochs: After which it was best.
        loss: On validation voices, weighted cross-entropy (nats), after calibration.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    layers: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]
    temperature: float
    epochs: int
    loss: float

    def judge(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities [n, len(LABELS)] of vectors [n, N_FEATURES]."""
        values = (vectors - self.mean) / self.scale
        for number, (weight, bias) in enumerate(self.layers):
            values = np.tanh(values) if number else values
            values = values @ weight.T + bias
        values = values / self.temperature
        grown = np.exp(values - values.max(axis=1, keepdims=True))
        judged: NDArray[np.float32] = (grown / grown.sum(axis=1, keepdims=True)).astype(np.float32)
        return judged


def fit(
    train: Table,
    validation: Table,
    *,
    seed: int,
    epochs: int = EPOCHS,
    tick: Callable[[], None] = lambda: None,
) -> Fitted:
    """Train on one table, stop early and calibrate on the other.

    Every label weighs the same in both, whatever its share.

    Args:
        train: Decision points to learn from.
        validation: Of other voices and texts.
        seed: Of the initial weights and the order.
        epochs: At most.
        tick: Called after each epoch.
    """
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    mean = train.vectors.mean(axis=0)
    scale = np.maximum(train.vectors.std(axis=0), 0.05).astype(np.float32)
    net = nn.Sequential(
        nn.Linear(N_FEATURES, HIDDEN), nn.Tanh(), nn.Dropout(0.2), nn.Linear(HIDDEN, len(LABELS))
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=_DECAY)
    x, y, w = _tensors(train, mean, scale)
    unknown = torch.from_numpy(-mean / scale)
    checked = _tensors(validation, mean, scale)
    best, best_epoch, state = np.inf, 0, copy.deepcopy(net.state_dict())
    for epoch in range(1, epochs + 1):
        net.train()
        for rows in torch.split(torch.randperm(len(x), generator=generator), _BATCH):
            inputs = _forget(x[rows], unknown, generator)
            inputs = inputs + _NOISE * torch.randn(inputs.shape, generator=generator)
            loss = _loss(net(inputs), y[rows], w[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        net.eval()
        with torch.no_grad():
            now = float(_loss(net(checked[0]), *checked[1:]))
        tick()
        if now < best:
            best, best_epoch, state = now, epoch, copy.deepcopy(net.state_dict())
        elif epoch - best_epoch >= _PATIENCE:
            break
    net.load_state_dict(state)
    net.eval()
    with torch.no_grad():
        logits = net(checked[0])
    temperature = _temperature(logits, *checked[1:])
    layers = tuple(
        (layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy())
        for layer in net
        if isinstance(layer, nn.Linear)
    )
    least = float(_loss(logits / temperature, *checked[1:]))
    return Fitted(mean, scale, layers, temperature, best_epoch, least)


def balanced(table: Table) -> NDArray[np.float32]:
    """Weights with which every label weighs the same and the mean is 1."""
    totals = np.bincount(table.labels, table.weights, len(LABELS))
    weights = table.weights / np.maximum(totals, 1e-9)[table.labels]
    balanced: NDArray[np.float32] = (weights / weights.mean()).astype(np.float32)
    return balanced


def _tensors(
    table: Table, mean: NDArray[np.float32], scale: NDArray[np.float32]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    normal = ((table.vectors - mean) / scale).astype(np.float32)
    return (
        torch.from_numpy(normal),
        torch.from_numpy(table.labels.astype(np.int64)),
        torch.from_numpy(balanced(table)),
    )


def _loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    losses = nn.functional.cross_entropy(logits, labels, reduction="none")
    return (losses * weights).sum() / weights.sum()


def _forget(
    inputs: torch.Tensor, unknown: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    forgetful = inputs.clone()
    for first, last in _GROUPS:
        columns = slice(FEATURE_NAMES.index(first), FEATURE_NAMES.index(last) + 1)
        rows = torch.rand(len(inputs), generator=generator) < _FORGOTTEN
        forgetful[rows, columns] = unknown[columns]
    return forgetful


def _temperature(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> float:
    """That with the least loss (Guo et al. 2017), to the nearest hundredth part."""
    tried = np.geomspace(0.4, 4.0, 232)
    losses = [float(_loss(logits / float(one), labels, weights)) for one in tried]
    return float(tried[int(np.argmin(losses))])
