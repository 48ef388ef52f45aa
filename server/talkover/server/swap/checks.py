"""Whether models that were just loaded say what they should, before anybody hears them."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import HOP
from talkover.core.errors import BundleError
from talkover.core.listener import ListenerRuntime, ListenRequest
from talkover.core.listener.golden import SOUNDS, TOLERANCE, compare, read_golden, synthesise
from talkover.core.overlap import OverlapEvidence, OverlapRuntime
from talkover.core.vad import VoiceActivity, VoiceModel, feed_all
from talkover.server.seeing.sights import Looks
from talkover.server.swap.loading import Loaded, Patience

_ASKED: Final = SOUNDS[-1]
"""Where no golden outputs come along, and for the other parts."""
_TOKENS: Final = 16


async def check(loaded: Loaded, folder: Path, patience: Patience) -> str:
    """Ask every part that was built for a bundle; what others run on already is known to be sound.

    The listener is compared with the golden outputs of its bundle. Where none came along, and for
    the other parts, it is only made sure that they answer, with numbers.

    Args:
        loaded: The bundle in memory.
        folder: Of the bundle.
        patience: Asked before each question.

    Returns:
        What was found, for people.

    Raises:
        BundleError: a part is not what it should be.
        ModelError: a part failed.
    """
    found = "it shares its listener with what is served"
    if "listener" in loaded.fresh:
        found = await _check_listener(loaded, folder / "listener", patience)
    await patience()
    parts, sound = loaded.parts, synthesise(*_ASKED)
    if "voice" in loaded.fresh:
        pieces = [piece.pcm async for piece in parts.voice.say("Good morning.")]
        if not any(np.abs(pcm).max(initial=0) > 0 for pcm in pieces):
            raise BundleError("the voice is silent; build the bundle again")
    if "vad" in loaded.fresh:
        await asyncio.to_thread(_check_vad, parts.voices.model, sound)
    if "speaker" in loaded.fresh:
        _check_finite("speaker", await parts.witness.embed(sound))
    if "ending" in loaded.fresh:
        _check_finite("ending", await parts.witness.ending(sound))
    if "overlap" in loaded.fresh and parts.witness.overlap is not None:
        await parts.witness.overlap.run(_check_overlap)
    if "seer" in loaded.fresh and parts.seer is not None:
        await parts.seer.run(_check_seer)
    return found


async def _check_listener(loaded: Loaded, folder: Path, patience: Patience) -> str:
    seat = loaded.listener
    golden = await asyncio.to_thread(read_golden, folder)
    mine = [one for one in golden if one.variant == seat.model.variant]
    if not mine:
        await seat.run(partial(_check_hearing, pcm=synthesise(*_ASKED)))
        return "no golden outputs came along; its answers are finite"
    same = places = 0
    for one in mine:
        await patience()
        agreed = await seat.run(partial(compare, outputs=[one]))
        same, places = same + agreed.same, places + agreed.places
    if same < TOLERANCE * places:
        raise BundleError(
            f"the listener gives {same} of its {places} golden outputs, and at least "
            f"{TOLERANCE:.0%} are wanted; export the bundle again"
        )
    return f"{same} of {places} golden outputs"


def _check_hearing(runtime: ListenerRuntime, pcm: NDArray[np.float32]) -> None:
    (heard,) = runtime.transcribe([ListenRequest(pcm, words=False, max_tokens=_TOKENS)])
    _check_finite("listener", heard.best.log_prob)


def _check_vad(model: VoiceModel, sound: NDArray[np.float32]) -> None:
    stream = VoiceActivity(model)
    hops = (sound[: len(sound) // HOP * HOP] * 32767).astype(np.int16).reshape(-1, HOP)
    _check_finite("vad", [feed_all(model, [(stream, hop)])[0] for hop in hops])


def _check_overlap(runtime: OverlapRuntime) -> None:
    runtime.judge(OverlapEvidence(np.zeros(4 * HOP, np.int16), [0.9], [0.0]))


def _check_seer(runtime: Looks) -> None:
    half = np.zeros((64, 64, 3), np.uint8)
    half[:, 32:] = 255
    _check_finite("seer", runtime.see(half).features)


def _check_finite(role: str, answer: object) -> None:
    if answer is not None and not np.isfinite(np.asarray(answer, np.float64)).all():
        raise BundleError(f"the {role} answers with values that are no numbers; build it again")
