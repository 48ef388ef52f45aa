"""What was seen in pictures: each is looked at once, whoever asks first."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Protocol

from talkover.core.seer.decoding import decode
from talkover.core.seer.types import Picture, Rgb, Seen, digest_of
from talkover.server.inference import Seat, Worker
from talkover.server.seeing.album import Shot
from talkover.server.thinking.scene import Sight

_KEPT: Final = 8


class Looks(Protocol):
    """Sees what is in a picture: ``SeerRuntime``."""

    def see(self, rgb: Rgb) -> Seen:
        """What is in a picture, uint8 [h, w, 3]."""
        ...


Seer = Seat[Looks]


@dataclass(slots=True)
class _Looking:
    seer: Seer | None
    task: "asyncio.Task[Sight]"


class Sights:
    """Looks at pictures, and keeps what was seen in the last eight.

    Args:
        darkroom: Where pictures are decoded.
    """

    def __init__(self, darkroom: Worker) -> None:
        self._darkroom = darkroom
        self._known: OrderedDict[Shot, _Looking] = OrderedDict()

    async def of(self, shot: Shot, seer: Seer | None) -> Sight:
        """What is to be seen in a picture.

        Whoever waits may be cancelled; the look goes on, for whoever asks next.

        Args:
            shot: The picture.
            seer: Looks; None: only the pixels are there.

        Raises:
            BusyError: too many pictures wait to be looked at.
            ModelError: the seer failed.
        """
        known = self._known.get(shot)
        if known is None or known.seer is not seer:
            task = asyncio.create_task(self._look(shot, seer), name="look")
            task.add_done_callback(lambda done: self._looked(shot, done))
            known = self._known[shot] = _Looking(seer, task)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)[1].task.cancel()
        self._known.move_to_end(shot)
        return await asyncio.shield(known.task)

    def knows(self, shot: Shot, seer: Seer | None) -> bool:
        """Whether it was looked at, or is being."""
        known = self._known.get(shot)
        return known is not None and known.seer is seer

    @property
    def seen(self) -> list[Seen]:
        """What was seen by now, of the pictures that were asked for last at the end."""
        tasks = [looking.task for looking in self._known.values() if looking.task.done()]
        done = [task.result() for task in tasks if not task.cancelled() and not task.exception()]
        return [sight.seen for sight in done if sight.seen is not None]

    async def close(self) -> None:
        """Stop looking."""
        tasks = [looking.task for looking in self._known.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._known.clear()

    async def _look(self, shot: Shot, seer: Seer | None) -> Sight:
        rgb = await self._darkroom.run(lambda: decode(shot.data))
        seen = None if seer is None else await seer.run(lambda model: model.see(rgb))
        return Sight(Picture(rgb, shot.time, shot.source, digest_of(rgb)), seen)

    def _looked(self, shot: Shot, done: "asyncio.Task[Sight]") -> None:
        if done.cancelled() or done.exception() is None:
            return
        known = self._known.get(shot)
        if known is not None and known.task is done:
            del self._known[shot]  # it may work the next time
