"""Running the two graphs of a listener, and what a decoding carries along."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from talkover.core.errors import ModelError

ENCODER_FILE: Final = "encoder.onnx"
DECODER_FILE: Final = "decoder.onnx"

Value = Any
"""An ``OrtValue``, which stays where the session runs."""


class AbandonedError(ModelError):
    """Nobody waits for this transcript any more."""


class Abandon:
    """Stops a transcription from another thread, within milliseconds."""

    def __init__(self) -> None:
        self.options = onnxruntime.RunOptions()

    def set(self) -> None:
        """Nobody waits for it."""
        self.options.terminate = True

    def check(self) -> None:
        """Go on only if somebody does.

        Raises:
            AbandonedError: nobody does.
        """
        if self.options.terminate:
            raise AbandonedError("nobody waits for this transcript")


def run_bound(
    session: onnxruntime.InferenceSession,
    arrays: dict[str, NDArray[Any]],
    values: dict[str, Value],
    abandon: "Abandon | None" = None,
) -> dict[str, Value]:
    """Run a graph without copying ``values`` or what comes out of it.

    Args:
        session: The graph.
        arrays: Inputs from NumPy.
        values: Inputs that a graph gave out before.
        abandon: Stops it in the middle.

    Returns:
        Every output by its name, where the session runs.

    Raises:
        AbandonedError: it was stopped.
        ModelError: the graph refused its input.
    """
    device = "cuda" if "CUDAExecutionProvider" in session.get_providers() else "cpu"
    binding = session.io_binding()
    for name, array in arrays.items():
        binding.bind_cpu_input(name, np.ascontiguousarray(array))
    for name, value in values.items():
        binding.bind_ortvalue_input(name, value)
    names = [output.name for output in session.get_outputs()]
    for name in names:
        binding.bind_output(name, device)
    try:
        session.run_with_iobinding(binding, abandon.options if abandon else None)
    except Exception as error:
        if abandon:
            abandon.check()
        raise ModelError(
            f"the listener refused its input ({type(error).__name__}); "
            "verify the bundle: talkover bundles verify"
        ) from error
    return dict(zip(names, binding.get_outputs(), strict=True))


class Decoding:
    """The decoder in the middle of some utterances: what it hears and what it wrote so far.

    It begins with one row of tokens an utterance. After ``keep`` every utterance has the same
    number of rows, which lie one after another.

    Args:
        session: The decoder's graph.
        cross: ``cross_key_i`` and ``cross_value_i`` as the encoder gave them.
    """

    def __init__(
        self, session: onnxruntime.InferenceSession, cross: dict[str, Value], items: int
    ) -> None:
        self._session = session
        self._cross = cross
        self._past: dict[str, Value] = {}
        for name, value in cross.items():
            _, heads, _, width = value.shape()
            empty = np.zeros((items, heads, 0, width), np.float32)
            past = name.replace("cross", "past")
            self._past[past] = onnxruntime.OrtValue.ortvalue_from_numpy(empty)
        self._alignment: Value = None

    def read(self, tokens: NDArray[np.int64], at: Sequence[int] = (-1,)) -> NDArray[np.float32]:
        """Read tokens, and give the logits of what may follow.

        Args:
            tokens: [rows, n].
            at: The positions among the n after which logits are wanted; -1 is the last.

        Returns:
            [rows, len(at), vocabulary].
        """
        count = tokens.shape[1]
        arrays = {"tokens": tokens, "at": np.array([one % count for one in at], np.int64)}
        outputs = run_bound(self._session, arrays, self._cross | self._past)
        self._past = {name: outputs[name.replace("past", "present")] for name in self._past}
        self._alignment = outputs["alignment"]
        logits: NDArray[np.float32] = outputs["logits"].numpy()
        return logits

    @property
    def alignment(self) -> NDArray[np.float32]:
        """Where the alignment heads looked in the last ``read``: [rows, heads, n, frames]."""
        weights: NDArray[np.float32] = self._alignment.numpy()
        return weights

    def keep(self, items: Sequence[int] | None, rows: Sequence[int]) -> None:
        """Go on with some of the utterances and rows, in this order; a row may come twice.

        Args:
            items: Utterances to keep; None for all of them.
            rows: Rows to keep.
        """
        if items is not None:
            self._cross = {name: _take(value, items) for name, value in self._cross.items()}
        self._past = {name: _take(value, rows) for name, value in self._past.items()}


def _take(value: Value, indices: Sequence[int]) -> Value:
    return onnxruntime.OrtValue.ortvalue_from_numpy(value.numpy()[np.asarray(indices)])


def item_of(values: dict[str, Value], index: int) -> dict[str, Value]:
    """One item of a batch of the encoder's outputs."""
    return {
        name: value if value.shape()[0] == 1 else _take(value, [index])
        for name, value in values.items()
    }
