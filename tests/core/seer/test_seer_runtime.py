"""With the real networks: what they see, what they read, and what they refuse."""

import json
import shutil

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from talkover.core.errors import BundleError, ModelError
from talkover.core.seer.config import CONFIG, FEATURES, SeerConfig
from talkover.core.seer.reader import RECOGNIZER
from talkover.core.seer.runtime import SeerRuntime, has_seer
from talkover.core.seer.tower import TOWER

pytestmark = pytest.mark.bundle

PAPER = (246, 246, 240)


@pytest.fixture(scope="module")
def folder(bundle):
    if not has_seer(bundle / "seer"):
        pytest.skip("the bundle is older than its eyes; `talkover models build`")
    return bundle / "seer"


@pytest.fixture(scope="module")
def runtime(folder):
    return SeerRuntime(folder)


def written(*lines, size=(480, 320), ink=(20, 20, 30)):
    """A page with lines of (x, y, letters' height, text)."""
    page = Image.new("RGB", size, PAPER)
    for x, y, height, text in lines:
        font = ImageFont.truetype(f"{mpl.get_data_path()}/fonts/ttf/DejaVuSans.ttf", height)
        ImageDraw.Draw(page).text((x, y), text, fill=ink, font=font)
    return page


def texts(words):
    return [word.text for word in words]


def test_words_are_read_in_order_each_in_its_place(runtime):
    page = written((30, 20, 28, "Departures"), (30, 120, 20, "Gate 42"), (300, 122, 20, "Zurich"))
    words = runtime.words(np.asarray(page))
    assert texts(words) == ["Departures", "Gate", "42", "Zurich"]
    for word, (x, y) in zip(words, [(110, 35), (52, 132), (100, 132), (333, 132)], strict=True):
        left, top, right, bottom = word.box
        assert left < x / 480 < right, word
        assert top < y / 320 < bottom, word
        assert word.confidence > 0.8
    gate, number = words[1], words[2]
    assert gate.box[2] <= number.box[0]


@pytest.mark.parametrize("text", ["7", "1", "38", "2046", "A"])
def test_single_letters_and_numbers_are_read(runtime, text):
    assert texts(runtime.words(np.asarray(written((200, 100, 72, text))))) == [text]


@pytest.mark.parametrize("angle", [-15, 15])
def test_a_tilted_sign_is_read(runtime, angle):
    page = written((90, 130, 48, "PLATFORM 9")).rotate(
        angle, Image.Resampling.BICUBIC, fillcolor=PAPER
    )
    assert texts(runtime.words(np.asarray(page))) == ["PLATFORM", "9"]


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270])
def test_what_runs_up_or_down_is_read(runtime, turn):
    page = written((140, 140, 30, "Temperature")).transpose(turn)
    assert texts(runtime.words(np.asarray(page))) == ["Temperature"]


def test_light_letters_on_a_dark_screen_are_read(runtime):
    page = 255 - np.asarray(written((30, 40, 18, "Battery low"), (30, 90, 18, "Plug in soon")))
    assert texts(runtime.words(page)) == ["Battery", "low", "Plug", "in", "soon"]


def test_nothing_is_read_where_nothing_is_written(runtime):
    scene = Image.new("RGB", (320, 240), (90, 140, 90))
    ImageDraw.Draw(scene).ellipse((80, 60, 200, 180), fill=(200, 30, 40))
    seen = runtime.see(np.asarray(scene))
    assert seen.words == ()
    assert not seen.blank


def test_all_is_seen_at_once(runtime):
    page = np.asarray(written((30, 40, 30, "Hello")))
    seen = runtime.see(page)
    assert texts(seen.words) == ["Hello"]
    assert seen.grid == (14, 14)
    assert seen.features.shape == (196, 480)
    assert seen.features.dtype == np.float32
    np.testing.assert_array_equal(seen.features, runtime.features(page))
    assert not seen.blank


def test_a_black_picture_is_blank_and_an_answer(runtime):
    seen = runtime.see(np.zeros((480, 640, 3), np.uint8))
    assert seen.blank
    assert seen.words == ()
    assert np.isfinite(seen.features).all()


def test_the_grid_lies_as_the_picture_does(runtime):
    """What changes above on the left changes the features there most."""
    plain = np.full((280, 560, 3), 128, np.uint8)
    marked = plain.copy()
    marked[20:60, 40:120] = (250, 20, 20)
    change = np.abs(runtime.features(marked) - runtime.features(plain)).sum(axis=1).reshape(14, 14)
    row, column = np.unravel_index(change.argmax(), change.shape)
    assert (row <= 4, column <= 4) == (True, True)


@pytest.mark.parametrize("size", [(8, 8), (8, 640), (640, 8), (641, 600), (480, 480)])
def test_pictures_of_every_size_that_decoding_gives_are_seen(runtime, size):
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    if max(size) > 640:
        with pytest.raises(ModelError, match="640"):
            runtime.see(noise)
    else:
        assert np.isfinite(runtime.see(noise).features).all()


@pytest.mark.parametrize(
    "rgb",
    [
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((64, 64, 3), np.float32),
        np.zeros((4, 64, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(runtime, rgb):
    for look in (runtime.see, runtime.features, runtime.words):
        with pytest.raises(ModelError, match="a picture"):
            look(rgb)


def test_another_folder_is_refused(folder, tmp_path):
    assert not has_seer(tmp_path)
    with pytest.raises(BundleError, match="build a bundle"):
        SeerRuntime(tmp_path)
    shutil.copytree(folder, tmp_path / "seer")
    shutil.copy(folder / RECOGNIZER, tmp_path / "seer" / TOWER)
    with pytest.raises(BundleError, match="build the bundle again"):
        SeerRuntime(tmp_path / "seer")
    shutil.copy(folder / TOWER, tmp_path / "seer" / TOWER)
    shutil.copy(folder / TOWER, tmp_path / "seer" / RECOGNIZER)
    with pytest.raises(BundleError, match="alphabet"):
        SeerRuntime(tmp_path / "seer")
    (tmp_path / "seer" / CONFIG).write_text(json.dumps({"format": 2}))
    with pytest.raises(BundleError, match="talkover models build"):
        SeerRuntime(tmp_path / "seer")


def test_the_config_names_the_features(folder):
    assert SeerConfig.load(folder).features == FEATURES
