"""Items whose lanes keep to one clock, as a batch to train on; those that drift are refused."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from talkover.core.clock import FRAME
from talkover.core.errors import DataError
from talkover.trainer.data.aligning.aligner import Aligner
from talkover.trainer.data.aligning.lanes import (
    NONE,
    TOLERANCE,
    Item,
    check,
    late_by,
    pictures_by_frame,
)
from talkover.trainer.data.aligning.skew import lag_of


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Items side by side, padded with zeros at their ends.

    Attributes:
        names: Of the items.
        caller: float32 [items, samples] at 16 kHz.
        agent: The same; zeros where there is no such lane.
        heard: Which samples are there: bool [items, samples].
        words: Start and end (samples): int64 [items, words, 2].
        worded: Which words are there: bool [items, words].
        texts: Of the words.
        sounds: Start and end (samples): int64 [items, sounds, 2].
        sounded: Which sounds are there: bool [items, sounds].
        symbols: Of the sounds, IPA.
        pictures: uint8 [items, pictures, height, width, 3].
        seen: The picture of each frame of 20 ms, -1 for none: int64 [items, frames].
    """

    names: tuple[str, ...]
    caller: torch.Tensor
    agent: torch.Tensor
    heard: torch.Tensor
    words: torch.Tensor
    worded: torch.Tensor
    texts: tuple[tuple[str, ...], ...]
    sounds: torch.Tensor
    sounded: torch.Tensor
    symbols: tuple[tuple[str, ...], ...]
    pictures: torch.Tensor
    seen: torch.Tensor


class Collator:
    """Makes batches, and lets no item pass whose lanes drift.

    A lane is refused for its bookkeeping (``lanes.check``), and words for what is heard: an ear
    looks for their sounds, and finds them at most a frame of 20 ms from where they are claimed.

    Args:
        aligner: That hears.
    """

    def __init__(self, aligner: Aligner) -> None:
        self._aligner = aligner

    def __call__(self, items: Sequence[Item]) -> Batch:
        """Check items, and put them side by side.

        Args:
            items: At least one.

        Raises:
            DataError: a lane drifts; the message names item, lane and lag. Or pictures differ in
                size.
        """
        for item in items:
            self.check(item)
        return collate(items)

    def check(self, item: Item) -> None:
        """See whether the lanes of an item belong together.

        Raises:
            DataError: one does not; the message names item, lane and lag.
        """
        check(item)
        lag = lag_of(self._aligner, self._aligner.hear(item.caller), item.words)
        if lag is not None and abs(lag.samples) > TOLERANCE:
            raise DataError(
                f"{item.name}: words lane: {late_by(lag.samples)} by what is heard; align it again "
                "(talkover data align)"
            )


def collate(items: Sequence[Item]) -> Batch:
    """Items side by side, unchecked.

    Raises:
        DataError: their pictures differ in size.
    """
    words = [[(word.start, word.end) for word in item.words] for item in items]
    phones = [[phone for word in item.words for phone in word.phones] for item in items]
    frames = max(len(item.caller) for item in items) // FRAME
    lengths = torch.tensor([len(item.caller) for item in items])
    caller = _padded([item.caller for item in items])
    longest = caller.shape[1]
    silence = np.zeros(0, np.float32)
    agent = [silence if item.agent is None else item.agent[:longest] for item in items]
    spans, worded = _spans(words)
    sounds, sounded = _spans([[(phone.start, phone.end) for phone in some] for some in phones])
    return Batch(
        names=tuple(item.name for item in items),
        caller=caller,
        agent=_padded(agent, longest),
        heard=torch.arange(longest) < lengths[:, None],
        words=spans,
        worded=worded,
        texts=tuple(tuple(word.text for word in item.words) for item in items),
        sounds=sounds,
        sounded=sounded,
        symbols=tuple(tuple(phone.symbol for phone in some) for some in phones),
        pictures=_pictures(items),
        seen=torch.from_numpy(np.stack([_seen(item, frames) for item in items])),
    )


def _padded(lanes: Sequence[NDArray[np.float32]], count: int | None = None) -> torch.Tensor:
    longest = max(map(len, lanes)) if count is None else count
    return torch.from_numpy(np.stack([np.pad(lane, (0, longest - len(lane))) for lane in lanes]))


def _spans(rows: Sequence[Sequence[tuple[int, int]]]) -> tuple[torch.Tensor, torch.Tensor]:
    most = max(map(len, rows))
    spans = torch.zeros((len(rows), most, 2), dtype=torch.int64)
    there = torch.zeros((len(rows), most), dtype=torch.bool)
    for place, row in enumerate(rows):
        if row:
            spans[place, : len(row)] = torch.tensor(row)
            there[place, : len(row)] = True
    return spans, there


def _pictures(items: Sequence[Item]) -> torch.Tensor:
    shapes = {picture.pixels.shape for item in items for picture in item.pictures}
    if len(shapes) > 1:
        sizes = ", ".join(str(shape) for shape in sorted(shapes))
        raise DataError(f"pictures of {sizes} in one batch; scale them to one size")
    shape = shapes.pop() if shapes else (0, 0, 3)
    most = max(len(item.pictures) for item in items)
    found = torch.zeros((len(items), most, *shape), dtype=torch.uint8)
    for place, item in enumerate(items):
        for number, picture in enumerate(item.pictures):
            found[place, number] = torch.from_numpy(picture.pixels)
    return found


def _seen(item: Item, frames: int) -> NDArray[np.int64]:
    own = len(item.caller) // FRAME
    seen = np.full(frames, NONE, np.int64)
    seen[:own] = pictures_by_frame(item.pictures, own)
    return seen
