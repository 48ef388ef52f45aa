"""What is written in a picture: PP-OCR's detector and recognizer, on ONNX Runtime.

Their graphs are run as published (PP-OCRv6, Apache-2.0). What lies between and around them is ours:
the picture at its own size, rectangles around lines, lines straightened and read one at a time, and
words with their places in the picture.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from talkover.core.errors import BundleError, ModelError
from talkover.core.onnx.session import open_session
from talkover.core.seer.alphabet import Piece, read_alphabet, to_pieces
from talkover.core.seer.lines import Corners, Line, find_lines, sides
from talkover.core.seer.types import Rgb, Word

DETECTOR: Final = "detector.onnx"
RECOGNIZER: Final = "recognizer.onnx"

CONFIDENT: Final = 0.5
"""Below this, a word is left out."""

_STEP: Final = 32  # the detector halves its maps five times
_HEIGHT: Final = 48  # of a line, for the recognizer
_NARROWEST: Final = 48  # pixels of a line for the recognizer; shorter ones stand on the left of it
_WIDEST: Final = 1600

Floats = NDArray[np.float32]


class Reader:
    """A seer folder's detector and recognizer, loaded. Calls from several threads are safe.

    Args:
        folder: What ``build_seer`` wrote.
        threads: For ONNX Runtime, within one call.
        providers: Of ONNX Runtime, best first.

    Raises:
        BundleError: the folder holds no reader that can be loaded.
        ConfigError: it would run without a provider that was asked for.
    """

    def __init__(self, folder: Path, *, threads: int, providers: Sequence[str]) -> None:
        cv2.setNumThreads(1)  # its pool would take the cores from whoever computes then
        # Every picture has other lines: an arena would keep the worst of each.
        detector, recognizer = (
            open_session(folder / name, threads=threads, providers=providers, arena=False)
            for name in (DETECTOR, RECOGNIZER)
        )
        stored = recognizer.get_modelmeta().custom_metadata_map.get("character")
        if stored is None:
            raise BundleError(f"{folder / RECOGNIZER} has no alphabet; build the bundle again")
        self._alphabet = read_alphabet(stored)
        if recognizer.get_outputs()[0].shape[-1] != len(self._alphabet):
            raise BundleError(f"{folder / RECOGNIZER} has another alphabet; build the bundle again")
        self._detector = detector
        self._recognizer = recognizer

    def words(self, rgb: Rgb) -> list[Word]:
        """The words of a picture, in the order in which they are read.

        Args:
            rgb: uint8 [height, width, 3].

        Raises:
            ModelError: a graph failed.
        """
        backwards = np.ascontiguousarray(rgb[:, :, ::-1])  # they were trained with blue first
        found = []
        for line in self._lines(backwards):
            corners, pieces = self._read(backwards, line)
            found += [
                Word(piece.text, _box(corners, piece, rgb.shape), piece.confidence)
                for piece in pieces
                if piece.confidence >= CONFIDENT
            ]
        return found

    def _lines(self, picture: Rgb) -> list[Line]:
        height, width = picture.shape[:2]
        padded = np.zeros((_up(height), _up(width), 3), np.uint8)
        padded[:height, :width] = picture
        likelihood = _run(self._detector, _planes(padded))
        return find_lines(likelihood[0, 0, :height, :width])

    def _read(self, picture: Rgb, line: Line) -> tuple[Corners, list[Piece]]:
        """The words of a line, and its corners from where it begins.

        A tall one may run down, run up or be a narrow letter: what is read with most confidence.
        """
        turns = (0, -1, 1) if line.tall else (0,)
        ways = [np.roll(line.corners, turn, axis=0) for turn in turns]
        read = [(corners, self._recognize(_straight(picture, corners))) for corners in ways]
        return max(read, key=lambda one: _confidence(one[1]))

    def _recognize(self, line: Rgb) -> list[Piece]:
        width = line.shape[1]
        planes = np.zeros((1, 3, _HEIGHT, max(width, _NARROWEST)), np.float32)
        planes[..., :width] = _planes(line)
        likelihoods = _run(self._recognizer, planes)
        filled = width / planes.shape[-1]
        return [
            Piece(p.text, min(1.0, p.begin / filled), min(1.0, p.end / filled), p.confidence)
            for p in to_pieces(likelihoods[0], self._alphabet)
        ]


def _straight(picture: Rgb, corners: Corners) -> Rgb:
    """A line, upright, as high as the recognizer wants it."""
    along, across = sides(corners)
    width = int(np.clip(np.ceil(_HEIGHT * along / across), 1, _WIDEST))
    upright = np.array([[0, 0], [width, 0], [width, _HEIGHT], [0, _HEIGHT]], np.float32)
    turned = cv2.getPerspectiveTransform(corners, upright)
    line = cv2.warpPerspective(
        picture,
        turned,
        (width, _HEIGHT),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return cast("Rgb", line)


def _box(
    corners: Corners, piece: Piece, shape: tuple[int, ...]
) -> tuple[float, float, float, float]:
    """Where a word is, as shares of the picture: an upright rectangle around its part of a line."""
    ends = np.array([[piece.begin], [piece.end]], np.float32)
    above = corners[0] + ends * (corners[1] - corners[0])
    below = corners[3] + ends * (corners[2] - corners[3])
    shares = np.concatenate([above, below]) / np.array([shape[1], shape[0]], np.float32)
    left, top = np.clip(shares.min(axis=0), 0, 1).tolist()
    right, bottom = np.clip(shares.max(axis=0), 0, 1).tolist()
    return left, top, right, bottom


def _confidence(pieces: list[Piece]) -> float:
    """Of a line: the mean over its letters; 0 where nothing was read."""
    letters = sum(len(piece.text) for piece in pieces)
    return sum(len(p.text) * p.confidence for p in pieces) / letters if letters else 0.0


def _planes(picture: Rgb) -> Floats:
    """uint8 [height, width, 3] to what the graphs take: float32 [1, 3, height, width], -1 to 1."""
    planes = picture.transpose(2, 0, 1)[None].astype(np.float32)
    return cast("Floats", planes / np.float32(127.5) - np.float32(1))


def _up(size: int) -> int:
    return -(-size // _STEP) * _STEP


def _run(session: onnxruntime.InferenceSession, planes: Floats) -> Floats:
    try:
        (answer,) = session.run(None, {session.get_inputs()[0].name: planes})
    except Exception as error:  # noqa: BLE001 - its exceptions have no common class
        raise ModelError(f"the text reader failed: {error}") from None
    return cast("Floats", answer)
