"""What tests of data share."""

import pytest

from talkover.core.audio.prompts import roots
from talkover.core.errors import DataError
from talkover.trainer.data.music import find_music

RECIPE = """
accents = ["rp", "scottish"]
themes = { everyday = 1 }
[voices]
train = ["f1", "m3"]
[speaker]
pitch = [40, 60]
pace = [1, 1.3]
level = [-26, -20]
[noise]
share = 0.8
snr = [-5, 30]
babble = 0.4
music = 0
lines = true
"""


@pytest.fixture(scope="session")
def recipe_file(tmp_path_factory):
    """A small recipe, without music, which not every machine has."""
    path = tmp_path_factory.mktemp("recipe") / "small.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="session")
def music():
    """Recorded music."""
    try:
        return find_music(roots())
    except DataError as error:
        pytest.skip(str(error))
