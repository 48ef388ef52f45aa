"""Pictures from files, shown in a call at their times."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from talkover.client._call import Call
from talkover.client._wire import ImageType
from talkover.core.errors import CallError, ConfigError

MAX_BYTES: Final = 1 << 20
"""Of a picture on the wire."""

_STARTS: Final[dict[ImageType, bytes]] = {
    "jpeg": b"\xff\xd8\xff",
    "png": b"\x89PNG\r\n\x1a\n",
    "webp": b"RIFF",
}


@dataclass(frozen=True, slots=True)
class Showing:
    """A picture, and when it is shown.

    Attributes:
        name: Of its file, for the event log.
        data: As the file has it.
        encoding: How it is encoded.
        at: Seconds from the start of the call.
    """

    name: str
    data: bytes
    encoding: ImageType
    at: float = 0.0


def read_picture(path: Path, at: float = 0.0) -> Showing:
    """A picture from a file.

    Args:
        path: A JPEG, PNG or WebP file.
        at: When it shall be shown (s).

    Raises:
        ConfigError: it cannot be read, is none of these, or is too large to be sent.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    encoding = next((kind for kind, start in _STARTS.items() if data.startswith(start)), None)
    if encoding is None:
        raise ConfigError(f"{path} is no JPEG, PNG or WebP; convert it")
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path} has over {MAX_BYTES >> 20} MiB; make it smaller, 1280 pixels do")
    return Showing(path.name, data, encoding, at)


def parse_showing(text: str) -> Showing:
    """A picture as it is named on the command line: ``FILE`` or ``FILE@SECONDS``.

    Raises:
        ConfigError: as ``read_picture``, or the time is below 0.
    """
    name, mark, seconds = text.rpartition("@")
    if mark:
        with contextlib.suppress(ValueError):
            at = float(seconds)
            if not 0 <= at < float("inf"):
                raise ConfigError(f"{text}: a picture is shown 0 or more seconds into the call")
            return read_picture(Path(name), at)
    return read_picture(Path(text))


@contextlib.asynccontextmanager
async def shown(
    call: Call, pictures: Sequence[Showing], on_shown: Callable[[Showing], None]
) -> AsyncIterator[None]:
    """Show pictures while the block runs, each at its time; it stays in view until the next.

    Args:
        call: That has just begun.
        pictures: In any order.
        on_shown: Told of each when it is sent.
    """

    async def show() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for picture in sorted(pictures, key=lambda one: one.at):
            await asyncio.sleep(began + picture.at - loop.time())
            await call.send_frame(picture.data, encoding=picture.encoding, source="file")
            on_shown(picture)

    showing = asyncio.create_task(show(), name="talkover-call-show")
    try:
        yield
    finally:
        showing.cancel()
        with contextlib.suppress(asyncio.CancelledError, CallError):  # the call's end tells why
            await showing
