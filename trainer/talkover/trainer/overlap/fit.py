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
from talkover.core.overlap.ear import HEARD_WIDTH, Heard
from talkover.trainer.overlap.corpus import Table

SOUNDS: Final = 32
"""Kinds of speech sound that the ear's frames are boiled down to."""
KERNEL: Final = 3
"""Frames that a convolution over them looks at."""
HIDDEN: Final = 64
EPSILON: Final = 1e-5
EPOCHS: Final = 60
_PATIENCE: Final = 8
_BATCH: Final = 256
_RATE: Final = 7e-4
_DECAY: Final = 1e-1
_NOISE: Final = 0.15
"""Standard deviations of each feature that training adds, so that no voice is learnt by heart."""
_DROPPED: Final = 0.5
_FORGOTTEN: Final = 0.12
"""Chance that a decision point loses its words, and the same for similarity and usual level."""
_GROUPS: Final = (
    ("words_known", "own"),
    ("similarity_known", "similarity"),
    ("level_known", "level_over_usual"),
)
"""First and last feature of what may be unknown; unknown, all of them are 0."""


class Network(nn.Module):
    """What the ear heard, boiled down and pooled, joins the features.

    Takes and gives what ``OverlapHead`` does, but for the softmax: float32 [n, N_FEATURES] and
    [n, HEARD_FRAMES, HEARD_WIDTH] to logits [n, len(LABELS)].
    """

    def __init__(self, mean: NDArray[np.float32], scale: NDArray[np.float32]) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.from_numpy(mean))
        self.scale = nn.Buffer(torch.from_numpy(scale))
        self.sounds = nn.Linear(HEARD_WIDTH, SOUNDS)
        self.turns = nn.Conv1d(SOUNDS, SOUNDS, KERNEL, padding=KERNEL // 2)
        self.hidden = nn.Linear(N_FEATURES + 2 * SOUNDS, HIDDEN)
        self.last = nn.Linear(HIDDEN, len(LABELS))
        self.drop = nn.Dropout(_DROPPED)
        self.temperature = 1.0

    def normal(self, vectors: torch.Tensor) -> torch.Tensor:
        """Every feature with mean 0 and variance 1."""
        return (vectors - self.mean) / self.scale

    def forward(self, inputs: torch.Tensor, heard: torch.Tensor) -> torch.Tensor:
        """Logits of normalised features, and of what was heard."""
        frames = nn.functional.layer_norm(heard.float(), (HEARD_WIDTH,), eps=EPSILON)
        sounds = torch.relu(self.sounds(self.drop(frames)))
        turns = torch.relu(self.turns(self.drop(sounds).transpose(1, 2)))
        pooled = torch.cat([turns.amax(dim=2), turns.mean(dim=2)], dim=1)
        joined = torch.cat([inputs, self.drop(pooled)], dim=1)
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

    def judge(self, vectors: NDArray[np.float32], heard: Heard) -> NDArray[np.float32]:
        """Probabilities [n, len(LABELS)] of features [n, N_FEATURES] and what was heard."""
        with torch.no_grad():
            normal = self.network.normal(torch.from_numpy(vectors))
            logits = self.network(normal, torch.from_numpy(heard))
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
    x, heard, y, w = _tensors(train)
    unknown = network.normal(torch.zeros(1, N_FEATURES))[0]
    checked = _tensors(validation)
    shown = network.normal(checked[0]), checked[1]
    best, best_epoch, state = np.inf, 0, copy.deepcopy(network.state_dict())
    for epoch in range(1, epochs + 1):
        network.train()
        for rows in torch.split(torch.randperm(len(x), generator=generator), _BATCH):
            inputs = _blurred(network.normal(x[rows]), unknown, generator)
            loss = _loss(network(inputs, heard[rows]), y[rows], w[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        network.eval()
        with torch.no_grad():
            now = float(_loss(network(*shown), *checked[2:]))
        tick()
        if now < best:
            best, best_epoch, state = now, epoch, copy.deepcopy(network.state_dict())
        elif epoch - best_epoch >= _PATIENCE:
            break
    network.load_state_dict(state)
    network.eval()
    with torch.no_grad():
        logits = network(*shown)
    network.temperature = _temperature(logits, *checked[2:])
    least = float(_loss(logits / network.temperature, *checked[2:]))
    return Fitted(network, best_epoch, least)


def _spread(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and deviation of each feature."""
    return vectors.mean(axis=0), np.maximum(vectors.std(axis=0), 0.05).astype(np.float32)


def balanced(table: Table) -> NDArray[np.float32]:
    """Weights with which every label weighs the same and the mean is 1."""
    totals = np.bincount(table.labels, table.weights, len(LABELS))
    weights = table.weights / np.maximum(totals, 1e-9)[table.labels]
    balanced: NDArray[np.float32] = (weights / weights.mean()).astype(np.float32)
    return balanced


def _tensors(table: Table) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    return (
        torch.from_numpy(table.vectors),
        torch.from_numpy(table.heard),
        torch.from_numpy(table.labels.astype(np.int64)),
        torch.from_numpy(balanced(table)),
    )


def _loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    losses = nn.functional.cross_entropy(logits, labels, reduction="none")
    return (losses * weights).sum() / weights.sum()


def _blurred(
    inputs: torch.Tensor, unknown: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Normalised features less exactly, and with some of them unknown."""
    blurred = inputs + _NOISE * torch.randn(inputs.shape, generator=generator)
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
