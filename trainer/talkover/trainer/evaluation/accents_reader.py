"""Stock Whisper as a reader of many short utterances: full window, float32, greedy, in batches.

Measured on one core without matrix units, for sounds of 4 s: 1.2 s each of which the encoder takes
0.9; batches save half of the decoding. Neither int8 nor bfloat16 may stand in: in accents under
noise the model is unsure of itself, and with int8 it wrote other words in five of eight.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.listener import LONGEST
from talkover.trainer.evaluation.stock import StockWhisper

_MOST: Final = 224
"""Tokens of a text, as the published decoder bounds them (Radford et al. 2022)."""


class StockReader:
    """Reads without fallback and without timestamps, what it is told the language of.

    Args:
        folder: Base weights, as ``talkover models pull`` leaves them.

    Raises:
        WeightsError: the weights cannot be used.
        BundleError: the tokenizer cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._model = StockWhisper(folder)

    def read(self, sounds: Sequence[NDArray[np.float32]], languages: Sequence[str]) -> list[str]:
        """A text for each of some sounds (float32 [n] at 16 kHz), told its language (ISO 639-1)."""
        found = self._model.read_all(sounds, languages, LONGEST, most=_MOST)
        return [self._model.tokens.text(reading.tokens).strip() for reading in found]
