"""Windows that training shows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.clock import FRAME, RATE
from talkover.core.errors import ConfigError, DataError
from talkover.core.listener import LONGEST
from talkover.trainer.policy.windows import Windows

times = st.integers(0, LONGEST)


@given(shortest=times, longest=times, margin=times, speech=times, seed=st.integers(0, 99))
def test_windows_keep_to_what_is_asked(shortest, longest, margin, speech, seed):
    shortest, longest = sorted((max(shortest, FRAME), max(longest, FRAME)))
    windows = Windows(shortest, longest, margin)
    window = windows.draw(speech, np.random.default_rng(seed))
    assert window % FRAME == 0
    assert min(max(shortest, speech + margin), LONGEST) <= window <= LONGEST
    assert window <= max(longest, speech + margin, shortest + FRAME) + FRAME


def test_all_windows_come():
    windows = Windows(2 * RATE, 2 * RATE + 3 * FRAME, 0)
    random = np.random.default_rng(0)
    found = {windows.draw(RATE, random) for _ in range(100)}
    assert found == {2 * RATE + n * FRAME for n in range(4)}


def test_one_window_alone_can_be_shown():
    random = np.random.default_rng(0)
    windows = Windows(10 * RATE, 10 * RATE)
    assert {windows.draw(3 * RATE, random) for _ in range(20)} == {10 * RATE}
    assert windows.draw(8 * RATE, random) == 14 * RATE


@pytest.mark.parametrize(
    "wrong", [(0, RATE, 0), (RATE, FRAME, 0), (RATE, RATE, -1), (RATE, 31 * RATE, 0)]
)
def test_windows_that_cannot_be_shown_are_refused(wrong):
    with pytest.raises(ConfigError, match="cannot be shown"):
        Windows(*wrong)


def test_speech_that_fits_no_window_is_refused():
    with pytest.raises(DataError, match="cut it"):
        Windows().draw(LONGEST + 1, np.random.default_rng(0))
