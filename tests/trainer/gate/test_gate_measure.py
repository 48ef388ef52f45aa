import numpy as np
import pytest

from talkover.core.errors import BundleError
from talkover.trainer.gate.measure import _high_water, peak_megabytes


def test_memory_is_the_most_that_this_process_has_had():
    before = _high_water()
    held = np.ones(int(before * 1e6), np.uint8)  # beside all that is held already
    after = _high_water()
    assert after > before + 10
    del held
    assert _high_water() > after - 10  # the kernel counts in batches


def test_what_a_child_cannot_load_is_told(tmp_path):
    with pytest.raises(BundleError, match="holds no listener"):
        peak_megabytes(tmp_path)
