"""What the classifier looks at: bounded for any input, and telling one sound from another."""

import time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from talkover.core.audio import read_wav
from talkover.core.overlap import FEATURE_NAMES, N_FEATURES, OverlapEvidence, features
from talkover.core.overlap.features import BOUND
from talkover.core.words import WordEvidence, weigh

anything = st.floats(allow_nan=True, allow_infinity=True)
maybe = st.none() | anything
evidence = st.builds(
    OverlapEvidence,
    st.integers(0, 40_000).flatmap(
        lambda count: (
            arrays(np.int16, count, elements=st.integers(-32_768, 32_767), fill=None)
            if count < 1500
            else st.integers(0, 32_767).map(
                lambda peak: np.random.default_rng(peak).integers(-peak, peak + 1, count, np.int16)
            )
        )
    ),
    st.lists(anything, max_size=70),
    st.lists(anything, max_size=70),
    maybe,
    maybe,
    st.none()
    | st.builds(
        WordEvidence, st.integers(-5, 5000), anything, anything, anything, anything, anything
    ),
    anything,
    anything,
)


def value(name, **changes):
    given = {"pcm": np.zeros(8000, np.int16), "voice": [0.9] * 9, "echo": [0.0] * 9, **changes}
    return float(features(OverlapEvidence(**given))[FEATURE_NAMES.index(name)])


def tone(pitch, count=16_000, level=6000):
    """Harmonics of a pitch (Hz a sample or constant)."""
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(pitch, count)) / 16_000
    wave = sum(np.sin(number * phase) / number for number in range(1, 8))
    sound = wave / np.abs(wave).max() * level
    sound[:3200] = 0
    return sound.astype(np.int16)


@settings(max_examples=120)
@given(evidence)
def test_whatever_the_evidence_holds_every_feature_is_finite_and_bounded(given):
    vector = features(given)
    assert vector.shape == (N_FEATURES,)
    assert vector.dtype == np.float32
    assert np.isfinite(vector).all()
    assert np.abs(vector).max() <= BOUND


def test_names_are_unique_and_as_many_as_features():
    assert len(set(FEATURE_NAMES)) == N_FEATURES


def test_pitch_is_what_was_sung():
    assert abs(value("pitch", pcm=tone(200)) - 1.0) < 0.05
    assert abs(value("pitch", pcm=tone(100))) < 0.05
    assert value("pitch_range", pcm=tone(np.linspace(100, 200, 16_000))) > 0.5
    assert value("pitch_slope", pcm=tone(np.linspace(220, 110, 16_000))) < -0.1


def test_a_voice_is_periodic_and_noise_is_flat(prompts):
    voice = read_wav(max(prompts, key=lambda prompt: prompt.seconds).path)[8000:32_000]
    noise = np.random.default_rng(0).integers(-3000, 3000, 24_000, np.int16)
    assert value("periodicity", pcm=voice) > value("periodicity", pcm=noise) + 0.2
    assert value("flatness", pcm=noise) > value("flatness", pcm=voice) + 0.2
    assert value("modulation", pcm=voice) > value("modulation", pcm=noise) + 0.2


def test_level_is_told_against_the_usual():
    loud, soft = tone(150, level=8000), tone(150, level=800)
    assert abs(value("level", pcm=loud) - value("level", pcm=soft) - 20 / 30) < 0.01
    assert value("level_over_usual", pcm=soft, level=-10.0) < value(
        "level_over_usual", pcm=soft, level=-40.0
    )
    assert value("level_known", pcm=soft) == 0.0


def test_silence_after_a_word_has_stopped():
    assert value("stopped", voice=[0.9] * 9) == 0.0
    assert value("stopped", voice=[0.9] * 9 + [0.1] * 3) == 0.0
    assert value("stopped", voice=[0.9] * 9 + [0.1] * 7) == 1.0


def test_unknown_differs_from_each_known_value():
    assert value("similarity_known") == 0.0
    assert value("similarity", similarity=0.9) > 0 > value("similarity", similarity=0.1)
    assert value("words_known") == 0.0
    assert value("words_none", words=weigh("", ["en"])) == 1.0
    assert value("floor", words=weigh("stop", ["en"])) > 0.5
    assert value("backchannel", words=weigh("mm-hm", ["en"])) > 0.5
    assert value("own", words=weigh("our offices are closed", ["en"]), own=0.75) == 0.75


def test_only_the_last_two_seconds_count():
    quiet = np.zeros(16_000, np.int16)
    ended = np.concatenate([tone(150), quiet, quiet, quiet])
    assert value("peak", pcm=ended) == 0.0


def test_it_is_cheap(prompts):
    pcm = read_wav(max(prompts, key=lambda prompt: prompt.seconds).path)[8000:40_000]
    given = OverlapEvidence(pcm, [0.9] * 56, [0.0] * 56, -30.0, 0.7, weigh("no wait", ["en"]))
    spent = []
    for _ in range(40):
        begin = time.perf_counter()
        features(given)
        spent.append(time.perf_counter() - begin)
    assert min(spent) < 0.002  # 0.45 ms alone on a core; the bound leaves room for a slow one
