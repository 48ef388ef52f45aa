"""The exported listener of a bundle, asked for what the stock model is asked for."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from talkover.core.listener import LONGEST, ListenerRuntime, ListenRequest, Variant, WindowRule
from talkover.core.listener.decoder import ENCODER_FILE, Value, run_bound
from talkover.core.listener.tokens import Tokens
from talkover.core.onnx.session import open_session
from talkover.trainer.evaluation.readings import Reading

_CPU = ("CPUExecutionProvider",)


class Exported:
    """Reads utterances one at a time, greedily and without the times of words.

    Args:
        folder: The listener of a bundle.
        variant: Of its weights.
        threads: For ONNX Runtime.
        window: How long a window is shown, where not as the bundle's rule says.

    Raises:
        BundleError: the folder holds no listener that can be loaded.
    """

    def __init__(
        self, folder: Path, variant: Variant, *, threads: int, window: WindowRule | None = None
    ) -> None:
        self._runtime = ListenerRuntime(
            folder, variant=variant, threads=threads, providers=_CPU, window=window
        )

    @property
    def tokens(self) -> Tokens:
        """What they mean."""
        return self._runtime.tokens

    def read(self, pcm: NDArray[np.float32], language: str) -> Reading:
        """Write down what was said.

        Args:
            pcm: float32 [n] at 16 kHz.
            language: Its code; nothing is detected.
        """
        request = ListenRequest(pcm, (language,), words=False)
        (transcript,) = self._runtime.transcribe([request])
        best = transcript.best
        threshold = self._runtime.config.no_speech_threshold
        silenced = not best.tokens and transcript.no_speech_probability > threshold
        return Reading(best.tokens, transcript.window_samples, best.complete, silenced)


class ExportedEncoder:
    """Spectrogram, encoder, and the keys and values that the decoder looks at.

    Args:
        folder: The listener of a bundle.
        variant: Of its weights.
        threads: For ONNX Runtime.

    Raises:
        BundleError: the folder holds no encoder that can be loaded.
    """

    def __init__(self, folder: Path, variant: Variant, *, threads: int) -> None:
        path = folder / variant / ENCODER_FILE
        self._session = open_session(path, threads=threads, providers=_CPU)

    def hear(self, pcm: NDArray[np.float32], window: int) -> dict[str, Value]:
        """Run it once on sound [n], padded to ``window`` samples."""
        padded = np.zeros((1, window), np.float32)
        padded[0, : len(pcm)] = pcm
        return run_bound(self._session, {"pcm": padded}, {})


def always(window: int) -> WindowRule:
    """The rule that shows ``window`` samples whatever was said, if it is not longer."""
    sizes = (window,) if window == LONGEST else (window, LONGEST)
    return WindowRule(minimum=window, margin=0, sizes=sizes)
