"""The caller's voice, learnt from the caller's own first seconds. Pure: no sound, no model."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import ModelError
from talkover.core.speaker.likelihood import same_speaker

ENOUGH: Final = 1.0
"""Seconds of speech from which on there is something to compare with."""

FULL: Final = 10.0
"""Seconds of speech after which nothing more is collected."""

SURE: Final = 0.9
"""Chance of being the caller from which on speech makes the enrolment follow it."""

SUBSTANTIAL: Final = 1.0
"""Seconds of speech that it must at least be for that."""

_UNIT: Final = 0.01


class Enrolment:
    """What a caller sounds like.

    Collect speech that must be the caller's (who else speaks first?); then ask. A voice changes
    within a call, with the line, the distance, the mood: ``adapt`` follows, but what was collected
    always weighs at least as much as all that was added by likeness, so that nobody else can take
    the place over, however slowly.
    """

    def __init__(self) -> None:
        self._first: NDArray[np.float64] | None = None
        self._seconds = 0.0
        self._later: NDArray[np.float64] | None = None
        self._adapted = 0.0

    @property
    def seconds(self) -> float:
        """Of speech collected."""
        return self._seconds

    @property
    def ready(self) -> bool:
        """Whether it can be asked."""
        return self._seconds >= ENOUGH

    def collect(self, embedding: NDArray[np.float32], seconds: float) -> None:
        """Take speech that is the caller's; nothing happens when ``FULL`` is reached.

        Args:
            embedding: float32 [d] of unit length.
            seconds: Of speech behind it; the last is shortened to what is missing.

        Raises:
            ModelError: it is no such embedding, or takes no time.
        """
        vector = self._checked(embedding, seconds)
        counted = min(seconds, FULL - self._seconds)
        if counted > 0:
            part = vector * counted
            self._first = part if self._first is None else self._first + part
            self._seconds += counted

    def similarity(self, embedding: NDArray[np.float32]) -> float | None:
        """Cosine with the caller's voice, -1 to 1; None until enough was collected.

        Raises:
            ModelError: it is no embedding of unit length.
        """
        vector = self._checked(embedding, 1.0)
        if self._first is None or not self.ready:
            return None
        centre = self._first if self._later is None else self._first + self._later
        length = float(np.linalg.norm(centre))
        return float(np.clip(centre @ vector / length, -1.0, 1.0)) if length > 0 else None

    def chance(self, embedding: NDArray[np.float32], seconds: float) -> float | None:
        """The chance that it is the caller, 0 to 1; None until enough was collected.

        Args:
            embedding: float32 [d] of unit length.
            seconds: Of speech behind it.

        Raises:
            ModelError: it is no such embedding, or takes no time.
        """
        self._checked(embedding, seconds)
        similarity = self.similarity(embedding)
        return None if similarity is None else same_speaker(similarity, seconds)

    def adapt(self, embedding: NDArray[np.float32], seconds: float) -> bool:
        """Follow the caller's voice, if this clearly is the caller's; say whether it was.

        Raises:
            ModelError: it is no such embedding, or takes no time.
        """
        chance = self.chance(embedding, seconds)
        if chance is None or chance < SURE or seconds < SUBSTANTIAL:
            return False
        counted = min(seconds, self._seconds / 2)
        part = embedding.astype(np.float64) * counted
        if self._later is None:
            self._later, self._adapted = part, counted
            return True
        room = self._seconds - counted  # what is older gives way
        keep = min(1.0, room / self._adapted)
        self._later = self._later * keep + part
        self._adapted = self._adapted * keep + counted
        return True

    def _checked(self, embedding: NDArray[np.float32], seconds: float) -> NDArray[np.float64]:
        if not seconds > 0:
            raise ModelError(f"speech of {seconds} s says nothing about a voice")
        if embedding.ndim != 1 or (
            self._first is not None and embedding.shape != self._first.shape
        ):
            raise ModelError(f"an embedding of shape {embedding.shape} is not like those before")
        vector = embedding.astype(np.float64)
        if not abs(float(np.linalg.norm(vector)) - 1.0) < _UNIT:
            raise ModelError("an embedding must have unit length")
        return vector
