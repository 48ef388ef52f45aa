"""The chance that a turn is over, synchronous: what a worker thread runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.ending.graph import GRAPH, OUTPUT, SAMPLES
from talkover.core.errors import BundleError, ModelError
from talkover.core.onnx.session import open_session

_LOUDEST: Final = 8.0  # a resampler may overshoot; what is far beyond full scale is no sound


def has_ending(folder: Path) -> bool:
    """Whether a part's folder holds this model; bundles made before it have no such folder."""
    return (folder / GRAPH).is_file()


class EndingRuntime:
    """An ending folder, loaded. Calls from several threads are safe.

    Args:
        folder: What ``build_ending`` wrote.
        threads: For ONNX Runtime, within one call.
        providers: Of ONNX Runtime, best first.

    Raises:
        BundleError: the folder holds no model that can be loaded.
        ConfigError: it would run without a provider that was asked for.
    """

    def __init__(
        self,
        folder: Path,
        *,
        threads: int = 1,
        providers: Sequence[str] = ("CPUExecutionProvider",),
    ) -> None:
        path = folder / GRAPH
        self._session = open_session(path, threads=threads, providers=providers)
        inputs = [(value.name, value.shape) for value in self._session.get_inputs()]
        outputs = [value.name for value in self._session.get_outputs()]
        if inputs != [("pcm", [1, SAMPLES])] or outputs != [OUTPUT]:
            raise BundleError(f"{path} does not tell ends of turns; build the bundle again")

    def probability(self, pcm: NDArray[np.float32]) -> float:
        """How likely it is that whoever speaks has said all, 0 to 1.

        Ask in a pause: give it the turn from its beginning, with some 0.2 s of the pause. It was
        trained on that, and means nothing in the middle of a word.

        Args:
            pcm: float32 [n] at 16 kHz in [-1, 1). Of more than 8 s the last 8 s count; of less,
                silence is put before.

        Raises:
            ModelError: it is no such sound, or the graph failed.
        """
        if pcm.ndim != 1 or pcm.dtype != np.float32 or not len(pcm):
            raise ModelError(f"a turn is float32 [n], not {pcm.dtype} {pcm.shape}")
        last = pcm[-SAMPLES:]
        if not float(np.abs(last).max()) <= _LOUDEST:  # false for what is not a number, too
            raise ModelError("the sound is not within [-1, 1)")
        window = np.zeros((1, SAMPLES), np.float32)
        window[0, SAMPLES - len(last) :] = last
        try:
            (probability,) = self._session.run([OUTPUT], {"pcm": window})
        except Exception as error:  # noqa: BLE001 - its exceptions have no common class
            raise ModelError(f"the end-of-turn model failed: {error}") from None
        return float(probability.reshape(-1)[0])
