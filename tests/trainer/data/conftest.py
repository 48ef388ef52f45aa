"""What tests of data share."""

import pytest

from talkover.core.audio.prompts import roots
from talkover.core.errors import DataError
from talkover.trainer.data.music import find_music


@pytest.fixture(scope="session")
def music():
    """Recorded music."""
    try:
        return find_music(roots())
    except DataError as error:
        pytest.skip(str(error))
