"""An overlap as a vector: what the classifier looks at beside what its ear hears."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import HOP, RATE
from talkover.core.overlap.evidence import OverlapEvidence
from talkover.core.overlap.sound import SOUND_NAMES, sound_features
from talkover.core.words import WordEvidence

FEATURES_VERSION: Final = 3
"""To be raised when a feature's meaning changes: a model is only as good as what it was shown."""

FEATURE_NAMES: Final = (
    "elapsed", "voiced_seconds", "voiced_share", "voice_mean", "voice_max", "voice_last",
    "voice_lately", "silent_seconds", "stopped",
    *SOUND_NAMES,
    "level_known", "level_over_usual",
    "echo_mean", "echo_max", "echo_lately",
    "similarity_known", "similarity",
    "words_known", "words_none", "words_count", "words_age", "backchannel", "floor", "hesitation",
    "hallucination", "correction", "own",
)  # fmt: skip
N_FEATURES: Final = len(FEATURE_NAMES)
BOUND: Final = 4.0
"""No feature is further from 0."""

_HOP_SECONDS: Final = HOP / RATE
_VOICE: Final = 0.5
_SILENT: Final = 0.35
"""Voice probability below which the caller is silent: lower than what makes a voice."""
_STOPPED: Final = 0.19
"""Seconds of silence after which the sound is over; a word's own pauses are shorter."""
_LATELY: Final = 3
"""Hops."""


def features(evidence: OverlapEvidence) -> NDArray[np.float32]:
    """The features of an overlap so far: those of ``FEATURE_NAMES``.

    Returns:
        float32 [N_FEATURES], each finite and within ``BOUND`` of 0, whatever the evidence holds.
    """
    level, sound = sound_features(evidence.pcm)
    values = [
        *_voice(_series(evidence.voice)),
        *sound,
        *_usual(level, evidence.level),
        *_echo(_series(evidence.echo)),
        *_similarity(evidence.similarity),
        *_words(evidence.words, evidence.own, evidence.words_age),
    ]
    finite = np.nan_to_num(np.array(values, np.float64), nan=0.0)
    return np.clip(finite, -BOUND, BOUND).astype(np.float32)


def _series(values: Sequence[float]) -> NDArray[np.float64]:
    """Probabilities; what is no number is 0."""
    return np.clip(np.nan_to_num(np.asarray(values, np.float64), nan=0.0), 0.0, 1.0)


def _voice(voice: NDArray[np.float64]) -> list[float]:
    if not len(voice):
        return [0.0] * 9
    elapsed = len(voice) * _HOP_SECONDS
    voiced = int((voice >= _VOICE).sum())
    speaking = np.flatnonzero(voice >= _SILENT)
    silent = (len(voice) - 1 - int(speaking[-1]) if len(speaking) else len(voice)) * _HOP_SECONDS
    return [
        elapsed,
        voiced * _HOP_SECONDS,
        voiced / len(voice),
        float(voice.mean()),
        float(voice.max()),
        float(voice[-1]),
        float(voice[-_LATELY:].mean()),
        silent,
        float(silent > _STOPPED),
    ]


def _usual(level: float, usual: float | None) -> list[float]:
    return [0.0, 0.0] if usual is None else [1.0, (level - usual) / 10]


def _echo(echo: NDArray[np.float64]) -> list[float]:
    if not len(echo):
        return [0.0] * 3
    return [float(echo.mean()), float(echo.max()), float(echo[-_LATELY:].mean())]


def _similarity(similarity: float | None) -> list[float]:
    """Centred, so that not knowing is in the middle."""
    return [0.0, 0.0] if similarity is None else [1.0, 2 * similarity - 1]


def _words(words: WordEvidence | None, own: float, age: float) -> list[float]:
    if words is None:
        return [0.0] * 10
    return [
        1.0,
        float(words.count <= 0),
        float(np.log2(1 + max(0, min(words.count, 100)))) / 2,
        age,
        words.backchannel,
        words.floor,
        words.hesitation,
        words.hallucination,
        words.correction,
        own,
    ]
