"""The picture of a sound's latest moments."""

import numpy as np
import pytest

from talkover.core.overlap.sketch import BANDS, FRAMES, STEP, sketch


def tone(hertz, count=16_000, level=8_000):
    return (level * np.sin(2 * np.pi * hertz * np.arange(count) / 16_000)).astype(np.int16)


@pytest.mark.parametrize("count", [0, 1, 511, 512, 5_000, 60_000])
def test_any_sound_makes_a_picture_of_one_size(count):
    pcm = np.random.default_rng(count).integers(-32_768, 32_767, count).astype(np.int16)
    drawn = sketch(pcm)
    assert (drawn.shape, drawn.dtype) == ((BANDS, FRAMES), np.float32)
    assert np.isfinite(drawn).all()
    assert 0 <= drawn.min() <= drawn.max() <= 2.001


def test_higher_tones_are_in_higher_bands_and_loudness_does_not_matter():
    places = [int(sketch(tone(hertz))[:, -1].argmax()) for hertz in (150, 400, 900, 2_000, 3_500)]
    assert places == sorted(set(places))
    loud, soft = sketch(tone(400)), sketch(tone(400, level=400))
    assert np.abs(loud - soft)[loud > 1].max() < 0.05


def test_the_newest_is_at_the_right_and_before_the_sound_there_is_silence():
    drawn = sketch(tone(400, count=20 * STEP))
    assert drawn[:, :20].max() == 0
    assert drawn[:, -5:].max() > 1.5
