"""A ``with`` block ends what it holds, however it ends."""

import pytest

from talkover.core.closing import Closing


class Tap(Closing):
    def __init__(self) -> None:
        self.open = True

    def close(self) -> None:
        self.open = False


def test_it_is_closed_when_the_block_ends():
    with Tap() as tap:
        assert tap.open
    assert not tap.open


def test_it_is_closed_when_the_block_fails_and_the_failure_goes_on():
    tap = Tap()
    with pytest.raises(ValueError, match="spilt"), tap:
        raise ValueError("spilt")
    assert not tap.open
