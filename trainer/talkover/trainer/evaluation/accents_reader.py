"""Stock Whisper as a reader of many short utterances: full window, float32, greedy, in batches.

A sound costs one core without matrix units about 1.8 s, of which the encoder takes 1.4, whatever
the batch; where loops are long it is more. int8 may not stand in: in accents under noise the model
is unsure of itself, and CTranslate2's int8 wrote other words than float32 in seven of eight sounds
(and its encoder was no faster there).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from talkover.core.listener import LONGEST
from talkover.trainer.evaluation.stock import StockWhisper

MOST: Final = 224
"""Tokens of a text, as the published decoder bounds them (Radford et al. 2022)."""


class Written(NamedTuple):
    """What was written of a sound.

    Attributes:
        text: Without spaces around it.
        complete: The model itself ended it; else a bound or a loop cut it.
    """

    text: str
    complete: bool


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

    def write(
        self, sounds: Sequence[NDArray[np.float32]], languages: Sequence[str]
    ) -> list[Written]:
        """Of each of some sounds (float32 [n] at 16 kHz), told its language (ISO 639-1)."""
        found = self._model.read_all(sounds, languages, LONGEST, most=MOST)
        return [
            Written(self._model.tokens.text(reading.tokens).strip(), reading.complete)
            for reading in found
        ]

    def read(self, sounds: Sequence[NDArray[np.float32]], languages: Sequence[str]) -> list[str]:
        """The texts alone."""
        return [written.text for written in self.write(sounds, languages)]
