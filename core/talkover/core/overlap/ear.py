"""What an overlap sounds like to the first layers of a speech recogniser.

Summary figures (``sound``) cannot tell "sure" from "stop", and a picture of the sound takes more
examples than there are to learn it from. A recogniser has learnt it already: the first layers of
Whisper's encoder know speech sounds, whoever makes them, long before there are words.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio import to_float
from talkover.core.clock import HOP
from talkover.core.errors import BundleError, ModelError
from talkover.core.onnx.session import open_session

EAR: Final = "ear.onnx"
"""In an overlap's folder; see ``listener.graph.build_ear``."""
EAR_LAYERS: Final = 4
"""Of Whisper base's six. Six tell no more apart, and take half as long again."""
LISTENED: Final = 40 * HOP
"""Samples that it is given, 1.28 s: the last of them now."""
HEARD_FRAMES: Final = 20
HEARD_WIDTH: Final = 512
_FRAME: Final = 2
"""Frames of the encoder (20 ms) that make one of ours: what is kept are the last 0.8 s."""
_RANGE: Final = 1e4
"""What float16 can hold, with room."""

Heard = NDArray[np.float16]
"""[..., HEARD_FRAMES, HEARD_WIDTH], the last frame the newest."""


class Ear:
    """The graph, loaded, on the CPU: its int8 is made for that. Safe to call from several threads.

    Args:
        folder: With ``ear.onnx``.

    Raises:
        BundleError: the folder holds no ear that can be loaded.
    """

    def __init__(self, folder: Path) -> None:
        self._session = open_session(folder / EAR, threads=1, providers=("CPUExecutionProvider",))
        given = [node.name for node in self._session.get_inputs()]
        widths = [node.shape[-1] for node in self._session.get_outputs()]
        if given != ["pcm"] or widths != [HEARD_WIDTH]:
            raise BundleError(f"{folder / EAR} is no ear of ours")

    def hear(self, pcm: NDArray[np.int16]) -> Heard:
        """Listen to the end of a sound.

        Args:
            pcm: int16 [n] at 16 kHz, up to now; before its beginning there is silence.

        Raises:
            ModelError: the ear failed on it.
        """
        sound = np.zeros((1, LISTENED), np.float32)
        kept = pcm[-LISTENED:]
        if len(kept):
            sound[0, -len(kept) :] = to_float(kept)
        try:
            (found,) = self._session.run(None, {"pcm": sound})
        except Exception as error:  # noqa: BLE001 - its exceptions have no common class
            raise ModelError(f"the ear failed: {error}") from None
        frames = np.asarray(found, np.float32)[0, -HEARD_FRAMES * _FRAME :]
        pairs = frames.reshape(HEARD_FRAMES, _FRAME, HEARD_WIDTH).mean(axis=1)
        heard: Heard = np.clip(np.nan_to_num(pairs), -_RANGE, _RANGE).astype(np.float16)
        return heard
