"""What a brain remembers of a conversation: the keys and values of each layer."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from talkover.core.brain.graph import buffer_names
from talkover.core.brain.weights import Architecture
from talkover.core.errors import ModelError

Rows = Mapping[int, NDArray[np.float32]]
"""What is read in place of the tokens below 0: float32 [width] each."""
NO_ROWS: Final[Rows] = MappingProxyType({})


class Memory:
    """Keys and values of one conversation, bound to the session for good.

    They are made at full length. The system hands out zeroed pages when they are first written,
    so a conversation costs what it holds: 46 kB a token for SmolLM2-135M.
    """

    def __init__(
        self, session: onnxruntime.InferenceSession, shape: Architecture, *, sighted: bool
    ) -> None:
        self._session = session
        self._width = shape.width if sighted else 0
        self._binding = session.io_binding()
        self._layers: list[NDArray[np.float32]] = []
        for past, present in buffer_names(shape):
            size = (1, shape.kv_heads, shape.context, shape.head)
            self._layers.append(np.zeros(size, np.float32))
            # The value shares the array's memory and does not own it.
            value = onnxruntime.OrtValue.ortvalue_from_numpy(self._layers[-1])
            self._binding.bind_ortvalue_input(past, value)
            self._binding.bind_ortvalue_output(present, value)
        self._logits = np.zeros(shape.vocabulary, np.float32)
        logits = onnxruntime.OrtValue.ortvalue_from_numpy(self._logits.reshape(1, -1))
        self._binding.bind_ortvalue_output("logits", logits)

    def run(self, tokens: Sequence[int], cached: int, rows: Rows = NO_ROWS) -> NDArray[np.float32]:
        """Read tokens, or rows of pictures in their place, after ``cached`` positions.

        Returns:
            Logits ``[vocabulary]`` after the last; the next run overwrites them.
        """
        ids = np.array([[max(0, one) for one in tokens]], np.int64)
        self._binding.bind_cpu_input("tokens", ids)
        self._binding.bind_cpu_input("cached", np.array([cached], np.int32))
        if self._width:
            shown = np.zeros((1, len(tokens), self._width), np.float32)
            for place, one in enumerate(tokens):
                if one < 0:
                    shown[0, place] = rows[one]
            self._binding.bind_cpu_input("shown", shown)
            self._binding.bind_cpu_input("showing", np.array([[[one < 0] for one in tokens]]))
        try:
            self._session.run_with_iobinding(self._binding)
        except Exception as error:  # its exceptions have no common class
            raise ModelError(
                f"the brain refused {len(tokens)} tokens after {cached} "
                f"({type(error).__name__}); verify the bundle: talkover bundles verify"
            ) from error
        return self._logits

    def copy(self, other: Self, count: int) -> None:
        """Take over the first ``count`` positions of another conversation."""
        for mine, theirs in zip(self._layers, other._layers, strict=True):
            mine[:, :, :count] = theirs[:, :, :count]
