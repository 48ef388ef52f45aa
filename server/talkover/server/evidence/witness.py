"""The small models that say who speaks, what for, and whether they are done: off the event loop."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkover.core.ending import EndingRuntime
from talkover.core.overlap import OverlapEvidence, OverlapProbabilities, OverlapRuntime
from talkover.core.speaker import SpeakerRuntime
from talkover.server.inference import Seat


@dataclass(frozen=True, slots=True)
class Witness:
    """Answers for all sessions. A bundle may lack any of its models.

    Attributes:
        speaker: Tells voices apart.
        ends: Tells ends of turns by their sound.
        overlap: Tells what a sound over the agent's speech is; an answer that waits for
            another model's is late, so its thread must be its own.
    """

    speaker: Seat[SpeakerRuntime] | None
    ends: Seat[EndingRuntime] | None
    overlap: Seat[OverlapRuntime] | None

    @property
    def parts(self) -> list[str]:
        """The models that are there."""
        named = (("speaker", self.speaker), ("ending", self.ends), ("overlap", self.overlap))
        return [name for name, model in named if model is not None]

    async def embed(self, pcm: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """A voice, float32 [n] at 16 kHz, among voices; None: there is no model.

        Raises:
            ModelError: it is no such sound.
            BusyError: too many ask.
        """
        speaker = self.speaker
        return None if speaker is None else await speaker.run(lambda model: model.embed(pcm))

    async def ending(self, pcm: NDArray[np.float32]) -> float | None:
        """The chance that a turn, float32 [n] at 16 kHz, is over; None: there is no model.

        Raises:
            ModelError: it is no such sound.
            BusyError: too many ask.
        """
        ends = self.ends
        return None if ends is None else await ends.run(lambda model: model.probability(pcm))

    async def classify(
        self, evidence: Callable[[], OverlapEvidence]
    ) -> OverlapProbabilities | None:
        """What a sound over the agent's speech is; None: there is no model.

        Args:
            evidence: Made at once, on the event loop.

        Raises:
            ModelError: the model failed.
            BusyError: too many ask.
        """
        if self.overlap is None:
            return None
        given = evidence()
        return await self.overlap.run(lambda model: model.judge(given))
