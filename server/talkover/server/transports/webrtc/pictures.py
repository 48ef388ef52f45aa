"""The video lane over WebRTC: tracks are always drained, and now and then a picture is kept."""

import asyncio
import io
import time
from typing import Any, Final

from aiortc.mediastreams import MediaStreamError

from talkover.core.errors import TalkoverError
from talkover.server.session import Session
from talkover.v1 import agent_pb2, media_pb2

_EVERY: Final = 0.5  # seconds between pictures
_WIDEST: Final = 1_280
_QUALITY: Final = 80


class Watcher:
    """Watches one track.

    Args:
        track: Of the caller.
        screen: A screen, not a camera.
    """

    def __init__(self, track: Any, *, screen: bool) -> None:
        self._track = track
        source = media_pb2.VIDEO_SOURCE_SCREEN if screen else media_pb2.VIDEO_SOURCE_CAMERA
        self._source = source

    async def run(self, session: Session) -> None:
        """Show pictures to the session until the track ends."""
        last = 0.0
        while True:
            try:
                frame = await self._track.recv()
            except MediaStreamError:
                return
            if time.monotonic() - last < _EVERY:
                continue
            last = time.monotonic()
            data = await asyncio.to_thread(_jpeg, frame)
            picture = media_pb2.VideoFrame(
                encoding=media_pb2.IMAGE_ENCODING_JPEG, data=data, source=self._source
            )
            try:
                await session.take(agent_pb2.ConverseRequest(video=picture))
            except TalkoverError as error:
                session.tell(error)


def _jpeg(frame: Any) -> bytes:
    image = frame.to_image()
    image.thumbnail((_WIDEST, _WIDEST))
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=_QUALITY)
    return sink.getvalue()
