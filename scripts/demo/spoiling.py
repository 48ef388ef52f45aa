"""Harmful bundles, made on purpose: one with noise in its weights, one that hears nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from talkover.core.bundles import BundleStore, describe, read_manifest
from talkover.core.bundles.keys import signer_of
from talkover.core.settings import load_settings
from talkover.core.weights.disk import link

_LISTENER: Final = "listener"
_CONFIG: Final = "listener/listener.json"
_DEAF: Final = {"no_speech_threshold": 0.0, "log_prob_threshold": 0.0}
"""Whatever it hears is silence to it."""


def noisy(data_dir: Path, source: str, *, amount: float = 0.5, seed: int = 0) -> str:
    """Publish a signed copy of a bundle with noise in its listener's weights; its id.

    Args:
        data_dir: Of the store.
        source: The bundle's id.
        amount: Of the noise, against the deviation of each matrix.
        seed: Of the noise.
    """

    def spoil(folder: Path) -> None:
        random = np.random.default_rng(seed)
        for path in sorted((folder / _LISTENER).rglob("*.onnx")):
            model = onnx.load(path)
            for tensor in model.graph.initializer:
                if len(tensor.dims) > 1:
                    values = numpy_helper.to_array(tensor)
                    tensor.CopyFrom(
                        numpy_helper.from_array(_disturbed(values, amount, random), tensor.name)
                    )
            _replace(path, model.SerializeToString())

    return _copy(data_dir, source, spoil)


def deaf(data_dir: Path, source: str) -> str:
    """Publish a signed copy of a bundle whose listener takes all that it hears for silence."""

    def spoil(folder: Path) -> None:
        path = folder / _CONFIG
        _replace(path, json.dumps(json.loads(path.read_bytes()) | _DEAF).encode())

    return _copy(data_dir, source, spoil)


def _disturbed(values: NDArray[Any], amount: float, random: np.random.Generator) -> NDArray[Any]:
    noise = random.normal(0.0, amount * float(values.std()), values.shape)
    if np.issubdtype(values.dtype, np.integer) and values.dtype.itemsize == 1:  # quantised weights
        limits = np.iinfo(values.dtype)
        return np.clip(np.rint(values + noise), limits.min, limits.max).astype(values.dtype)
    if np.issubdtype(values.dtype, np.floating):
        return (values + noise).astype(values.dtype)
    return values


def _copy(data_dir: Path, source: str, spoil: Callable[[Path], None]) -> str:
    store = BundleStore(data_dir)
    before = store.path(source)
    manifest = read_manifest(before)
    with store.staging() as folder:
        for name in manifest.files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            link(before / name, folder / name)
        spoil(folder)
        made = describe(folder, manifest.parts, manifest.licences, parent=source)
        return store.publish(folder, made, signer_of(load_settings(data_dir=data_dir)))


def _replace(path: Path, content: bytes) -> None:
    """A file of its own: other bundles have the old one under another name."""
    path.unlink()
    path.write_bytes(content)
