"""Voice activity: Silero VAD on ONNX Runtime, one hop of 32 ms at a time."""

from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from talkover.core.clock import HOP, RATE
from talkover.core.errors import ModelError

_CONTEXT: Final = 64
"""Samples of the hop before that the network wants in front of each hop."""

_VOICE: Final = 0.5


class VoiceModel:
    """The weights, shared by every stream of a process. Safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(
        self, audio: NDArray[np.float32], state: NDArray[np.float32]
    ) -> tuple[float, NDArray[np.float32]]:
        """Probability of voice in ``audio`` [1, 64 + 512] and the state [2, 1, 128] after it."""
        rate = np.array(RATE, np.int64)
        probability, after = self._session.run(None, {"input": audio, "state": state, "sr": rate})
        return float(probability[0, 0]), after


class VoiceActivity:
    """One stream of audio, turned into one probability of voice a hop.

    About 0.15 ms a hop on one core: cheap enough to run where the audio arrives.
    """

    def __init__(self, model: VoiceModel) -> None:
        self._model = model
        self._input = np.zeros((1, _CONTEXT + HOP), np.float32)
        self._state = np.zeros((2, 1, 128), np.float32)

    def feed(self, hop: NDArray[np.int16]) -> float:
        """The probability that ``hop``, int16 [512] at 16 kHz, holds a voice.

        Raises:
            ModelError: the hop has another length.
        """
        if hop.shape != (HOP,):
            raise ModelError(f"a hop is {HOP} samples, not {hop.shape}")
        self._input[0, :_CONTEXT] = self._input[0, -_CONTEXT:]
        self._input[0, _CONTEXT:] = hop.astype(np.float32) / 32768.0
        probability, self._state = self._model(self._input, self._state)
        return probability


def has_speech(model: VoiceModel, pcm: NDArray[np.int16]) -> bool:
    """Whether there is a voice anywhere in int16 ``pcm`` [n] at 16 kHz."""
    padded = np.pad(pcm, (0, -len(pcm) % HOP))
    return bool((speech_probabilities(model, padded) >= _VOICE).any())


def speech_probabilities(model: VoiceModel, pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """Probability of voice in each whole hop of int16 ``pcm`` [n] at 16 kHz: [n // 512]."""
    stream = VoiceActivity(model)
    hops = pcm[: len(pcm) // HOP * HOP].reshape(-1, HOP)
    return np.array([stream.feed(hop) for hop in hops], np.float32)
