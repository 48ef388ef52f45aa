"""A bundle's projector, loaded: from what the seer saw to what a brain is shown."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from talkover.core.brain.config import PROJECTOR
from talkover.core.brain.naming import found_in, told_of
from talkover.core.brain.projector import FEATURES, NAMED, ROWS
from talkover.core.brain.sight import Shown, Sight, note_of
from talkover.core.errors import BundleError, ModelError
from talkover.core.onnx.session import open_session
from talkover.core.seer.types import Seen


class Projector:
    """Of a brain folder.

    Args:
        folder: Of the brain.
        sight: What its configuration says.
        threads: For ONNX Runtime.
        providers: Of ONNX Runtime, best first.

    Raises:
        BundleError: there is none, or it is of another brain.
        ConfigError: it would run without a provider that was asked for.
    """

    def __init__(
        self, folder: Path, sight: Sight, *, threads: int, providers: Sequence[str]
    ) -> None:
        self.sight = sight
        path = folder / PROJECTOR
        self._session = open_session(path, threads=threads, providers=providers)
        places = sight.grid[0] * sight.grid[1]
        given = [(one.name, list(one.shape)) for one in self._session.get_inputs()]
        if given != [(FEATURES, [places, sight.features])]:
            raise BundleError(f"{path} is of another brain; run: talkover models build")

    def show(self, seen: Seen) -> Shown:
        """Project a picture: some milliseconds.

        Raises:
            ModelError: it was seen by other eyes than this was trained with.
        """
        if not self.sight.fits(seen):
            raise ModelError(
                f"the brain was trained with {self.sight.features} features of each place and is "
                f"shown {seen.features.shape[-1]}; run: talkover models build"
            )
        given = {FEATURES: np.ascontiguousarray(seen.features, np.float32)}
        if not self.sight.things:
            (rows,) = self._session.run([ROWS], given)
            return Shown(rows, note_of(seen.words, blank=seen.blank))
        rows, named = self._session.run([ROWS, NAMED], given)
        things = told_of(found_in(named, self.sight))
        return Shown(rows, note_of(seen.words, things, blank=seen.blank))
