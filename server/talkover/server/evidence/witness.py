"""The small models that say who speaks, what for, and whether they are done: off the event loop."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from talkover.core.ending import EndingRuntime, has_ending
from talkover.core.errors import OutdatedError
from talkover.core.overlap import (
    OverlapEvidence,
    OverlapProbabilities,
    OverlapRuntime,
    features,
)
from talkover.core.speaker import SpeakerRuntime, has_speaker
from talkover.server.inference import Worker

log = structlog.get_logger()


class Witness:
    """Answers for all sessions, on two workers. A bundle may lack any of its models.

    Args:
        speaker: Tells voices apart.
        ending: Tells ends of turns by their sound.
        overlap: Tells what a sound over the agent's speech is.
        worker: Runs the first two; whoever made it closes it.
        quick: Runs the third, which takes a millisecond and must not wait for those.
    """

    def __init__(
        self,
        speaker: SpeakerRuntime | None,
        ending: EndingRuntime | None,
        overlap: OverlapRuntime | None,
        worker: Worker,
        quick: Worker,
    ) -> None:
        self._speaker = speaker
        self._ending = ending
        self._overlap = overlap
        self._worker = worker
        self._quick = quick

    @staticmethod
    async def load(folder: Path, worker: Worker, quick: Worker) -> "Witness":
        """Load what the bundle in ``folder`` has.

        Raises:
            BundleError: one of them is damaged.
        """

        def build() -> Witness:
            who, over, what = (folder / part for part in ("speaker", "ending", "overlap"))
            return Witness(
                SpeakerRuntime(who) if has_speaker(who) else None,
                EndingRuntime(over) if has_ending(over) else None,
                _classifier(what) if what.is_dir() else None,
                worker,
                quick,
            )

        return await worker.run(build)

    @property
    def parts(self) -> list[str]:
        """The models that are there."""
        named = (("speaker", self._speaker), ("ending", self._ending), ("overlap", self._overlap))
        return [name for name, model in named if model is not None]

    async def embed(self, pcm: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """A voice, float32 [n] at 16 kHz, among voices; None: there is no model.

        Raises:
            ModelError: it is no such sound.
            BusyError: too many ask.
        """
        speaker = self._speaker
        return None if speaker is None else await self._worker.run(lambda: speaker.embed(pcm))

    async def ending(self, pcm: NDArray[np.float32]) -> float | None:
        """The chance that a turn, float32 [n] at 16 kHz, is over; None: there is no model.

        Raises:
            ModelError: it is no such sound.
            BusyError: too many ask.
        """
        ending = self._ending
        return None if ending is None else await self._worker.run(lambda: ending.probability(pcm))

    async def classify(
        self, evidence: Callable[[], OverlapEvidence]
    ) -> OverlapProbabilities | None:
        """What a sound over the agent's speech is; None: there is no model.

        Args:
            evidence: Made at once, on the event loop.

        Raises:
            BusyError: too many ask.
        """
        overlap = self._overlap
        if overlap is None:
            return None
        given = evidence()
        return await self._quick.run(lambda: overlap.probabilities(features(given)))


def _classifier(folder: Path) -> OverlapRuntime | None:
    """The bundle's, unless it is for other features: then the core's rules decide."""
    try:
        return OverlapRuntime(folder)
    except OutdatedError as error:
        log.warning("overlap.outdated", error=str(error))
        return None
