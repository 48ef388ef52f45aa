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
from talkover.core.overlap.features import N_NAMED
from talkover.core.overlap.sketch import BANDS, FRAMES
from talkover.trainer.overlap.corpus import Table

CHANNELS: Final = (32, 48)
"""Of the two convolutions over the sketch."""
KERNEL: Final = 5
STRIDE: Final = 2
HIDDEN: Final = 64
EPOCHS: Final = 60
_PATIENCE: Final = 8
_BATCH: Final = 256
_RATE: Final = 1.5e-3
_DECAY: Final = 2e-2
_NOISE: Final = 0.15
"""Standard deviations of each feature that training adds, so that no voice is learnt by heart."""
_TINT: Final = 0.15
"""Standard deviation of what a line adds to a whole band of a sketch (25 dB count 1)."""
_DROPPED: Final = 0.3
_FORGOTTEN: Final = 0.12
"""Chance that a decision point loses its words, and the same for similarity and usual level."""
_GROUPS: Final = (
    ("words_known", "own"),
    ("similarity_known", "similarity"),
    ("level_known", "level_over_usual"),
)
"""First and last feature of what may be unknown; unknown, all of them are 0."""


class Network(nn.Module):
    """Two convolutions look at the sketch; what they see joins the named features.

    Takes and gives what ``OverlapRuntime`` does, but for the softmax: float32 [n, N_FEATURES] to
    logits [n, len(LABELS)].
    """

    def __init__(self, mean: NDArray[np.float32], scale: NDArray[np.float32]) -> None:
        super().__init__()
        first, second = CHANNELS
        frames = FRAMES
        for _ in CHANNELS:
            frames = (frames - KERNEL) // STRIDE + 1
        self.mean = nn.Buffer(torch.from_numpy(mean))
        self.scale = nn.Buffer(torch.from_numpy(scale))
        self.first = nn.Conv1d(BANDS, first, KERNEL, STRIDE)
        self.second = nn.Conv1d(first, second, KERNEL, STRIDE)
        self.hidden = nn.Linear(N_NAMED + second * frames, HIDDEN)
        self.last = nn.Linear(HIDDEN, len(LABELS))
        self.drop = nn.Dropout(_DROPPED)
        self.temperature = 1.0

    def normal(self, vectors: torch.Tensor) -> torch.Tensor:
        """Every feature with mean 0 and variance 1."""
        return (vectors - self.mean) / self.scale

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Logits of normalised features."""
        seen = inputs[:, N_NAMED:].reshape(-1, BANDS, FRAMES)
        seen = torch.relu(self.second(torch.relu(self.first(seen)))).flatten(1)
        joined = torch.cat([inputs[:, :N_NAMED], self.drop(seen)], dim=1)
        logits: torch.Tensor = self.last(self.drop(torch.tanh(self.hidden(joined))))
        return logits / self.temperature


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained network.

    Attributes:
        network: With its normalisation and calibration.
        epochs: After which it was best.
        loss: On validation voices, weighted cross-entropy (nats), after calibration.
    """

    network: Network
    epochs: int
    loss: float

    def judge(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities [n, len(LABELS)] of vectors [n, N_FEATURES]."""
        with torch.no_grad():
            logits = self.network(self.network.normal(torch.from_numpy(vectors)))
            return np.asarray(torch.softmax(logits, dim=1), np.float32)


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
    network = Network(*_spread(train.vectors))
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    x, y, w = _tensors(train)
    unknown = network.normal(torch.zeros(1, N_FEATURES))[0]
    checked = _tensors(validation)
    normal = network.normal(checked[0])
    best, best_epoch, state = np.inf, 0, copy.deepcopy(network.state_dict())
    for epoch in range(1, epochs + 1):
        network.train()
        for rows in torch.split(torch.randperm(len(x), generator=generator), _BATCH):
            inputs = _blurred(network.normal(x[rows]), unknown, generator)
            loss = _loss(network(inputs), y[rows], w[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        network.eval()
        with torch.no_grad():
            now = float(_loss(network(normal), *checked[1:]))
        tick()
        if now < best:
            best, best_epoch, state = now, epoch, copy.deepcopy(network.state_dict())
        elif epoch - best_epoch >= _PATIENCE:
            break
    network.load_state_dict(state)
    network.eval()
    with torch.no_grad():
        logits = network(normal)
    network.temperature = _temperature(logits, *checked[1:])
    least = float(_loss(logits / network.temperature, *checked[1:]))
    return Fitted(network, best_epoch, least)


def _spread(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and deviation of each named feature; of a band's frames together."""
    mean, scale = vectors.mean(axis=0), vectors.std(axis=0)
    for values in (mean, scale):
        bands = values[N_NAMED:].reshape(BANDS, FRAMES)
        bands[:] = bands.mean(axis=1, keepdims=True)
    return mean, np.maximum(scale, 0.05).astype(np.float32)


def balanced(table: Table) -> NDArray[np.float32]:
    """Weights with which every label weighs the same and the mean is 1."""
    totals = np.bincount(table.labels, table.weights, len(LABELS))
    weights = table.weights / np.maximum(totals, 1e-9)[table.labels]
    balanced: NDArray[np.float32] = (weights / weights.mean()).astype(np.float32)
    return balanced


def _tensors(table: Table) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return (
        torch.from_numpy(table.vectors),
        torch.from_numpy(table.labels.astype(np.int64)),
        torch.from_numpy(balanced(table)),
    )


def _loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    losses = nn.functional.cross_entropy(logits, labels, reduction="none")
    return (losses * weights).sum() / weights.sum()


def _blurred(
    inputs: torch.Tensor, unknown: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Normalised features less exactly, on another line, and with some of them unknown."""
    blurred = inputs + _NOISE * torch.randn(inputs.shape, generator=generator)
    tint = _TINT * torch.randn((len(inputs), BANDS, 1), generator=generator)
    blurred[:, N_NAMED:] += tint.expand(-1, -1, FRAMES).flatten(1)
    for first, last in _GROUPS:
        columns = slice(FEATURE_NAMES.index(first), FEATURE_NAMES.index(last) + 1)
        rows = torch.rand(len(inputs), generator=generator) < _FORGOTTEN
        blurred[rows, columns] = unknown[columns]
    return blurred


def _temperature(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> float:
    """That with the least loss (Guo et al. 2017), to the nearest hundredth part."""
    tried = np.geomspace(0.4, 4.0, 232)
    losses = [float(_loss(logits / float(one), labels, weights)) for one in tried]
    return float(tried[int(np.argmin(losses))])
