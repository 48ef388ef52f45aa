"""Make a seer folder from published weights."""

import shutil
from collections.abc import Callable
from pathlib import Path

from talkover.core.seer.config import SeerConfig
from talkover.core.seer.reader import DETECTOR, RECOGNIZER
from talkover.core.seer.tower import build_tower


def build_seer(
    tower: Path,
    detector: Path,
    recognizer: Path,
    out: Path,
    *,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Write ``tower.onnx``, ``detector.onnx``, ``recognizer.onnx`` and ``seer.json`` into ``out``.

    Args:
        tower: EfficientNet-Lite0's checkpoint.
        detector: PP-OCR's graph that finds lines; it is kept as it is.
        recognizer: PP-OCR's graph that reads them; it is kept as it is.
        out: The folder to write into; made if missing.
        progress: Told what is going on, a phrase at a time.

    Raises:
        WeightsError: a file cannot be used; the message says why.
    """
    tell = progress or (lambda _: None)
    tell("assembling the tower's graph")
    build_tower(tower, out)
    tell("copying the text reader")
    shutil.copyfile(detector, out / DETECTOR)
    shutil.copyfile(recognizer, out / RECOGNIZER)
    SeerConfig(tower=tower.stem, reader=f"{detector.stem}, {recognizer.stem}").save(out)
