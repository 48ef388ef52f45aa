import base64
import io

import numpy as np
import pytest
from PIL import Image
from sights import BLUE, RED, noise, plain, scene, sight

from talkover.server.thinking import Message, Scene
from talkover.server.thinking.content import MAX_IMAGE, content, data_url

CHAT = [Message("system", "Be kind."), Message("user", "What is this?")]
PLAIN = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "What is this?"},
]


def opened(url):
    head, data = url.split(",", 1)
    assert head == "data:image/jpeg;base64"
    raw = base64.b64decode(data, validate=True)
    assert len(raw) <= MAX_IMAGE
    return np.asarray(Image.open(io.BytesIO(raw), formats=["JPEG"]))


def test_a_picture_arrives_as_it_was():
    rgb = plain(RED)
    rgb[:, 32:] = BLUE
    got = opened(data_url(rgb))
    assert got.shape == rgb.shape
    assert np.abs(got.astype(int) - rgb).mean() < 3


@pytest.mark.parametrize("size", [(640, 640), (1, 640), (1, 1)])
def test_even_noise_fits(size):
    got = opened(data_url(noise(size)))
    height, width = size
    assert got.shape[0] * width == pytest.approx(got.shape[1] * height, rel=0.02)


def test_pictures_stand_before_the_words():
    first, second = content(CHAT, scene(sight(plain(RED))), 2)
    assert first == PLAIN[0]
    picture, words = second["content"]
    assert picture["type"] == "image_url"
    assert opened(picture["image_url"]["url"])[0, 0, 0] == pytest.approx(RED[0], abs=8)
    assert words == {"type": "text", "text": "What is this?"}


def test_the_last_pictures_are_sent_each_with_its_moment():
    shown = scene(sight(noise((8, 8)), 0.0), sight(plain(RED), 1.0), sight(plain(BLUE), 3.0))
    parts = content(CHAT, shown, 2)[-1]["content"]
    assert [part.get("text") for part in parts] == [
        "2.0 seconds earlier:",
        None,
        "Now:",
        None,
        "What is this?",
    ]
    colours = [opened(part["image_url"]["url"])[0, 0] for part in parts if "image_url" in part]
    assert colours[0][0] > 150 > colours[1][0]


@pytest.mark.parametrize(
    ("shown", "pictures"), [(None, 2), (Scene(), 2), (scene(sight(plain(RED))), 0)]
)
def test_without_pictures_the_chat_is_plain(shown, pictures):
    assert content(CHAT, shown, pictures) == PLAIN


def test_pictures_belong_to_the_callers_words():
    chat = [*CHAT, Message("assistant", "A door.")]
    assert content(chat, scene(sight(plain(RED))), 2)[-1] == {
        "role": "assistant",
        "content": "A door.",
    }
