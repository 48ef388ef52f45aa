"""Voice activity: Silero VAD on ONNX Runtime, one hop of 32 ms at a time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from talkover.core.clock import HOP, RATE
from talkover.core.errors import ModelError

CONTEXT: Final = 64
"""Samples of the hop before that the network wants in front of each hop."""

_VOICE: Final = 0.5

_FAINT: Final = 8
"""int16, -72 dBFS. Of people's recordings turned down to a peak of 12, the network took 1.8 % of
the hops for voice: below that, it need not be asked."""


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
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Judge one hop each of ``n`` streams: together, a hop takes half as long as alone.

        Args:
            audio: float32 [n, 64 + 512]: the end of the hop before, and the hop.
            state: float32 [2, n, 128] after the hop before; zeros at first.

        Returns:
            Probabilities of voice [n], and the state after.
        """
        rate = np.array(RATE, np.int64)
        probability, after = self._session.run(None, {"input": audio, "state": state, "sr": rate})
        return probability[:, 0], after


class VoiceActivity:
    """One stream of audio, turned into one probability of voice a hop."""

    def __init__(self, model: VoiceModel) -> None:
        self._model = model
        self._input = np.zeros(CONTEXT + HOP, np.float32)
        self._state = np.zeros((2, 128), np.float32)

    def feed(self, hop: NDArray[np.int16]) -> float:
        """The probability that ``hop``, int16 [512] at 16 kHz, holds a voice.

        Raises:
            ModelError: the hop has another length.
        """
        if hop.shape != (HOP,):
            raise ModelError(f"a hop is {HOP} samples, not {hop.shape}")
        return feed_all(self._model, [(self, hop)])[0]

    def take(self, hop: NDArray[np.int16]) -> NDArray[np.float32]:
        """Move on by a hop, int16 [512]: what the network wants to see."""
        self._input[:CONTEXT] = self._input[-CONTEXT:]
        self._input[CONTEXT:] = hop.astype(np.float32) / 32768.0
        return self._input

    @property
    def state(self) -> NDArray[np.float32]:
        """Of the network: float32 [2, 128]."""
        return self._state

    @state.setter
    def state(self, after: NDArray[np.float32]) -> None:
        self._state = after


def is_faint(hop: NDArray[np.int16]) -> bool:
    """Whether a hop is so quiet that no voice is in it, and the network is not asked."""
    return bool(hop.max() <= _FAINT and hop.min() >= -_FAINT)


def feed_all(
    model: VoiceModel, hops: Sequence[tuple[VoiceActivity, NDArray[np.int16]]]
) -> list[float]:
    """Feed a hop each to several streams, in one go.

    Args:
        model: The weights.
        hops: Streams, each at most once, and their next hop: int16 [512] at 16 kHz.

    Returns:
        The probability of voice in each.
    """
    found = [0.0] * len(hops)
    asked = [number for number, (_, hop) in enumerate(hops) if not is_faint(hop)]
    if asked:
        streams = [hops[number][0] for number in asked]
        audio = np.stack([hops[number][0].take(hops[number][1]) for number in asked])
        state = np.stack([stream.state for stream in streams], axis=1)
        probabilities, after = model(audio, state)
        for place, number in enumerate(asked):
            streams[place].state = after[:, place]
            found[number] = float(probabilities[place])
    return found


def has_speech(model: VoiceModel, pcm: NDArray[np.int16]) -> bool:
    """Whether there is a voice anywhere in int16 ``pcm`` [n] at 16 kHz."""
    padded = np.pad(pcm, (0, -len(pcm) % HOP))
    return bool((speech_probabilities(model, padded) >= _VOICE).any())


def speech_probabilities(model: VoiceModel, pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """Probability of voice in each whole hop of int16 ``pcm`` [n] at 16 kHz: [n // 512]."""
    stream = VoiceActivity(model)
    hops = pcm[: len(pcm) // HOP * HOP].reshape(-1, HOP)
    return np.array([stream.feed(hop) for hop in hops], np.float32)
