"""A small network that hears which sound each 10 ms belong to.

Dilated convolutions with residual connections, after van den Oord et al. 2016 (WaveNet), looking
both ways; trained on frames, as hybrid recognisers are (Bourlard and Morgan 1994).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import JsonValue
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from talkover.core.errors import ConfigError, DataError
from talkover.core.weights.disk import write_atomically
from talkover.trainer.data.aligning.spectrum import BANDS, spectrum

WIDTH: Final = 128
SILENCE: Final = ""
"""The first of a model's symbols."""
_DILATIONS: Final = (1, 2, 4, 8, 1, 2)
_KERNEL: Final = 3
_FIRST: Final = 5
_DROPPED: Final = 0.1
_KIND: Final = "talkover aligner 1"


class Network(nn.Module):
    """Spectra [n, BANDS, frames] to logits [n, symbols, frames]."""

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(BANDS, WIDTH, _FIRST, padding="same")
        self.norms = nn.ModuleList(nn.BatchNorm1d(WIDTH) for _ in _DILATIONS)
        self.layers = nn.ModuleList(
            nn.Conv1d(WIDTH, WIDTH, _KERNEL, padding="same", dilation=d) for d in _DILATIONS
        )
        self.drop = nn.Dropout(_DROPPED)
        self.last = nn.Conv1d(WIDTH, symbols, 1)

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        """Logits of spectra."""
        value = self.first(seen)
        for norm, layer in zip(self.norms, self.layers, strict=True):
            value = value + self.drop(layer(torch.relu(norm(value))))
        logits: torch.Tensor = self.last(torch.relu(value))
        return logits


@dataclass(frozen=True, slots=True, eq=False)
class Ear:
    """A trained network.

    Attributes:
        network: In evaluation mode.
        symbols: What it tells apart, IPA; the first is silence.
        account: How it came to be.
    """

    network: Network
    symbols: tuple[str, ...]
    account: Mapping[str, JsonValue]

    def hear(self, pcm: NDArray[np.float32]) -> NDArray[np.float32]:
        """How likely each symbol is, every 10 ms.

        Args:
            pcm: float32 [n] at 16 kHz.

        Returns:
            Log-probabilities, float32 [n // 160, symbols].
        """
        seen = torch.from_numpy(spectrum(pcm).T.copy())[None]
        if not seen.shape[-1]:
            return np.zeros((0, len(self.symbols)), np.float32)
        with torch.inference_mode():
            found = torch.log_softmax(self.network(seen)[0], dim=0)
        return np.ascontiguousarray(found.numpy().T)

    def write(self, path: Path) -> None:
        """As a file of safetensors, whole or not at all."""
        tensors = {name: value.contiguous() for name, value in self.network.state_dict().items()}
        told = {"symbols": list(self.symbols), **self.account}
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"kind": _KIND, "aligner": json.dumps(told, ensure_ascii=False)}
        write_atomically(path, save(tensors, content))


def read_ear(path: Path) -> Ear:
    """A network from its file.

    Raises:
        ConfigError: there is no such file.
        DataError: it is none of ours.
    """
    if not path.is_file():
        raise ConfigError(
            f"there is no aligner in {path} yet; run: talkover train aligner --out {path}"
        )
    try:
        with safe_open(path, "pt") as file:
            told = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if told.get("kind") != _KIND:
            raise DataError(f"{path} is no aligner of this version; train one and write it there")
        account = json.loads(told["aligner"])
        symbols = tuple(account.pop("symbols"))
        network = Network(len(symbols))
        network.load_state_dict(tensors)
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise DataError(f"{path} is no aligner: {type(error).__name__}") from None
    return Ear(network.eval(), symbols, account)
