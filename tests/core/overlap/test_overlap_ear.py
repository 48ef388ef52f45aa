"""The ear of the overlap classifier, on people."""

import numpy as np
import pytest

from talkover.core.audio import read_wav
from talkover.core.errors import BundleError
from talkover.core.overlap import OverlapEvidence, OverlapRuntime
from talkover.core.overlap.ear import EAR, HEARD_FRAMES, HEARD_WIDTH, LISTENED, Ear

pytestmark = pytest.mark.bundle


@pytest.fixture(scope="module")
def ear(bundle):
    return Ear(bundle / "overlap")


@pytest.fixture(scope="module")
def said(prompts):
    longest = sorted(prompts, key=lambda prompt: prompt.seconds)[-2:]
    return [read_wav(one.path)[4000:36_000] for one in longest]


def test_what_it_hears_has_one_shape_however_long_the_sound(ear, said):
    for count in (0, 1, 4000, LISTENED, len(said[0])):
        heard = ear.hear(said[0][:count])
        assert heard.shape == (HEARD_FRAMES, HEARD_WIDTH)
        assert heard.dtype == np.float16
        assert np.isfinite(heard).all()


def test_only_the_last_moments_count(ear, said):
    loud = np.full(8000, 30_000, np.int16)
    sound = np.concatenate([loud, said[0][-LISTENED:]])
    assert np.array_equal(ear.hear(sound), ear.hear(said[0][-LISTENED:]))


def test_one_sound_twice_as_loud_is_heard_alike_and_two_sounds_are_not(ear, said):
    def heard(pcm):
        frames = ear.hear(pcm).astype(np.float32)
        return (frames - frames.mean(axis=1, keepdims=True)).ravel()

    def apart(one, other):
        return 1 - one @ other / np.linalg.norm(one) / np.linalg.norm(other)

    soft = (said[0] // 2).astype(np.int16)
    assert apart(heard(said[0]), heard(soft)) < apart(heard(said[0]), heard(said[1])) / 4


def test_a_bundle_s_classifier_judges_evidence(bundle, said):
    found = OverlapRuntime(bundle / "overlap").judge(
        OverlapEvidence(said[0][:12_000], [0.9] * 17, [0.0] * 17)
    )
    assert found.echo < 0.5


def test_a_damaged_ear_is_refused(tmp_path):
    (tmp_path / EAR).write_bytes(b"no graph")
    with pytest.raises(BundleError, match="cannot be loaded"):
        Ear(tmp_path)
