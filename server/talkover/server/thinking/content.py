"""A chat with pictures as OpenAI-compatible endpoints take it."""

import base64
import io
from collections.abc import Sequence
from typing import Any, Final

from PIL import Image

from talkover.core.brain import Message
from talkover.core.seer.types import Rgb
from talkover.server.thinking.scene import Scene
from talkover.server.thinking.telling import caption, last

MAX_IMAGE: Final = 192 << 10
"""Bytes of one picture on the wire at most, before they are written in base64."""

_QUALITIES: Final = (90, 75, 50)
_SMALLER: Final = 0.7


def content(messages: Sequence[Message], scene: Scene | None, pictures: int) -> list[Any]:
    """Messages of a request's body.

    The pictures stand before the words of the last message, each after its moment where there are
    several: a model reads what it will be asked about first, as it was taught to.

    Args:
        messages: The caller's words last; otherwise no picture is sent.
        scene: What the caller shows.
        pictures: So many are sent at most, the last ones.
    """
    plain: list[Any] = [{"role": m.role, "content": m.content} for m in messages]
    sights = last(scene, pictures)
    if scene is None or not sights or not messages or messages[-1].role != "user":
        return plain
    parts: list[dict[str, Any]] = []
    for sight in sights:
        if len(sights) > 1:
            parts.append({"type": "text", "text": caption(scene, sight)})
        parts.append({"type": "image_url", "image_url": {"url": data_url(sight.picture.rgb)}})
    parts.append({"type": "text", "text": messages[-1].content})
    return [*plain[:-1], {"role": "user", "content": parts}]


def data_url(rgb: Rgb) -> str:
    """A picture uint8 ``[h, w, 3]`` as a JPEG in a data URL (RFC 2397).

    It has at most ``MAX_IMAGE`` bytes: the quality gives way first, then the size.
    """
    image = Image.fromarray(rgb)
    while True:
        for quality in _QUALITIES:
            data = io.BytesIO()
            # Full colour resolution: thin coloured letters on a screen must stay readable.
            image.save(data, "JPEG", quality=quality, subsampling=0)
            if data.tell() <= MAX_IMAGE:
                return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode()
        width, height = (max(1, int(side * _SMALLER)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
