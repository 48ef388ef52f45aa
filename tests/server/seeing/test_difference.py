"""One digit is new; a camera's noise and its exposure are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from talkover.server.seeing.difference import changed, flat, sketch

WIDE, HIGH = 640, 480


def sign(text, *, at=(40, 60), size=28, ink=(20, 20, 20), paper=(225, 225, 220)):
    image = Image.new("RGB", (WIDE, HIGH), paper)
    ImageDraw.Draw(image).text(at, text, fill=ink, font_size=size)
    return np.asarray(image)


@pytest.mark.parametrize("digit", range(9))
@pytest.mark.parametrize("at", [(40, 60), (603, 431), (317, 222)])
def test_the_next_digit_is_new(digit, at):
    before, after = (sketch(sign(str(n), at=at)) for n in (digit, digit + 1))
    assert changed(before, after)


@settings(max_examples=10)
@given(st.integers(0, 1_000), st.integers(-6, 6))
def test_noise_and_exposure_are_not(seed, lighter):
    picture = sign("Fire exit").astype(np.int16)
    noise = np.random.default_rng(seed).normal(0, 8, (2, *picture.shape))
    one, two = np.clip(picture + noise, 0, 255)
    other = np.clip(two + lighter, 0, 255)
    assert not changed(sketch(one.astype(np.uint8)), sketch(other.astype(np.uint8)))


def test_day_and_night_differ():
    white, black = (sketch(np.full((HIGH, WIDE, 3), value, np.uint8)) for value in (255, 0))
    assert changed(white, black)
    assert flat(white)
    assert flat(black)
    assert not flat(sketch(sign("A", size=60)))


@given(st.integers(8, 90), st.integers(8, 90))
def test_a_sketch_has_one_shape_whatever_the_picture_has(high, wide):
    assert sketch(np.zeros((high, wide, 3), np.uint8)).shape == (96, 128)
