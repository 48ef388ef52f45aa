"""Overlaps as the server would see them: evidence every 96 ms, words when they are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio import to_float
from talkover.core.clock import HOP, RATE
from talkover.core.errors import ModelError
from talkover.core.overlap import OverlapEvidence, features
from talkover.core.overlap.config import LABELS
from talkover.core.overlap.ear import Ear, Heard
from talkover.core.overlap.sound import LEAD
from talkover.core.speaker import Enrolment, SpeakerRuntime
from talkover.core.speaker.enrolment import ENOUGH
from talkover.core.vad import VoiceModel, speech_probabilities
from talkover.core.words import WordEvidence, echoes, weigh
from talkover.trainer.overlap.listen import LATE, Transcripts, look_ends
from talkover.trainer.overlap.scenes import ONSET, Scene

_EVERY: Final = 3
"""Hops from one decision point to the next."""
_LAST: Final = 50
"""Hops: decisions are looked for from 0.1 to 1.6 s after the onset."""
_VOICE: Final = 0.5
_EARLY: Final = 2
"""Hops before the true onset at which voice may be noticed: the network looks at whole hops."""
_LEAST_VOICED: Final = 3
"""Hops of voice without which nobody asks the listener."""
_AFTER: Final = 0.5
"""Seconds after the end of the sound at which the last decision is looked for."""
_LEVEL_KNOWN: Final = 0.8
_TELLING: Final = 0.35
"""Seconds of voice from which on the speaker model is asked,"""
_AGAIN: Final = 0.5
"""and seconds until it is asked again,"""
_LONGEST: Final = 2 * RATE
"""and samples that it is shown: as the server does."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Decision points of one overlap, in order.

    Attributes:
        vectors: float32 [n, N_FEATURES].
        heard: What the ear makes of each, float16 [n, HEARD_FRAMES, HEARD_WIDTH].
        label: Index in ``LABELS``.
        kind: Finer, see ``Scene``.
        times: Seconds since the true onset, float32 [n].
        over: Whether the sound had ended by then, bool [n].
        noticed: Voice activity noticed it.
        listened: The listener was asked.
    """

    vectors: NDArray[np.float32]
    heard: Heard
    label: int
    kind: str
    times: NDArray[np.float32]
    over: NDArray[np.bool_]
    noticed: bool
    listened: bool


@dataclass(frozen=True, slots=True)
class _Look:
    """What was made of the words of an overlap."""

    words: WordEvidence
    own: float
    end: int


def moments(
    made: Scene,
    vad: VoiceModel,
    ear: Ear,
    speaker: SpeakerRuntime | None,
    transcripts: Transcripts | None,
    random: np.random.Generator,
) -> Moments:
    """Look at an overlap as it goes on.

    Args:
        made: The overlap.
        vad: Tells when voice begins.
        ear: Listens to it.
        speaker: Tells the caller's voice from others; None: it is not known.
        transcripts: Asked for its words; None: nobody listens.
        random: Where echo likelihood and what is known of the caller are drawn from.
    """
    voice = speech_probabilities(vad, made.pcm)
    first = ONSET // HOP
    heard = np.flatnonzero(voice[first - _EARLY :] >= _VOICE)
    onset = first - _EARLY + int(heard[0]) if len(heard) else first
    onset = min(onset, len(voice) - _EVERY)  # noticed in the scene's very last hop
    echo = _echo_hops(made.residue, len(voice) - onset, random)
    alike = _similarity(made, voice[onset:], onset * HOP, speaker)
    level = made.usual + float(random.normal(0, 1.5)) if random.random() < _LEVEL_KNOWN else None
    looks = _looks(made, onset * HOP, voice[onset:], transcripts) if transcripts else []
    last = min(_LAST, len(voice) - onset, (made.end + int(_AFTER * RATE)) // HOP - onset)
    counts = range(_EVERY, max(last, _EVERY) + 1, _EVERY)
    vectors, heard_by_then, times = [], [], []
    for count in counts:
        now = (onset + count) * HOP
        look = _latest(looks, now - onset * HOP)
        evidence = OverlapEvidence(
            made.pcm[onset * HOP - int(LEAD * RATE) : now],
            voice[onset : onset + count].tolist(),
            echo[:count].tolist(),
            level,
            alike[count - 1],
            look.words if look else None,
            look.own if look else 0.0,
            (now - onset * HOP - look.end) / RATE if look else 0.0,
        )
        vectors.append(features(evidence))
        heard_by_then.append(ear.hear(evidence.pcm))
        times.append((now - ONSET) / RATE)
    return Moments(
        np.stack(vectors),
        np.stack(heard_by_then),
        LABELS.index(made.label),
        made.kind,
        np.array(times, np.float32),
        np.array(times) * RATE + ONSET >= made.end,
        bool(len(heard)),
        transcripts is not None,
    )


def _looks(
    made: Scene, onset: int, voice: NDArray[np.float32], transcripts: Transcripts
) -> list[_Look]:
    ends = [
        end
        for end in look_ends()
        if (voice[: end // HOP] >= _VOICE).sum() >= _LEAST_VOICED
        and onset + end <= made.end + _AFTER * RATE
    ]
    begin = onset - int(LEAD * RATE)
    found = transcripts.of([made.pcm[begin : onset + end] for end in ends], made.language)
    return [
        _Look(weigh(text, (made.language,)), echoes(text, made.agent), end)
        for text, end in zip(found, ends, strict=True)
    ]


def _latest(looks: Sequence[_Look], now: int) -> _Look | None:
    """The last look whose words are there ``now`` samples after the onset."""
    there = [look for look in looks if look.end + LATE * RATE <= now]
    return there[-1] if there else None


def _echo_hops(residue: float, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    if residue == 0.0:
        return random.beta(1, 30, count)
    return np.clip(residue + random.normal(0, 0.15, count), 0, 1)


def _similarity(
    made: Scene, voice: NDArray[np.float32], onset: int, speaker: SpeakerRuntime | None
) -> list[float | None]:
    """One a hop: none until there is enough voice, then what the model last said."""
    unknown: list[float | None] = [None] * len(voice)
    if speaker is None or made.caller is None or len(made.caller) < ENOUGH * RATE:
        return unknown
    enrolment = Enrolment()
    enrolment.collect(speaker.embed(to_float(made.caller)), len(made.caller) / RATE)
    found, known, asked = unknown, None, -RATE
    voiced = 0
    for hop, probability in enumerate(voice):
        now = onset + (hop + 1) * HOP
        voiced += HOP * int(probability >= _VOICE)
        if voiced >= _TELLING * RATE and now - asked >= _AGAIN * RATE and now <= len(made.pcm):
            asked = now
            try:
                heard = made.pcm[max(onset, now - _LONGEST) : now]
                embedding = speaker.embed(to_float(heard))
            except ModelError:
                continue  # there is nothing to be heard
            known = enrolment.chance(embedding, len(heard) / RATE)
        found[hop] = known
    return found
