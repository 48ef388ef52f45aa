"""Embeddings of voices, synchronous: what a worker thread runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE
from talkover.core.errors import BundleError, ModelError
from talkover.core.onnx.session import open_session
from talkover.core.speaker.graph import GRAPH, SHORTEST, WIDTH

SHORTEST_SPEECH: Final = RATE // 4
"""Samples below which there is no voice to be told from another."""

LONGEST_SPEECH: Final = 30 * RATE
"""Samples of one call, at most."""

LEVEL: Final = 0.05
"""Root mean square that speech is brought to: the network hears how loud somebody is, and that
depends on the microphone."""

_LOUDEST: Final = 8.0  # a resampler may overshoot; what is far beyond full scale is no sound
_SILENT: Final = 1e-5


def has_speaker(folder: Path) -> bool:
    """Whether a part's folder holds this model; bundles made before it have no such folder."""
    return (folder / GRAPH).is_file()


class SpeakerRuntime:
    """A speaker folder, loaded. Calls from several threads are safe.

    Args:
        folder: What ``build_speaker`` wrote.
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
        # Every call has another length: an arena would keep the worst of each, at no gain.
        self._session = open_session(path, threads=threads, providers=providers, arena=False)
        inputs = [(value.name, value.shape) for value in self._session.get_inputs()]
        outputs = [(value.name, value.shape) for value in self._session.get_outputs()]
        if inputs != [("pcm", ["samples"])] or outputs != [("embedding", [WIDTH])]:
            raise BundleError(f"{path} does not tell speakers apart; build the bundle again")

    def embed(self, pcm: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where a voice lies among voices: near the same person's, far from others'.

        Give it speech with the silence cut away; its loudness does not matter. What is shorter than
        the network's window of 0.8 s is repeated to fill it.

        Args:
            pcm: float32 [n] at 16 kHz in [-1, 1), 0.25 to 30 s.

        Returns:
            float32 [256] of unit length.

        Raises:
            ModelError: it is no such sound, it is silent, or the graph failed.
        """
        if pcm.ndim != 1 or pcm.dtype != np.float32:
            raise ModelError(f"a voice is float32 [n], not {pcm.dtype} {pcm.shape}")
        if not SHORTEST_SPEECH <= len(pcm) <= LONGEST_SPEECH:
            raise ModelError(f"a voice is told from 0.25 to 30 s, not from {len(pcm) / RATE:.2f} s")
        if not float(np.abs(pcm).max()) <= _LOUDEST:  # false for what is not a number, too
            raise ModelError("the sound is not within [-1, 1)")
        level = float(np.sqrt(np.mean(pcm * pcm)))
        if level < _SILENT:
            raise ModelError("there is no voice in silence")
        sound = pcm * np.float32(LEVEL / level)
        if len(sound) < SHORTEST:
            sound = np.resize(sound, SHORTEST)
        try:
            (embedding,) = self._session.run(["embedding"], {"pcm": sound})
        except Exception as error:  # noqa: BLE001 - its exceptions have no common class
            raise ModelError(f"the speaker model failed: {error}") from None
        return np.asarray(embedding, np.float32)
