"""The overlap classifier, synchronous: what a worker thread runs."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import BundleError, ModelError
from talkover.core.onnx.session import open_session
from talkover.core.overlap.config import GRAPH, LABELS, OverlapConfig
from talkover.core.overlap.ear import HEARD_FRAMES, HEARD_WIDTH, Ear, Heard
from talkover.core.overlap.evidence import OverlapEvidence
from talkover.core.overlap.features import N_FEATURES, features

_INPUTS: Final[dict[str, tuple[int, ...]]] = {
    "features": (N_FEATURES,),
    "heard": (HEARD_FRAMES, HEARD_WIDTH),
}
_SHIPPED: Final = Path(__file__).parent / "model"


@dataclass(frozen=True, slots=True)
class OverlapProbabilities:
    """What an overlap is, each from 0 to 1; they sum to 1.

    Attributes:
        barge_in: The caller takes the floor.
        backchannel: The caller listens on and says so.
        side_talk: Somebody speaks, but not to the agent; television is that, too.
        noise: Nobody speaks: cough, laughter, clicks, music.
        echo: The agent's own voice.
    """

    barge_in: float
    backchannel: float
    side_talk: float
    noise: float
    echo: float

    @property
    def likeliest(self) -> str:
        """The name of the largest; the first of two alike."""
        values = astuple(self)
        return LABELS[values.index(max(values))]


class OverlapHead:
    """What weighs the evidence. Calls from several threads are safe.

    Args:
        folder: With ``model.onnx`` and ``config.json``.
        providers: Of ONNX Runtime, best first.

    Raises:
        BundleError: the folder holds no classifier that can be loaded.
        OutdatedError: it holds one of other features.
        ConfigError: it would run without a provider that was asked for.
    """

    def __init__(
        self, folder: Path, *, providers: Sequence[str] = ("CPUExecutionProvider",)
    ) -> None:
        self.config = OverlapConfig.load(folder)
        self._session = open_session(folder / GRAPH, threads=1, providers=providers)
        given = {node.name: tuple(node.shape[1:]) for node in self._session.get_inputs()}
        answers = [node.shape[-1] for node in self._session.get_outputs()]
        if given != _INPUTS or answers != [len(LABELS)]:
            raise BundleError(f"{folder / GRAPH} is not an overlap classifier of ours")

    def probabilities(self, vector: NDArray[np.float32], heard: Heard) -> OverlapProbabilities:
        """Judge an overlap.

        Args:
            vector: What ``features`` made of it, float32 [N_FEATURES].
            heard: What the ear made of it, float16 [HEARD_FRAMES, HEARD_WIDTH].

        Raises:
            ModelError: it is not that, or the classifier failed on it.
        """
        given: dict[str, NDArray[Any]] = {"features": vector, "heard": heard}
        for name, dtype in (("features", np.float32), ("heard", np.float16)):
            if given[name].shape != _INPUTS[name] or given[name].dtype != dtype:
                raise ModelError(
                    f"the {name} of an overlap are {np.dtype(dtype)} {list(_INPUTS[name])}, not "
                    f"{given[name].dtype} {list(given[name].shape)}"
                )
        try:
            (found,) = self._session.run(None, {name: one[None] for name, one in given.items()})
        except Exception as error:  # noqa: BLE001 - its exceptions have no common class
            raise ModelError(f"the overlap classifier failed: {error}") from None
        row = np.asarray(found, np.float64)[0]
        total = float(row.sum())
        if not (np.isfinite(row).all() and total > 0):
            raise ModelError("the overlap classifier answered with values that are no numbers")
        return OverlapProbabilities(*(float(value) for value in row / total))


class OverlapRuntime:
    """An overlap folder of a bundle, loaded: its ear and its head, on the CPU.

    Calls from several threads are safe.

    Args:
        folder: With what ``OverlapHead`` and ``Ear`` load; it raises what they do.
    """

    def __init__(self, folder: Path) -> None:
        self._head = OverlapHead(folder)
        self._ear = Ear(folder)

    def judge(self, evidence: OverlapEvidence) -> OverlapProbabilities:
        """Judge an overlap by what is known of it; about 20 ms of one core.

        Raises:
            ModelError: the classifier failed on it.
        """
        return self._head.probabilities(features(evidence), self._ear.hear(evidence.pcm))


def shipped() -> Path:
    """The folder of the classifier that comes with the package."""
    return _SHIPPED
