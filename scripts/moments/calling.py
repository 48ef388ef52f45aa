"""A call in which somebody shows a clip and asks about a moment of it."""

import asyncio
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moments.asked import Asked, Found
from moments.clip import encoded, picture
from talkover.client import AgentAudio, Call, Glance, Transcript, connect
from talkover.core.audio import to_int16
from talkover.core.clock import FRAME, RATE
from talkover.trainer.evaluation.crossmodal.spoken import Clip

FPS: Final = 5
"""As many pictures as the page sends."""
_LEAD: Final = round(0.6 * RATE)  # samples before the question
_SILENCE: Final = 6 * RATE  # after it, while the answer is awaited
_PATIENCE: Final = 30.0
_EVERY: Final = RATE // FPS


async def ask(url: str, number: int, one: Asked, clip: Clip) -> Found:
    """Ask a question over gRPC at the pace of speech; which picture the answer speaks of.

    Args:
        url: Of the server.
        number: Of the question.
        one: The question.
        clip: It out loud.

    Raises:
        CallError: the call did not come about, or broke.
        ValueError: the voice has said other words than were asked for; a mistake of ours.
    """
    if len(clip.words) != len(one.text.split()):
        raise ValueError(f"{one.text!r} was said as {[word.text for word in clip.words]}")
    pcm = to_int16(clip.pcm)
    sound = np.concatenate([np.zeros(_LEAD, np.int16), pcm, np.zeros(_SILENCE, np.int16)])
    first, last = _meant(one, clip)
    async with connect(url, languages=["en"]) as call:
        begin: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        talking = asyncio.create_task(_talk(call, sound, begin))
        try:
            over = await begin + _LEAD + clip.words[-1].end
            glance, heard, answered = await _answer(call, over)
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
        used = None if glance is None else round((glance.taken_at - begin.result()) / _EVERY)
    cue = "" if glance is None else glance.cue
    wait = None if answered is None else (answered - over) / RATE
    return Found(
        number,
        one.text,
        first,
        last,
        used,
        cue,
        heard,
        one.word is not None,
        one.pointed(heard),
        clip.snr,
        clip.accent,
        wait,
    )


def _meant(one: Asked, clip: Clip) -> tuple[int, int]:
    """The first and the last picture that are right."""
    if one.word is None:
        times = clip.words[0].start, clip.words[-1].end
    else:
        word = clip.words[one.word]
        times = ((word.start + word.end) // 2,) * 2
    first, last = ((_LEAD + time) // _EVERY for time in times)
    return first, last


async def _talk(call: Call, sound: NDArray[np.int16], begin: "asyncio.Future[int]") -> None:
    """Speak, and show a picture five times a second; both are stamped with one clock."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    first = RATE // 10  # of the media clock, which ran when the call was opened
    begin.set_result(first)
    for place in range(0, len(sound), FRAME):
        await asyncio.sleep(max(0.0, began + (first + place) / RATE - loop.time()))
        if place % _EVERY == 0:
            shown = encoded(picture(place // _EVERY, FPS))
            await call.send_frame(shown, taken_at=first + place)
        await call.send_audio(sound[place : place + FRAME], starts_at=first + place)


async def _answer(call: Call, over: int) -> tuple[Glance | None, str, int | None]:
    """What the answer to the whole question looked at, what was heard of it, and when it began.

    Args:
        call: Under way.
        over: When the question is over, on the media clock.
    """
    glance: Glance | None = None
    heard: dict[int, str] = {}
    try:
        async with asyncio.timeout(_PATIENCE):
            async for event in call:
                match event:
                    case Glance():
                        glance = event
                    case Transcript(final=True):
                        heard[event.turn] = event.text
                    case AgentAudio() if event.starts_at > over and glance is not None:
                        return glance, " ".join(heard.values()), event.starts_at
                    case _:
                        pass
    except TimeoutError:
        pass
    return glance, " ".join(heard.values()), None


def worst(found: Sequence[Found]) -> list[tuple[str, ...]]:
    """Rows for a table: the answers that speak of another picture, the farthest first."""
    missed = [one for one in found if not one.within(1)]
    missed.sort(key=lambda one: 99 if one.off is None else abs(one.off), reverse=True)
    return [
        (one.accent, one.text, one.heard, one.cue, "none" if one.off is None else f"{one.off:+d}")
        for one in missed
    ]
