"""What is in a picture, synchronous: what a worker thread runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import BundleError, ModelError
from talkover.core.onnx.providers import CPU
from talkover.core.onnx.session import open_session
from talkover.core.seer.blank import is_blank
from talkover.core.seer.config import CONFIG, SeerConfig
from talkover.core.seer.decoding import SHORTEST_SIDE
from talkover.core.seer.reader import Reader
from talkover.core.seer.tower import TOWER
from talkover.core.seer.types import LONGEST_SIDE, Rgb, Seen, Word


def has_seer(folder: Path) -> bool:
    """Whether a part's folder holds these models; bundles made before them have no such folder."""
    return (folder / CONFIG).is_file()


class SeerRuntime:
    """A seer folder, loaded. Calls from several threads are safe.

    The tower takes some 13 ms a picture on one thread. The reader takes 40 ms where nothing is
    written, 180 ms at 640 x 480, and some 30 ms a line on top: ask for what you need.

    Args:
        folder: What ``build_seer`` wrote.
        threads: For ONNX Runtime, within one call.
        providers: Of ONNX Runtime, best first, for the tower. Lines of text are of every length,
            which a GPU is slow to get used to: the reader stays on the CPU.

    Raises:
        BundleError: the folder holds no models that can be loaded.
        ConfigError: it would run without a provider that was asked for.
    """

    def __init__(
        self, folder: Path, *, threads: int = 1, providers: Sequence[str] = (CPU,)
    ) -> None:
        self.config = SeerConfig.load(folder)
        rows, columns = self.config.grid
        path = folder / TOWER
        self._tower = open_session(path, threads=threads, providers=providers)
        inputs = [(value.name, value.shape) for value in self._tower.get_inputs()]
        outputs = [(value.name, value.shape) for value in self._tower.get_outputs()]
        if inputs != [("rgb", ["height", "width", 3])] or outputs != [
            ("features", [rows * columns, self.config.width])
        ]:
            raise BundleError(f"{path} does not see what its {CONFIG} says; build the bundle again")
        self._reader = Reader(folder, threads=threads, providers=(CPU,))

    def see(self, rgb: Rgb) -> Seen:
        """All that is found in a picture; of one that shows nothing, no words are sought.

        Args:
            rgb: uint8 [height, width, 3], each side 8 to 640 pixels: what ``decode`` and ``fit``
                give.

        Raises:
            ModelError: it is no such picture, or a graph failed.
        """
        blank = is_blank(_checked(rgb))
        words = () if blank else self.words(rgb)
        return Seen(self.features(rgb), self.config.grid, words, blank)

    def features(self, rgb: Rgb) -> NDArray[np.float32]:
        """What the tower makes of each place, float32 [rows * columns, width], row by row.

        Raises:
            ModelError: see ``see``.
        """
        given = _checked(rgb)
        try:
            (found,) = self._tower.run(["features"], {"rgb": given})
        except Exception as error:  # noqa: BLE001 - its exceptions have no common class
            raise ModelError(f"the vision tower failed: {error}") from None
        return cast("NDArray[np.float32]", found)

    def words(self, rgb: Rgb) -> tuple[Word, ...]:
        """What is written, in the order in which it is read.

        Raises:
            ModelError: see ``see``.
        """
        return tuple(self._reader.words(_checked(rgb)))


def _checked(rgb: Rgb) -> Rgb:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ModelError(f"a picture is uint8 [height, width, 3], not {rgb.dtype} {rgb.shape}")
    if not SHORTEST_SIDE <= min(rgb.shape[:2]) <= max(rgb.shape[:2]) <= LONGEST_SIDE:
        raise ModelError(
            f"a picture has {SHORTEST_SIDE} to {LONGEST_SIDE} pixels a side, not "
            f"{rgb.shape[1]}x{rgb.shape[0]}; see talkover.core.seer.decoding"
        )
    return rgb
