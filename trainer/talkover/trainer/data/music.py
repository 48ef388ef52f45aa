"""Real music as a noise: what Debian's Asterisk package plays to those who wait, CC-BY-SA-3.0.

``asterisk-moh-opsound-wav`` has five recordings of one to five minutes at 8 kHz, so they have
nothing above 4 kHz. No band is in two splits.
"""

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr

from talkover.core.audio.prompts import roots
from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.texts import Split

PIECES: Final = {
    Split.TRAIN: ("macroform-cold_day", "macroform-robot_dity", "macroform-the_simplicity"),
    Split.VALIDATION: ("manolo_camp-morning_coffee",),
    Split.TEST: ("reno_project-system",),
}
_FOLDER: Final = "usr/share/asterisk/moh"


@cache
def find_music(folders: tuple[Path, ...]) -> dict[Split, tuple[Path, ...]]:
    """The recordings of each split, in the first of some folders that has them.

    Raises:
        DataError: the package is not installed.
    """
    for root in folders:
        found = {
            split: tuple(root / _FOLDER / f"{name}.wav" for name in names)
            for split, names in PIECES.items()
        }
        if all(path.is_file() for paths in found.values() for path in paths):
            return found
    raise DataError(
        "the recipe has music, and there is none here: install Debian's asterisk-moh-opsound-wav, "
        "or set music = 0 under [noise]"
    )


def draw_music(split: Split, count: int, random: np.random.Generator) -> tuple[str, Sound]:
    """A stretch of a piece; one that is too short begins again.

    Args:
        split: Whose pieces.
        count: Samples to give.
        random: Which piece, and from where.

    Returns:
        ``music`` and the name of the piece; float32 [count] at 16 kHz.

    Raises:
        DataError: the package is not installed, or a piece is damaged.
    """
    pieces = find_music(roots())[split]
    path = pieces[int(random.integers(len(pieces)))]
    try:
        with soundfile.SoundFile(path) as file:
            wanted = -(-count * file.samplerate // RATE) + 1
            file.seek(int(random.integers(max(file.frames - wanted, 1))))
            stretch = file.read(wanted, dtype="float32", always_2d=True).mean(axis=1)
            rate = file.samplerate
    except (OSError, soundfile.SoundFileError) as error:
        raise DataError(f"{path} cannot be read ({error}); install its package again") from None
    return f"music {path.stem}", np.resize(soxr.resample(stretch, rate, RATE), count)
